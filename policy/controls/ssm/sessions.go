// SPDX-License-Identifier: Apache-2.0

package ssm

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// sessionDocuments are about the preferences of Session Manager, a document of type Session.
func sessionDocuments() []*pack.Control {
	types := []string{aws.SSMDocument}
	return []*pack.Control{
		{
			ID: "ssm-session-logged", Title: "Sessions are recorded, and the record is encrypted", Severity: pack.Medium, Types: types,
			Why: "Without a record nobody knows what was done in a shell.",
			Fix: "Set cloudWatchLogGroupName with cloudWatchEncryptionEnabled true, or s3BucketName with s3EncryptionEnabled true, in the " +
				"inputs of the document.",
			Maps: standard.Meets(standard.Logging), Check: eachSession(func(k *pack.Case, in pack.Value) {
				group := in.Get("cloudWatchLogGroupName").IsSet()
				bucket := in.Get("s3BucketName").IsSet()
				k.Require(group.Or(bucket), "sessions are recorded nowhere")
				k.Require(group.Not().Or(in.Get("cloudWatchEncryptionEnabled").Is(true, true)), "the log group need not be encrypted")
				k.Require(bucket.Not().Or(in.Get("s3EncryptionEnabled").Is(true, true)), "the bucket need not be encrypted")
			}),
		},
		{
			ID: "ssm-session-encrypted", Title: "Sessions are encrypted with a key of yours", Severity: pack.Low, Level: pack.Disabled, Types: types,
			Why: "With a key of your own, taking part in a session needs the right to use it. TLS protects sessions anyway, so this is off by " +
				"default.", Fix: "Set kmsKeyId in the inputs of the document.",
			Maps: standard.Meets(standard.InTransit, standard.KeyCare), Check: eachSession(func(k *pack.Case, in pack.Value) {
				k.Require(in.Get("kmsKeyId").IsSet(), "kmsKeyId is not set")
			}),
		},
		{
			ID: "ssm-session-limited", Title: "Sessions end when nobody uses them", Severity: pack.Low, Level: pack.Disabled, Types: types,
			Why:      "An open shell on a screen belongs to whoever passes by. AWS ends idle sessions after 20 minutes, so this is off by default.",
			Fix:      "Set idleSessionTimeout and maxSessionDuration, in minutes, in the inputs of the document.",
			Settings: want.Number("maxMinutes", 240, "Longest session in minutes."), Maps: standard.Meets(standard.Identity),
			Check: eachSession(func(k *pack.Case, in pack.Value) {
				k.Require(in.Get("idleSessionTimeout").AtLeast(1).And(in.Get("idleSessionTimeout").AtMost(60)), "idleSessionTimeout is %s",
					in.Get("idleSessionTimeout"))
				k.Require(in.Get("maxSessionDuration").AtLeast(1).And(in.Get("maxSessionDuration").AtMost(k.Num("maxMinutes"))),
					"maxSessionDuration is %s", in.Get("maxSessionDuration"))
			}),
		},
	}
}

// eachSession runs a check on the inputs of a Session document.
func eachSession(check func(*pack.Case, pack.Value)) func(*pack.Case) {
	return func(k *pack.Case) {
		kind, content := k.Get("documentType"), k.Get("content")
		switch {
		case kind.IsUnknown():
			k.Defer(kind)
		case kind.Str() != "Session":
			k.Skip("the document is not about sessions")
		case content.IsUnknown():
			k.Defer(content)
		default:
			document := pack.Memo(k, content, func() document.Parsed { return document.Text(content, content.Str()) })
			if !document.Ok {
				k.Report(content, "content is neither JSON nor YAML")
				return
			}
			check(k, document.Get("inputs"))
		}
	}
}
