// SPDX-License-Identifier: Apache-2.0

package testproject

import (
	"archive/zip"
	"errors"
	"os"
	"path/filepath"
)

// WriteAgent puts an archive into a folder that looks like the database agent's, as far as a preview sees: the beginning of a program
// for Linux on arm64. It returns the archive's path.
func WriteAgent(dir string) (string, error) {
	path := filepath.Join(dir, "dbagent.zip")
	file, err := os.Create(filepath.Clean(path))
	if err != nil {
		return "", err
	}
	writer := zip.NewWriter(file)
	program, err := writer.Create("bootstrap")
	if err == nil {
		_, err = program.Write([]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"))
	}
	return path, errors.Join(err, writer.Close(), file.Close())
}
