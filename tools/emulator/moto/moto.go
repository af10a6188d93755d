// SPDX-License-Identifier: Apache-2.0

// Package moto installs and runs the pinned AWS emulator moto (https://github.com/getmoto/moto, Apache-2.0).
package moto

import (
	_ "embed" // The pinned requirements are part of the binary.
	"regexp"
)

// requirements is the pip requirements file with every package and hash.
//
//go:embed requirements.txt
var requirements string

// Version is the moto release that the gateway's own answers were written and tested against.
var Version = regexp.MustCompile(`(?m)^moto==(\S+)`).FindStringSubmatch(requirements)[1]

// packageCount is how many packages pip is asked for, at most (some are for one Python version only).
func packageCount() int {
	return len(regexp.MustCompile(`(?m)^[A-Za-z0-9_.-]+==`).FindAllString(requirements, -1))
}
