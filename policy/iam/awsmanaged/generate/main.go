// SPDX-License-Identifier: Apache-2.0

// Command generate writes the documents of the policies that AWS manages anew, from the list that the emulator ships:
// moto/iam/aws_managed_policies.py, which its authors read from AWS's own API (iam list-policies, get-policy-version).
//
//	go run ./policy/iam/awsmanaged/generate .toolchain/venv/lib/python3*/site-packages/moto/iam/aws_managed_policies.py
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"
)

const file = "policy/iam/awsmanaged/policies.gz"

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run ./policy/iam/awsmanaged/generate aws_managed_policies.py")
	}
	if err := write(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// policy is one entry of the list.
type policy struct {
	Document json.RawMessage
	Path     string
	// UpdateDate is when AWS changed it last.
	UpdateDate string
}

func write(from string) error {
	text, err := os.ReadFile(from) //nolint:gosec // the file that the caller names
	if err != nil {
		return err
	}
	parts := strings.Split(string(text), `"""`)
	if len(parts) < 2 {
		return errors.New("the file holds no text in three quotes")
	}
	var all map[string]policy
	if err := json.Unmarshal([]byte(parts[1]), &all); err != nil {
		return err
	}
	newest := ""
	var lines bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p := all[name]
		newest = max(newest, p.UpdateDate)
		fmt.Fprintf(&lines, "%s\t", strings.TrimPrefix(p.Path, "/")+name)
		if err := json.Compact(&lines, p.Document); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		lines.WriteByte('\n')
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	z.Comment = "policies of AWS, the newest of " + newest
	if _, err := z.Write(lines.Bytes()); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	log.Printf("%d policies, the newest of %s", len(all), newest)
	return os.WriteFile(file, out.Bytes(), 0o644) //nolint:gosec // a table for everybody to read
}
