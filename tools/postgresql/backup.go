// SPDX-License-Identifier: Apache-2.0

package postgresql

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// BackUp copies what the server holds at its end into a new folder beside that of the server, while clients go on writing: a base backup
// of the low-level API, which is what a snapshot of a running server is (PostgreSQL documentation, "Making a Base Backup Using the Low
// Level API"). Options.Backup starts another server with it. The caller removes the folder.
func (s *Server) BackUp(ctx context.Context) (folder string, err error) {
	conn, err := s.Superuser(ctx, "postgres")
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	folder, err = os.MkdirTemp(filepath.Dir(s.folder), "bulkhead-backup-")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("backing up PostgreSQL: %w", err), os.RemoveAll(folder))
		}
	}()
	if _, err = conn.Exec(ctx, "SELECT pg_backup_start('snapshot', true)"); err != nil {
		return "", err
	}
	data := filepath.Join(s.folder, "data")
	if err = copyTree(data, folder, func(name string) bool {
		return strings.HasPrefix(name, "pg_wal/") || strings.HasPrefix(name, "postmaster.")
	}); err != nil {
		return "", err
	}
	var label string
	if err = conn.QueryRow(ctx, "SELECT labelfile FROM pg_backup_stop(false)").Scan(&label); err != nil {
		return "", err
	}
	// The log of the meantime makes the copy whole: settings keep more of it than is written while a copy is made.
	if err = copyTree(filepath.Join(data, "pg_wal"), filepath.Join(folder, "pg_wal"), nil); err != nil {
		return "", err
	}
	return folder, os.WriteFile(filepath.Join(folder, "backup_label"), []byte(label), 0o600)
}

// copyTree copies files and folders with their modes, for whoever runs servers. Files that vanish meanwhile are left out.
func copyTree(from, to string, skip func(name string) bool) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if skip != nil && skip(filepath.ToSlash(name)) {
			return skipped(entry)
		}
		target := filepath.Join(to, name)
		if entry.IsDir() {
			err = os.MkdirAll(target, 0o700)
		} else if entry.Type().IsRegular() {
			err = copyFile(path, target)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && os.Geteuid() == 0 {
			err = os.Lchown(target, nobody, nobody)
		}
		return err
	})
}

// skipped leaves out what is below a folder, too.
func skipped(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(filepath.Clean(from))
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}
