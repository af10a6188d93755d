// SPDX-License-Identifier: Apache-2.0

package credential

import "strings"

// Words finds words in text, in capital letters or not.
type Words struct {
	byLetter [256][]word
	// spelling says of every byte whether it begins a word, comes second and comes third in one: three sets of the words' first
	// letters. Three bytes in a row that agree on a letter are rare where no word begins.
	spelling [256]uint64
}

// setBits is how many bits a set of first letters has. Letters that share one are only looked at more often.
const setBits = 21

// word is what is looked for, in small letters: three of them at least.
type word struct {
	text string
	// after says what has to follow for it to count.
	after follow
}

// follow is what follows a word.
type follow uint8

const (
	anything follow = iota
	// assigned is a colon or an equals sign, after blanks and the closing quote of a name.
	assigned
	// login is an at sign before the address ends.
	login
)

// NewWords is for words in small letters, of three letters at least.
func NewWords(list ...string) *Words {
	words := make([]word, len(list))
	for i, text := range list {
		words[i].text = text
	}
	return newWords(words)
}

func newWords(list []word) *Words {
	w := &Words{}
	for _, one := range list {
		first := one.text[0]
		w.byLetter[first] = append(w.byLetter[first], one)
		for place := range 3 {
			for _, fold := range []byte{0, lower} {
				w.spelling[one.text[place]&^fold] |= 1 << (place*setBits + int(first)%setBits)
			}
		}
	}
	return w
}

// In reports whether one of the words stands in the text.
func (w *Words) In(text string) bool { return w.next(text, 0) >= 0 }

// next is where the first word at or after a place begins, -1 without one.
func (w *Words) next(text string, from int) int {
	const all = 1<<setBits - 1
	agreed := uint64(0)
	for i := from; i < len(text); i++ {
		agreed = (agreed<<setBits | all) & w.spelling[text[i]]
		if agreed>>(2*setBits) != 0 && w.begins(text[i-2:]) {
			return i - 2
		}
	}
	return -1
}

// begins reports whether the text begins with one of the words.
func (w *Words) begins(text string) bool {
	for _, h := range w.byLetter[text[0]|lower] {
		if len(text) < len(h.text) || !strings.EqualFold(text[:len(h.text)], h.text) {
			continue
		}
		rest := text[len(h.text):]
		switch h.after {
		case anything:
			return true
		case assigned:
			rest = strings.TrimLeft(rest, " \t\r\f\"'\\")
			if rest != "" && (rest[0] == ':' || rest[0] == '=') {
				return true
			}
		case login:
			if i := strings.IndexAny(rest, "@ \t\r\f\n\"'"); i >= 0 && rest[i] == '@' {
				return true
			}
		}
	}
	return false
}

// hints are words that the patterns look for. Every line with a credential holds one of them; looking for them keeps the patterns,
// which take long, away from nearly all lines.
var hints = newWords([]word{
	{"://", login}, {"akia", anything}, {"asia", anything}, {"aws_secret_access_key", assigned}, {"apikey", assigned}, {"api_key", assigned},
	{"convertto-securestring", anything}, {"eyj", anything}, {"gho_", anything}, {"ghp_", anything}, {"ghr_", anything}, {"ghs_", anything},
	{"ghu_", anything}, {"github_pat_", anything}, {"glpat-", anything}, {"private key", anything}, {"password", assigned},
	{"passwd", assigned}, {"passphrase", assigned}, {"pass", assigned}, {"pwd", assigned}, {"rk_live_", anything}, {"secret", assigned},
	{"signingkey", assigned}, {"signing_key", assigned}, {"sk_live_", anything}, {"token", assigned}, {"xox", anything},
})

// shortest is how long a text is at least that holds a credential: "://:abc@".
const shortest = 8
