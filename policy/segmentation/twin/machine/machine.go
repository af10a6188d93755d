// SPDX-License-Identifier: Apache-2.0

// Package machine finds in the user data of an instance the services that its scripts install, so that a host of a twin runs the very
// program that the instance would. It reads what the scripts write as here-documents, and runs none of them.
package machine

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Service is a systemd unit that user data installs, and what it needs.
type Service struct {
	// Unit is its file name.
	Unit string
	// Before are the commands of ExecStartPre, and Start that of ExecStart.
	Before [][]string
	Start  []string
	// Environ is what the unit and its environment files set.
	Environ []string
	// Runtime are the names of RuntimeDirectory, below /run.
	Runtime []string
	// Files are those that user data writes, by their path.
	Files map[string]string
}

// Read finds the services of user data: of a script, or of a multi-part document that holds some.
func Read(userData []byte) ([]*Service, error) {
	if bytes.HasPrefix(userData, []byte("\x1f\x8b")) { // cloud-init unpacks it
		unpacked, err := gzip.NewReader(bytes.NewReader(userData))
		if err == nil {
			userData, err = io.ReadAll(io.LimitReader(unpacked, 1<<24))
		}
		if err != nil {
			return nil, fmt.Errorf("user data: %w", err)
		}
	}
	scripts, err := parts(userData)
	if err != nil {
		return nil, fmt.Errorf("user data: %w", err)
	}
	files := map[string]string{}
	for _, s := range scripts {
		written(s, files)
	}
	var out []*Service
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Dir(name) == "/etc/systemd/system" && path.Ext(name) == ".service" {
			if s := service(name, files); len(s.Start) > 0 {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// parts are the texts of a multi-part document, or the one that stands alone.
func parts(text []byte) ([]string, error) {
	m, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil || m.Header.Get("MIME-Version") == "" {
		return []string{string(text)}, nil
	}
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	var out []string
	for r := multipart.NewReader(m.Body, parameters["boundary"]); ; {
		p, err := r.NextPart()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		out = append(out, string(body))
	}
}

// written adds the files that a script writes with cat >FILE <<'WORD', and moves those that it moves.
func written(script string, files map[string]string) {
	lines := strings.Split(script, "\n")
	for i := 0; i < len(lines); i++ {
		words := strings.Fields(lines[i])
		if len(words) == 3 && words[0] == "mv" {
			if text, known := files[words[1]]; known {
				delete(files, words[1])
				files[words[2]] = text
			}
		}
		if len(words) != 3 || words[0] != "cat" || !strings.HasPrefix(words[1], ">/") || !strings.HasPrefix(words[2], "<<'") {
			continue
		}
		end := slices.Index(lines[i+1:], strings.Trim(words[2], "<'"))
		if end < 0 {
			continue
		}
		files[words[1][1:]] = strings.Join(lines[i+1:i+1+end], "\n") + "\n"
		i += end + 1
	}
}

// service reads a unit: https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html.
func service(name string, files map[string]string) *Service {
	s := &Service{Unit: path.Base(name), Files: files}
	for line := range strings.Lines(files[name]) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "ExecStartPre":
			s.Before = append(s.Before, strings.Fields(value))
		case "ExecStart":
			s.Start = strings.Fields(value)
		case "Environment":
			s.Environ = append(s.Environ, value)
		case "EnvironmentFile":
			for line := range strings.Lines(files[strings.TrimPrefix(value, "-")]) {
				if line = strings.TrimSpace(line); strings.Contains(line, "=") && !strings.HasPrefix(line, "#") {
					s.Environ = append(s.Environ, line)
				}
			}
		case "RuntimeDirectory":
			s.Runtime = append(s.Runtime, strings.Fields(value)...)
		}
	}
	return s
}

// Value is a variable of the service's environment; empty if it has none of that name.
func (s *Service) Value(name string) string {
	for _, v := range slices.Backward(s.Environ) {
		if key, value, _ := strings.Cut(v, "="); key == name {
			return value
		}
	}
	return ""
}

// Port is the one that its environment names as SERVICE_PORT; 0 if there is none.
func (s *Service) Port() uint16 {
	n, err := strconv.ParseUint(s.Value("SERVICE_PORT"), 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// Install writes what the service needs into a folder, in which the service then finds it, and returns the commands to run: those that
// come before, which have to end, and last the service itself.
func (s *Service) Install(folder string) ([]*exec.Cmd, error) {
	var moved []string
	for name, text := range s.Files {
		at := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			return nil, err
		}
		moved = append(moved, name)
	}
	for _, name := range s.Runtime {
		if err := os.MkdirAll(filepath.Join(folder, "run", name), 0o700); err != nil {
			return nil, err
		}
		moved = append(moved, "/run/"+name)
	}
	slices.SortFunc(moved, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, name := range moved {
		pairs = append(pairs, name, filepath.Join(folder, name))
	}
	there := strings.NewReplacer(pairs...)
	var out []*exec.Cmd
	for _, words := range append(slices.Clone(s.Before), s.Start) {
		c := exec.Command(strings.TrimLeft(words[0], "-@:+!")) //nolint:gosec // what the instance would run
		for _, w := range words[1:] {
			c.Args = append(c.Args, there.Replace(w))
		}
		c.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + folder, "OPENSSL_CONF=/dev/null"}
		for _, v := range s.Environ {
			c.Env = append(c.Env, there.Replace(v))
		}
		out = append(out, c)
	}
	return out, nil
}
