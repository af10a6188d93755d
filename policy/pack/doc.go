// SPDX-License-Identifier: Apache-2.0

// Package pack is a framework for Pulumi policy packs in Go. It speaks the engine's Analyzer protocol
// (pulumirpc.Analyzer) directly and adds what a policy needs to be right during a preview:
//
//   - Three-valued facts. A value that is known only after a deployment makes a check deferred, with the
//     path of the value it waits for. It never makes it pass and never makes it panic; a known bad value
//     decides at once, whatever else is unknown.
//   - Joins by URN. A resource that points at another is found through the dependencies of its property,
//     so rules that look at several resources work on the first preview, before any name exists.
//   - Inputs in the stack pass. The inputs that Analyze saw are kept and used by AnalyzeStack too.
//   - Secrets as a bit. A check can see that a value is a secret; no message ever prints one.
//   - Waivers with an owner and an end date, profiles, and remediation.
//
// A [Control] is one rule with its metadata. A [Pack] is a list of controls. [Serve] runs a pack for the
// engine; [NewSession] runs it without one.
//
// Pulumi's own experimental package sdk/go/pulumi/policyx covers part of this. What it lacked when this
// package was written: a tri-state for unknown values (access to one panics), severity and metadata of
// policies, the not-applicable answer, configuration and stack tags for stack policies, an order of levels
// (pack, policy, configuration), and plugin information before the stack is configured. The names here are
// kept close to the protocol's, so that a pack can move once those exist.
package pack
