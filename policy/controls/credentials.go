// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

var (
	// credentialShape is text that is a credential whatever stands around it.
	credentialShape = regexp.MustCompile(`(?i)(\bAKIA[0-9A-Z]{16}\b|\bASIA[0-9A-Z]{16}\b|aws_secret_access_key\s*[:=]|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bghp_[0-9A-Za-z]{36}\b|\bxox[abp]-[0-9A-Za-z-]{10,})`)
	// assignment is a credential written beside its name.
	assignment = regexp.MustCompile(`(?i)(?:password|passwd|secret|token|api_?key)\s*[:=]\s*["']?([^\s"'$<{]{8,})`)
	secretName = regexp.MustCompile(`(?i)(password|passwd|secret|token|api_?key|access_?key|private_?key|credential)`)
	arnShape   = regexp.MustCompile(`arn:aws[a-z-]*:[^\s"']*`)
	// pathShape is a file, or the name of a secret or parameter such as shop/database.
	pathShape = regexp.MustCompile(`^(/[\w.-]+(/[\w.-]+)*|[a-z0-9_.-]+(/[a-z0-9_.-]+)+)/?$`)
	urlShape  = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://[^@]*$`)
)

// hint is a word that one of the patterns looks for, in small letters.
type hint struct {
	word string
	// assigned says that the word counts only in front of a colon or an equals sign.
	assigned bool
}

// hints are by their first letter. Every line with a credential holds one of them; looking for them keeps the
// patterns, which take long, away from nearly all lines.
var hints = [256][]hint{
	'a': {{"akia", false}, {"asia", false}, {"aws_secret_access_key", true}, {"apikey", true}, {"api_key", true}},
	'g': {{"ghp_", false}},
	'p': {{"private key", false}, {"password", true}, {"passwd", true}},
	's': {{"secret", true}},
	't': {{"token", true}},
	'x': {{"xox", false}},
}

// opens and follows say of two letters whether a hint may start with them: opens has a bit for each first letter, and
// follows has that bit at every letter that comes second.
var opens, follows = pairs()

func pairs() (first, second [256]uint32) {
	for letter, words := range hints {
		bit := uint32(1) << (letter % 32)
		for _, h := range words {
			for _, fold := range []byte{0, lower} {
				first[byte(letter)&^fold] |= bit
				second[h.word[1]&^fold] |= bit
			}
		}
	}
	return first, second
}

// lower turns a capital letter of ASCII into a small one.
const lower = 0x20

// hinted reports whether the text starts with a hint.
func hinted(text string) bool {
	for _, h := range hints[text[0]|lower] {
		if len(text) < len(h.word) || !strings.EqualFold(text[:len(h.word)], h.word) {
			continue
		}
		rest := strings.TrimLeft(text[len(h.word):], " \t\r\f")
		if !h.assigned || rest != "" && (rest[0] == ':' || rest[0] == '=') {
			return true
		}
	}
	return false
}

// holdsSecret reports whether text looks as if it holds a credential. What only points at one, such as an ARN,
// an address or a path, does not count.
func holdsSecret(text string) bool {
	for i := 0; i+1 < len(text); i++ {
		if opens[text[i]]&follows[text[i+1]] == 0 || !hinted(text[i:]) {
			continue
		}
		start := strings.LastIndexByte(text[:i], '\n') + 1
		line, _, _ := strings.Cut(text[start:], "\n")
		if lineHoldsSecret(arnShape.ReplaceAllString(line, "")) {
			return true
		}
		i = start + len(line)
	}
	return false
}

func lineHoldsSecret(line string) bool {
	if credentialShape.MatchString(line) {
		return true
	}
	return slices.ContainsFunc(assignment.FindAllStringSubmatch(line, -1), func(m []string) bool { return !pointer(m[1]) })
}

// pointer reports whether a value says where a secret is, and not what it is.
func pointer(value string) bool {
	return strings.HasPrefix(value, "arn:") || pathShape.MatchString(value) || urlShape.MatchString(value)
}

// about are last words of a name such as DB_SECRET_ARN or token-ttl: the value is about the secret only.
var about = []string{
	"arn", "name", "names", "id", "url", "uri", "endpoint", "host", "path", "file", "dir", "ttl", "seconds", "minutes", "hours", "days", "timeout", "expiry",
	"expiration", "lifetime", "age", "length", "min", "max", "size", "count", "limit", "port", "enable", "enabled", "disabled", "required", "policy", "rotation",
	"version", "region", "bucket", "table", "queue", "topic", "prefix", "suffix", "type", "algorithm", "issuer", "audience", "scope", "provider", "header", "mode",
}

// secretKey reports whether the name of a setting says that its value is a credential.
func secretKey(name string) bool {
	if !secretName.MatchString(name) {
		return false
	}
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) })
	return !slices.Contains(about, words[len(words)-1])
}

// credential is the fact that a setting, such as an environment variable, holds a credential.
func credential(name string, value pack.Value) pack.Fact {
	return value.Matches(func(s string) bool {
		switch strings.ToLower(s) {
		case "", "true", "false", "enabled", "disabled", "required", "optional", "none":
			return false
		}
		return holdsSecret(s) || secretKey(name) && !pointer(s)
	})
}
