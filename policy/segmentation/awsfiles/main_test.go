// SPDX-License-Identifier: Apache-2.0

package awsfiles_test

import (
	"os"
	"testing"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Main(m)) }
