// SPDX-License-Identifier: Apache-2.0

// Package credential tells credentials from other text, by their shape and by the names of what holds them.
package credential

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// The patterns are for lines in small letters; see [plain].
var (
	// credentialShape is text that is a credential whatever stands around it.
	credentialShape = regexp.MustCompile(`\b(?:akia|asia)[0-9a-z]{16}\b|aws_secret_access_key\\?["']?\s*[:=]\s*\\?["']?[^\s"'$<{\x60\\]|` +
		`-----begin [a-z ]*private key-----|\bgh[oprsu]_[0-9a-z]{36}\b|\bgithub_pat_[0-9a-z_]{20,}|` +
		`\bglpat-[0-9a-z_-]{20,}|\b[rs]k_live_[0-9a-z]{16,}|` +
		`\bxox[abp]-[0-9a-z-]{10,}|` +
		`\beyj[0-9a-z_-]{8,}\.eyj[0-9a-z_-]{8,}\.[0-9a-z_-]{16,}|convertto-securestring\s+(?:-string\s+)?["'][^"'$]{8,}["']`)
	// loginShape is an address with a user and a password in it.
	loginShape = regexp.MustCompile(`://[^\s/:@"']*:([^\s/@"'$<{%*][^\s/@"']{2,})@`)
	// assignment is a credential written beside its name: an opening quote, if there is one, and the value.
	assignment = regexp.MustCompile(`(?:password|passwd|passphrase|secret|token|api_?key|signing_?key|_pass|_pwd)` +
		`\\?["']?\s*[:=]\s*\\?(["']?)([^\s"'$<{]{8,})`)
	arnShape = regexp.MustCompile(`arn:aws[a-z-]*:[^\s"']*`)
	// pathShape is a file, or the name of a secret or parameter such as shop/database.
	pathShape = regexp.MustCompile(`^(/[\w.-]+(/[\w.-]+)*|[a-z0-9_.-]+(/[a-z0-9_.-]+)+)/?$`)
	urlShape  = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://[^@]*$`)
	// codeShape is a value without quotes that is code: a call, an element of a list, a command, or a cmdlet of PowerShell.
	codeShape = regexp.MustCompile("^(?:[A-Za-z_][\\w.:]*[(\\[]|`|process\\.env\\.|" +
		"(?:Add|Convert|ConvertFrom|ConvertTo|Find|Get|Import|Invoke|Join|New|Out|Read|Receive|" +
		"Request|Resolve|Select|Unprotect)-[A-Z][A-Za-z0-9]+[;|)]?$)")
	// shortNumber is a count, a size or a duration, and no credential.
	shortNumber = regexp.MustCompile(`^-?[0-9]{1,11}$`)
)

// lower turns a capital letter of ASCII into a small one.
const lower = 0x20

// Plain writes the capital letters of ASCII as small ones and leaves everything else where it is. The patterns do not
// fold letters by themselves, because Unicode knows letters outside ASCII that fold into it.
func Plain(line string) string {
	b := []byte(line)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | lower
		}
	}
	return string(b)
}

// InText reports whether text looks as if it holds a credential. What only points at one, such as an ARN,
// an address or a path, does not count.
func InText(text string) bool {
	for i := hints.next(text, 0); i >= 0; i = hints.next(text, i) {
		start := strings.LastIndexByte(text[:i], '\n') + 1
		line, _, _ := strings.Cut(text[start:], "\n")
		if lineHoldsSecret(line) {
			return true
		}
		i = start + len(line)
	}
	return false
}

// MayBe reports whether [IsValue] has to be asked of a text: it is long enough, and holds a hint or is base64. It never says no
// where IsValue says yes, and costs little.
func MayBe(text string) bool {
	return len(text) >= shortest && (hints.next(text, 0) >= 0 || isEncoded(text))
}

// MayStandIn is [MayBe] for the strings in a JSON text, before it is read: a hint stands in it, an escape that may hide one, or a
// string in base64. A quote alone hides nothing when it is escaped.
func MayStandIn(text string) bool {
	for rest := text; ; {
		i := strings.IndexByte(rest, '\\')
		if i < 0 {
			break
		}
		if i+1 == len(rest) || rest[i+1] != '"' {
			return true
		}
		rest = rest[i+2:]
	}
	for i := shortestEncoded - 1; i < len(text); i += shortestEncoded { // one of so many bytes in a row
		if coded[text[i]] && encodedAround(text, i) {
			return true
		}
	}
	return hints.next(text, 0) >= 0
}

func lineHoldsSecret(line string) bool {
	line = arnShape.ReplaceAllString(line, "arn:")
	small := Plain(line)
	if credentialShape.MatchString(small) {
		return true
	}
	if comment(line) {
		return false
	}
	if loginShape.MatchString(small) {
		return true
	}
	return slices.ContainsFunc(assignment.FindAllStringSubmatchIndex(small, -1), func(m []int) bool {
		value, quoted := line[m[4]:m[5]], m[2] < m[3]
		return !pointer(value) && (quoted || !codeShape.MatchString(value))
	})
}

// comment reports whether a line of a script says nothing to a machine.
func comment(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "// ") // without the blank it is the name of a registry in .npmrc
}

// pointer reports whether a value says where a secret is, and not what it is.
func pointer(value string) bool {
	return strings.HasPrefix(value, "arn:") || strings.HasPrefix(value, "{{") || pathShape.MatchString(value) ||
		urlShape.MatchString(value)
}

// Inputs are how the names of inputs end that hold a credential themselves, whatever the type, in small letters.
var Inputs = []string{
	"password", "passwords", "passwd", "passphrase", "clientsecret", "client_secret", "sharedsecret", "secretkey", "presharedkey",
	"oauthtoken", "authtoken", "hectoken", "accesstoken", "secrettoken",
}

// IsInput reports whether the name of an input says that a credential is in it.
func IsInput(name string) bool {
	name = Plain(name)
	return slices.ContainsFunc(Inputs, func(end string) bool { return strings.HasSuffix(name, end) })
}

// about are last words of a name such as DB_SECRET_ARN or token-ttl: the value is about the secret only.
var about = []string{
	"arn", "arns", "name", "names", "id", "ids", "url", "uri", "endpoint", "host", "path", "file", "dir", "ttl", "second", "seconds", "minute",
	"minutes", "hour", "hours", "day", "days", "timeout", "expiry",
	"expiration", "expires", "expire", "in", "lifetime", "validity", "age", "length", "min", "max", "size", "count", "limit", "budget", "port",
	"enable", "enabled", "disabled", "required",
	"policy", "rotation", "version", "region", "bucket", "table", "queue", "topic", "prefix", "suffix", "type", "format", "level", "alg",
	"algorithm", "issuer", "audience", "scope", "provider",
	"header", "mode", "rounds", "iterations", "cost", "use", "usage", "cookie", "param", "parameter", "field", "alias", "label", "tag", "ref",
	"reference", "location", "source", "store",
	"pattern", "regex", "strategy", "service", "class", "backend", "attempts", "retries", "interval", "period", "window", "leeway", "encoding",
	"separator",
}

// passwordWords are those of which even a short number may be one.
var passwordWords = []string{"password", "passwd", "passphrase"}

// Named reports whether the name of a setting says that its value is a credential.
func Named(name string) bool {
	words := nameWords(name)
	if len(words) == 0 || slices.Contains(about, words[len(words)-1]) {
		return false
	}
	for i, w := range words {
		if speaksOf(w) {
			return true
		}
		if i > 0 && (w == "key" || w == "keys") && slices.Contains([]string{"api", "access", "private", "signing", "secret"}, words[i-1]) {
			return true
		}
	}
	return endsInPassword(words)
}

// speaksOf reports whether a word of a name means a credential: "token", "clientsecret", but not "tokenizer".
func speaksOf(word string) bool {
	if slices.ContainsFunc(passwordWords, func(p string) bool { return strings.Contains(word, p) }) {
		return true
	}
	word = strings.TrimSuffix(word, "s")
	return slices.ContainsFunc([]string{"secret", "token", "credential", "apikey", "accesskey", "privatekey", "signingkey"},
		func(end string) bool { return strings.HasSuffix(word, end) })
}

// endsInPassword reports whether a name ends in a word for a password, also in a short one such as that of DB_PASS.
func endsInPassword(words []string) bool {
	last := words[len(words)-1]
	return len(words) > 1 && (last == "pass" || last == "pwd") ||
		slices.ContainsFunc(passwordWords, func(p string) bool { return strings.HasSuffix(last, p) })
}

// nameWords splits a name such as DB_PASSWORD, db-password or dbPassword into words in small letters.
func nameWords(name string) []string {
	var b strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		begins := i > 0 && unicode.IsUpper(r) &&
			(unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsUpper(letters[i-1]) && unicode.IsLower(letters[i+1]))
		if begins || !unicode.IsLetter(r) {
			b.WriteByte(' ')
		}
		if unicode.IsLetter(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return strings.Fields(b.String())
}

// shortestEncoded is how long text in base64 is at least that may be a key.
const shortestEncoded = 40

// coded says of a byte whether it stands in base64.
var coded = digits()

func digits() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
		table[c] = true
	}
	return table
}

// isEncoded reports whether a text, blanks around it aside, is base64 that is long enough to hold a key.
func isEncoded(text string) bool {
	text = strings.TrimSpace(text)
	digits := strings.TrimSuffix(strings.TrimSuffix(text, "="), "=")
	if len(digits) < shortestEncoded {
		return false
	}
	for i := range len(digits) {
		if !coded[digits[i]] {
			return false
		}
	}
	return true
}

// encodedAround reports whether enough bytes in a row stand in base64, that at the place among them, and nothing else before them
// in their string of a JSON text.
func encodedAround(text string, at int) bool {
	begin, end := at, at
	for begin > 0 && coded[text[begin-1]] {
		begin--
	}
	for end < len(text) && coded[text[end]] {
		end++
	}
	first := begin == 0 || text[begin-1] == '"' || text[begin-1] == ' ' || text[begin-1] >= utf8.RuneSelf // a blank in Unicode
	return first && end-begin >= shortestEncoded
}

// IsValue is [InText] for a single value, which may be in base64 as a whole, such as the key of a service account.
func IsValue(text string) bool {
	if InText(text) {
		return true
	}
	if !isEncoded(text) {
		return false
	}
	text = strings.TrimSpace(text)
	for _, coding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		if inner, err := coding.DecodeString(text); err == nil {
			return InText(string(inner))
		}
	}
	return false
}

// Setting is the fact that a setting, such as an environment variable, holds a credential.
func Setting(name string, value pack.Value) pack.Fact {
	return value.Matches(func(s string) bool {
		switch strings.ToLower(s) {
		case "", "true", "false", "enabled", "disabled", "required", "optional", "none":
			return false
		}
		if shortNumber.MatchString(s) {
			words := nameWords(name)
			return len(words) > 0 && endsInPassword(words)
		}
		return IsValue(s) || Named(name) && !pointer(s)
	})
}
