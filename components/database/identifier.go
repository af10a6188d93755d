// SPDX-License-Identifier: Apache-2.0

package database

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// identifierLimit is the longest DB instance identifier that RDS accepts
// (CreateDBInstance, DBInstanceIdentifier).
const identifierLimit = 63

// finalSnapshot names the snapshot that the end of an instance leaves behind. Snapshots
// outlive their stack, and RDS takes no second one of the same name, so the name is that
// of one instance only: it ends in a digest of the key, which is another in every
// deployment, and of the names of which a change replaces the instance.
func finalSnapshot(identifier, keyID, database, username string) string {
	return identifier + "-final-" + digest(keyID+"/"+database+"/"+username)
}

// digest is short enough for a name and long enough to tell a few names apart.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// identifier derives the beginning of the DB instance identifier from what names the
// deployment; ending adds what makes it that of one instance. It is chosen rather than left
// to auto-naming because the names of the log groups follow from it and must be known
// before the instance exists.
//
// The parts are project, stack and component name; a component that is already named
// after its stack does not repeat it.
//
// RDS wants lower-case letters, digits and single hyphens, a letter first and no
// hyphen last; anything else becomes a hyphen. A name that is too long keeps its head
// and ends in a digest of the whole, so that two long names never meet.
func identifier(project, stack, name string) string {
	whole := project + "-" + stack + "-" + name
	if name == stack || strings.HasPrefix(name, stack+"-") {
		whole = project + "-" + name
	}
	whole = strings.ToLower(whole)
	words := strings.FieldsFunc(whole, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	id := strings.Join(words, "-")
	if id == "" || id[0] < 'a' || id[0] > 'z' {
		id = strings.TrimSuffix("db-"+id, "-")
	}
	if len(id) <= identifierLimit {
		return id
	}
	return ending(id, digest(whole))
}

// ending puts an ending behind an identifier, of which as much gives way as does not fit.
func ending(id, with string) string {
	return strings.TrimRight(id[:min(len(id), identifierLimit-len(with)-1)], "-") + "-" + with
}
