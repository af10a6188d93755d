// SPDX-License-Identifier: Apache-2.0

// Command lambdazip builds a Go program as a Lambda function of the runtime provided.al2023: an archive with the one file
// "bootstrap". The same commit and Go version give the same bytes.
package main

import (
	"archive/zip"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	arch := flag.String("arch", "arm64", "the function's architecture, arm64 or amd64")
	output := flag.String("o", "", "the archive to write")
	flag.Parse()
	if err := run(*arch, *output, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "lambdazip:", err)
		os.Exit(1)
	}
}

func run(arch, output string, packages []string) error {
	if output == "" || len(packages) != 1 {
		return errors.New("name the archive and one package: lambdazip -o build/function.zip ./package")
	}
	program, err := compile(arch, packages[0])
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(output), 0o750); err != nil {
		return err
	}
	if err := archive(program, output); err != nil {
		return err
	}
	bytes, err := os.ReadFile(output)
	if err != nil {
		return err
	}
	fmt.Printf("%x  %s (%.1f MB, the program %.1f MB)\n", sha256.Sum256(bytes), output, float64(len(bytes))/1e6, float64(len(program))/1e6)
	return nil
}

// compile builds the program without paths, build id and version control, and without what only the old runtime go1.x needs.
func compile(arch, pkg string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "lambdazip-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "bootstrap")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w -buildid=", "-o", file, pkg)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOFLAGS=")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("building %s for %s: %w", pkg, arch, err)
	}
	return os.ReadFile(file)
}

// archive writes the archive whole or not at all, because a deployment may be reading the former one.
func archive(program []byte, output string) error {
	file, err := os.CreateTemp(filepath.Dir(output), ".lambdazip-")
	if err != nil {
		return err
	}
	writer := zip.NewWriter(file)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(0o755)
	entry, err := writer.CreateHeader(header)
	if err == nil {
		_, err = entry.Write(program)
	}
	err = errors.Join(err, writer.Close(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), output)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
