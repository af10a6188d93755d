// SPDX-License-Identifier: Apache-2.0

// Package awsmanaged holds the documents of the policies that AWS manages, so that an attachment is judged by what the policy
// says and not by its name. They are as AWS had them in March 2026; "go run ./policy/iam/awsmanaged/generate" reads newer ones.
package awsmanaged

import (
	"bytes"
	"compress/gzip"
	_ "embed" // for policies.gz
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
)

//go:embed policies.gz
var packed []byte

// texts are the documents by the path and name of their policy. They are unpacked when the first is asked for.
var texts = sync.OnceValue(func() map[string]string {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(err) // the file is a part of the program
	}
	all, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	known := map[string]string{}
	for line := range strings.Lines(string(all)) {
		name, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		known[name] = text
	}
	return known
})

var documents sync.Map

// Name returns the path and name of an AWS managed policy, such as "service-role/AWSConfigRole", from its ARN, and whether the
// ARN is that of one.
func Name(arn string) (string, bool) {
	_, name, ok := strings.Cut(arn, ":iam::aws:policy/")
	return name, ok && strings.HasPrefix(arn, "arn:aws")
}

// Document returns what the policy of that path and name allows, or nil when this list does not know the policy.
func Document(name string) *iam.Document {
	if d, ok := documents.Load(name); ok {
		return d.(*iam.Document) //nolint:forcetypeassert // the map holds nothing else
	}
	text, ok := texts()[name]
	if !ok {
		return nil
	}
	d, err := iam.Parse(text)
	if err != nil {
		return nil
	}
	documents.Store(name, d)
	return d
}

// Names returns the paths and names of all policies that are known.
func Names() []string {
	names := make([]string, 0, len(texts()))
	for name := range texts() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
