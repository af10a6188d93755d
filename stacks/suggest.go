// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"strings"
	"unicode"
)

// meant is the cure for a word that is none of the candidates: the one that is near, or
// else what otherwise says.
func meant(word string, candidates []string, otherwise string) string {
	if near := suggest(word, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	return otherwise
}

// suggest returns the candidate that a misspelt word most likely meant, "" if none is
// near. Case and punctuation do not count, so "bastion.allowed-cidrs" finds
// "bastionAllowedCidrs", and a word that left something out finds the full one.
func suggest(word string, candidates []string) string {
	needle := bare(word)
	best, nearest := "", max(len(needle)/3+1, min(len(needle), 2))
	for _, candidate := range candidates {
		hay := bare(candidate)
		distance := levenshtein(needle, hay)
		if long := len(needle) >= 6; long && strings.Contains(hay, needle) {
			distance = min(distance, 1)
		} else if long && abbreviates(needle, hay) {
			distance = min(distance, len(needle)/3)
		}
		if distance < nearest {
			best, nearest = candidate, distance
		}
	}
	return best
}

func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// abbreviates reports whether short is long with letters left out, from the same start.
func abbreviates(short, long string) bool {
	if short == "" || long == "" || short[0] != long[0] {
		return false
	}
	rest := []rune(short)
	for _, r := range long {
		if len(rest) > 0 && r == rest[0] {
			rest = rest[1:]
		}
	}
	return len(rest) == 0
}

// levenshtein counts the insertions, deletions and substitutions between two words.
func levenshtein(a, b string) int {
	s, t := []rune(a), []rune(b)
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i := range s {
		diagonal := row[0]
		row[0] = i + 1
		for j := range t {
			substitute := diagonal
			if s[i] != t[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(t)]
}
