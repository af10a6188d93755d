// SPDX-License-Identifier: Apache-2.0

package providertest_test

// root is the project's folder.
const root = "../../.."

type (
	m = map[string]any
	l = []any
)
