// SPDX-License-Identifier: Apache-2.0

// Package hardening tries the policies on environments made of our components: as they are, where no control may find anything, and with
// one property after the other weakened or one resource removed, where something must.
//
// testdata holds two reference environments and the baseline of an account as the components make them today; tests in components/environment
// and components/baseline compare. After a
// change of a component or of a control, write anew what follows from it, and read what changed:
//
//	go test ./components/environment ./components/baseline -run Hardened -update
//	go test ./policy/hardening ./policy/segmentation/page -update
//
// The first takes seconds and needs neither a rehearsal nor an emulator: it runs the components under the recording monitor of
// components/pulumitest. What the provider would fill in is in testdata/defaults.yaml.
package hardening
