// SPDX-License-Identifier: Apache-2.0

// Command bulkhead-policy is the Bulkhead policy pack. Pulumi starts it with --policy-pack; a person can run
// it on a stack export or on the JSON of a preview.
package main

import (
	"os"

	"github.com/bulkhead-iac/bulkhead/policy/command"
)

func main() {
	os.Exit(command.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
