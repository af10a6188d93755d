// SPDX-License-Identifier: Apache-2.0

// Package glob matches text with the patterns of IAM policies and of waivers: "*" stands for any text, also
// none, "?" for any one character, and nothing else is special.
package glob

import (
	"strings"
	"unicode/utf8"
)

// Match reports whether the pattern covers the whole text. It never goes back: each part between two stars is
// looked for once, from where the one before it ended. The time is in proportion to the text; only a part with
// "?" in it may take its own length times the text.
func Match(pattern, text string) bool {
	part, pattern, stars := strings.Cut(pattern, "*")
	n := starts(part, text)
	if n < 0 || !stars {
		return n == len(text)
	}
	for text = text[n:]; ; text = text[n:] {
		part, pattern, stars = strings.Cut(pattern, "*")
		if !stars {
			return ends(part, text)
		}
		if n = find(part, text); n < 0 {
			return false
		}
	}
}

// starts returns how much of the text the part covers from its start, or -1 when it does not.
func starts(part, text string) int {
	n := 0
	for {
		literal, rest, more := strings.Cut(part, "?")
		if !strings.HasPrefix(text[n:], literal) {
			return -1
		}
		n += len(literal)
		if !more {
			return n
		}
		_, size := utf8.DecodeRuneInString(text[n:])
		if size == 0 {
			return -1
		}
		n, part = n+size, rest
	}
}

// ends reports whether the text ends in the part.
func ends(part, text string) bool {
	for {
		i := strings.LastIndexByte(part, '?')
		if !strings.HasSuffix(text, part[i+1:]) {
			return false
		}
		if i < 0 {
			return true
		}
		text = text[:len(text)-len(part[i+1:])]
		_, size := utf8.DecodeLastRuneInString(text)
		if size == 0 {
			return false
		}
		text, part = text[:len(text)-size], part[:i]
	}
}

// find returns where the first text that the part covers ends, or -1.
func find(part, text string) int {
	if strings.IndexByte(part, '?') < 0 {
		i := strings.Index(text, part)
		if i < 0 {
			return -1
		}
		return i + len(part)
	}
	for i := range text {
		if n := starts(part, text[i:]); n >= 0 {
			return i + n
		}
	}
	return -1
}
