// SPDX-License-Identifier: Apache-2.0

// Package document reads the policy documents of resources, wherever a type keeps them, and has the checks that hold for the
// documents of any service.
package document

import (
	"encoding/json"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Reading is a document or the reason why there is none.
type Reading struct {
	Doc *iam.Document
	Err error
}

// ownARN stands in a document for the ARN of a resource of the stack, which is not known yet. It names one resource, whichever,
// and nobody's account.
const ownARN = "arn:aws:own:::known-after-deployment"

// Read reads a policy document once for all controls. The value is a JSON string or an object.
func Read(k *pack.Case, v pack.Value) Reading {
	return pack.Memo(k, v, func() Reading {
		text, isText := v.Text()
		if !isText {
			plain, _ := v.Sketch(ownARN)
			b, err := json.Marshal(plain)
			if err != nil {
				return Reading{Err: err}
			}
			text = string(b)
		}
		doc, err := iam.Parse(text)
		return Reading{Doc: doc, Err: err}
	})
}

// Of returns the policy document at a value, or nil when there is nothing to judge: it is not set, not
// known yet (the case is deferred), or not readable (control iam-document-valid reports that).
func Of(k *pack.Case, v pack.Value) *iam.Document {
	if !Written(v) {
		return nil
	}
	if unknown, ok := v.AnyUncertain(); ok {
		k.Defer(unknown)
		return nil
	}
	p := Read(k, v)
	if p.Err != nil {
		k.Skip("the policy document cannot be read; see iam-document-valid")
		return nil
	}
	return p.Doc
}

// Written reports whether there is a document, known or not.
func Written(v pack.Value) bool {
	return v.Exists() && (v.Kind() != pack.Text || v.Str() != "")
}

// documentsOf returns the documents of a resource; without any, the control does not apply.
func documentsOf(k *pack.Case, paths func(*pack.Case) []pack.Value) []pack.Value {
	all := paths(k)
	if !slices.ContainsFunc(all, Written) {
		k.Skip("there is no policy document")
	}
	return all
}

// EachStatement runs a check for every statement of a resource's documents.
func EachStatement(paths func(*pack.Case) []pack.Value, check func(*pack.Case, pack.Value, *iam.Statement)) func(*pack.Case) {
	return func(k *pack.Case) {
		for _, v := range documentsOf(k, paths) {
			doc := Of(k, v)
			if doc == nil {
				continue
			}
			for i := range doc.Statements {
				check(k, v, &doc.Statements[i])
			}
		}
	}
}

// Each runs a check for every document of a resource.
func Each(paths func(*pack.Case) []pack.Value, check func(*pack.Case, pack.Value, *iam.Document)) func(*pack.Case) {
	return func(k *pack.Case) {
		for _, v := range documentsOf(k, paths) {
			if doc := Of(k, v); doc != nil {
				check(k, v, doc)
			}
		}
	}
}

// At returns the values at fixed paths.
func At(paths ...string) func(*pack.Case) []pack.Value {
	return func(k *pack.Case) []pack.Value {
		out := make([]pack.Value, len(paths))
		for i, p := range paths {
			out[i] = k.Get(p)
		}
		return out
	}
}

// NotPublic is the check that no statement of a resource policy admits everybody.
func NotPublic(paths ...string) func(*pack.Case) {
	return EachStatement(At(paths...), func(k *pack.Case, v pack.Value, s *iam.Statement) {
		if why := s.Public(); why != "" {
			k.Report(v, "%s %s", s.Label(), why)
		}
	})
}
