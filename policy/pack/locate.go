// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"os"
	"path/filepath"
)

// locate finds a file that a configuration names by a relative path: in the working directory, or in the
// nearest directory above it, up to the root of the repository. The engine starts a pack in the folder of the
// program, in that of the pack or wherever the CLI is called, and does not say where the configuration is.
// When there is no such file, the path in the working directory is returned.
func locate(workdir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	for dir := workdir; ; dir = filepath.Dir(dir) {
		file := filepath.Join(dir, path)
		if _, err := os.Stat(file); err == nil {
			return file
		}
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || dir == filepath.Dir(dir) {
			return filepath.Join(workdir, path)
		}
	}
}
