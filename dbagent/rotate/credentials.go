// SPDX-License-Identifier: Apache-2.0

package rotate

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
)

// passwordLength is 190 bits in letters and digits, which need no quoting anywhere.
const passwordLength = 32

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Credentials are the value of a secret: what a client needs to log in, in the words of AWS (Secrets Manager user guide, "JSON
// structure of database credential secrets"), and how it rotates. Fields that are not known here are kept.
type Credentials struct {
	Host     string        `json:"host"`
	Port     uint16        `json:"port"`
	Database string        `json:"dbname"`
	User     string        `json:"username"`
	Password string        `json:"password"` // Empty before the first rotation.
	Login    declare.Login `json:"rotation"` // Secret or AlternatingSecret.

	fields map[string]any
}

// String hides the password from whoever prints the credentials, with any verb.
func (c Credentials) String() string {
	return fmt.Sprintf("%s of %s at %s", c.User, c.Database, c.Host)
}

// GoString is String, for %#v.
func (c Credentials) GoString() string { return c.String() }

// parse reads the value of a secret. Its errors never quote it.
func parse(text string) (*Credentials, error) {
	var c Credentials
	if json.Unmarshal([]byte(text), &c) != nil || json.Unmarshal([]byte(text), &c.fields) != nil {
		return nil, errors.New("the value is not the JSON object of a database user; write host, port, dbname, username and rotation")
	}
	if c.User == "" || c.Database == "" {
		return nil, errors.New("the value names no username or no dbname; write both")
	}
	if c.Login != declare.Secret && c.Login != declare.AlternatingSecret {
		return nil, fmt.Errorf("rotation: %q is unknown; use %s or %s", c.Login, declare.Secret, declare.AlternatingSecret)
	}
	return &c, nil
}

// users are those whom the secret may be about.
func (c *Credentials) users() []string {
	return declare.User{Name: strings.TrimSuffix(c.User, c.suffix()), Login: c.Login}.Logins()
}

func (c *Credentials) suffix() string {
	if c.Login == declare.AlternatingSecret {
		return declare.CloneSuffix
	}
	return ""
}

// next is the value with another password, and with the other of two users if there is one who has a password already.
func (c *Credentials) next(password string) (string, error) {
	users := c.users()
	user := users[0]
	if c.Password != "" && c.User == users[0] {
		user = users[len(users)-1]
	}
	return c.with(map[string]any{"username": user, "password": password})
}

// with is the value with some fields changed.
func (c *Credentials) with(changed map[string]any) (string, error) {
	fields := maps.Clone(c.fields)
	if fields == nil {
		fields = map[string]any{}
	}
	maps.Copy(fields, changed)
	text, err := json.Marshal(fields)
	if err != nil {
		return "", errors.New("the value cannot be written as JSON")
	}
	return string(text), nil
}

// generate makes a password: each letter is as likely as any other, because bytes beyond the last whole alphabet are left out.
func generate() string {
	password := make([]byte, 0, passwordLength)
	for buffer := make([]byte, passwordLength); len(password) < passwordLength; {
		_, _ = rand.Read(buffer) // It never fails (crypto/rand).
		for _, b := range buffer {
			if int(b) < 256/len(alphabet)*len(alphabet) && len(password) < passwordLength {
				password = append(password, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(password)
}
