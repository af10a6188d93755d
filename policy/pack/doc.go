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
// Why not policyx, Pulumi's own experimental package sdk/go/pulumi/policyx: as of v3.258.0
//
//   - reading a value that is not known yet panics and takes the deployment with it, as does the error of
//     any one policy;
//   - stack policies learn neither which property depends on which resource (PropertyDependencies is always
//     nil), nor the inputs, nor their own configuration, nor the stack's tags; resource policies learn no
//     options, provider or parent, and their DryRun is never set;
//   - GetPluginInfo and GetAnalyzerInfo dereference nil before ConfigureStack, which "pulumi policy analyze"
//     and "pulumi policy publish" never call;
//   - the level of the pack is dropped, remediation runs at every level but disabled, and no policy can say
//     that it does not apply, so the engine counts it as passed on every resource;
//   - policies have no type, severity, framework, tags, address or steps to mend;
//   - every policy gets every resource, with its properties decoded anew: the cost grows with the number of
//     policies, whatever they look at.
//
// The names here are kept close to the protocol's, so that a pack can move once that has changed.
// tools/policybench runs the same ten rules on both, and docs/performance.md has the figures.
package pack
