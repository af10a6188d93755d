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

// identifier derives the DB instance identifier from what names the deployment. It is
// chosen rather than left to auto-naming because the names of the log groups and of
// the final snapshot follow from it and must be known before the instance exists.
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
	sum := sha256.Sum256([]byte(whole))
	digest := hex.EncodeToString(sum[:4])
	return strings.TrimRight(id[:identifierLimit-len(digest)-1], "-") + "-" + digest
}
