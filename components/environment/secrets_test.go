// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

var (
	// secretKey is what an input that holds a secret would be called.
	secretKey = regexp.MustCompile(`(?i)password|secret|token|private_?key|credential`)
	// secretText is what a secret looks like wherever it stands: an access key, a private key, an assigned password.
	secretText = regexp.MustCompile(`AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|(?i)(password|passwd|pgpassword)\s*[=:]\s*\S`)
	// harmless are the inputs that are named like secrets and hold none.
	harmless = map[string]bool{
		"masterUserSecretKmsKeyId": true, // the ARN of a key
		"httpTokens":               true, // "required": of the instance metadata service
		"read-database-secret":     true, // a policy document
	}
)

// eachText calls visit with every text within a value and the key that it stands under.
func eachText(key string, value resource.PropertyValue, visit func(key, text string)) {
	switch {
	case value.IsSecret():
		eachText(key, value.SecretValue().Element, visit)
	case value.IsString():
		visit(key, value.StringValue())
	case value.IsArray():
		for _, element := range value.ArrayValue() {
			eachText(key, element, visit)
		}
	case value.IsObject():
		for name, element := range value.ObjectValue() {
			eachText(string(name), element, visit)
		}
	}
}

// leaks lists the texts among a registration's inputs that are secrets by their name or form. User data is opened.
func leaks(r pulumitest.Registration) []string {
	var found []string
	eachText("", resource.NewProperty(r.Inputs), func(key, text string) {
		if opened, err := base64.StdEncoding.DecodeString(text); err == nil && key == "userData" {
			text = string(opened)
		}
		if secretKey.MatchString(key) && !harmless[key] || secretText.MatchString(text) {
			found = append(found, fmt.Sprintf("%s %s.%s", r.Type, r.Name, key))
		}
	})
	return found
}

func TestNoSecretIsAnInput(t *testing.T) {
	rec := deployed(t, reference())
	for _, r := range rec.Registrations() {
		require.Empty(t, leaks(r))
	}
	database := rec.Only(t, "aws:rds/instance:Instance")
	require.Equal(t, true, database.Value("manageMasterUserPassword"), "RDS makes the password and rotates it")
	require.Nil(t, database.Value("password"))
}

func TestLeaksAreFound(t *testing.T) {
	for name, inputs := range map[string]map[string]any{
		"by name":         {"password": "hunter2"},
		"nested":          {"settings": []any{map[string]any{"authToken": "t0k3n"}}},
		"an access key":   {"description": "AKIA" + strings.Repeat("Q", 16)},
		"in user data":    {"userData": base64.StdEncoding.EncodeToString([]byte("export PGPASSWORD=hunter2"))},
		"a private key":   {"content": "-----BEGIN RSA PRIVATE KEY-----"},
		"in a parameters": {"value": "password: hunter2"},
	} {
		require.NotEmpty(t, leaks(pulumitest.Registration{Inputs: resource.NewPropertyMapFromMap(inputs)}), name)
	}
	require.Empty(t, leaks(pulumitest.Registration{Inputs: resource.NewPropertyMapFromMap(map[string]any{"httpTokens": "required"})}))
}
