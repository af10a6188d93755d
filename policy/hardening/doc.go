// SPDX-License-Identifier: Apache-2.0

// Package hardening tries the policies on our own environments: as they are, where no control may find anything, and with
// one property after the other weakened or one resource removed, where something must.
//
// testdata holds the environments as the program registers them today; a test in infra compares. After a change of the program
// or of a control, write anew what follows from it, and read what changed:
//
//	go test ./infra -run Hardened -update
//	go test ./policy/hardening -update
//
// The first takes seconds and needs neither a rehearsal nor an emulator: it runs the program under the recording monitor of
// components/pulumitest. What the provider would fill in is in testdata/defaults.yaml.
package hardening
