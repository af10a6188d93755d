// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

const (
	// scramIterations is PostgreSQL's own default (scram_iterations).
	scramIterations = 4096
	// scramSaltBytes is PostgreSQL's own choice.
	scramSaltBytes = 16
)

// scramVerifier is what the server keeps in place of a password (RFC 5803, as in pg_authid.rolpassword). Sent in its place,
// it keeps the password out of the server's logs and of pg_stat_activity. The password must be printable ASCII, whose
// SASLprep is itself.
func scramVerifier(password string) (string, error) {
	for _, letter := range []byte(password) {
		if letter < ' ' || letter > '~' {
			return "", errors.New("the password holds other letters than printable ASCII; let the agent generate one")
		}
	}
	if password == "" {
		return "", errors.New("the password is empty; let the agent generate one")
	}
	salt := make([]byte, scramSaltBytes)
	_, _ = rand.Read(salt) // It never fails (crypto/rand).
	salted, err := pbkdf2.Key(sha256.New, password, salt, scramIterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("deriving the verifier: %w", err)
	}
	stored := sha256.Sum256(sign(salted, "Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", scramIterations, encode(salt), encode(stored[:]), encode(sign(salted, "Server Key"))), nil
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
