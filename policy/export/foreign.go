// SPDX-License-Identifier: Apache-2.0

package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// cure is how one gets a file that can be judged.
const cure = `write one with "pulumi preview --json > preview.json", or "pulumi stack export > state.json"`

func notOurs(kind string) error {
	return fmt.Errorf("%w: it is %s; %s", ErrNoDeployment, kind, cure)
}

// kinds are files that are easily taken for one that can be judged, by the keys at their top; "a|b" is one of several.
// The first that fits is told.
var kinds = []struct {
	name string
	keys []string
}{
	{"a Terraform state, which this pack does not read", []string{"terraform_version", "serial|lineage|resources|values"}},
	{"a Terraform plan, which this pack does not read", []string{"format_version", "planned_values|resource_changes"}},
	{"a Terraform configuration in JSON, which this pack does not read", []string{"resource|terraform|module|provider", "!runtime"}},
	{"a CloudFormation template synthesised by the AWS CDK, which this pack does not read", []string{"Resources", "Rules", "Parameters"}},
	{"a CloudFormation template, which this pack does not read", []string{"AWSTemplateFormatVersion|Resources|Transform"}},
	{"a cloud assembly of the AWS CDK, which this pack does not read", []string{"version", "artifacts|tree"}},
	{"the settings of an AWS CDK app, which this pack does not read", []string{"app", "context|watch|output"}},
	{"a Kubernetes manifest, which this pack does not read", []string{"apiVersion", "kind"}},
	{"an update plan of Pulumi, which holds goals and no states", []string{"resourcePlans"}},
	{"a Pulumi project file; run Pulumi in its folder", []string{"runtime", "name"}},
	{"a file with the settings of a Pulumi stack", []string{"config|encryptionsalt|secretsprovider|encryptedkey"}},
	{"a configuration of this pack; give it with -config", []string{"pack-governance"}},
	{"a file with waivers; give it with -waivers", []string{"waivers"}},
}

// terraformBlock begins a block of a Terraform configuration.
var terraformBlock = regexp.MustCompile(`(?m)^\s*(resource|provider|module|variable|terraform|data|locals)\s*("[^"\n]*"\s*)*\{`)

// foreign names what kind of file a text is, or returns "" where it is none that is known. JSON is YAML too.
func foreign(text []byte) string {
	if bytes.HasPrefix(text, []byte("PK\x03\x04")) {
		return "a zip archive; Terraform keeps plans so, which this pack does not read"
	}
	top := keysOf(text)
	for _, k := range kinds {
		if fits(top, k.keys) {
			return k.name
		}
	}
	if terraformBlock.Match(text) {
		return "a Terraform configuration, which this pack does not read"
	}
	return ""
}

// longestYAML is the longest YAML that is read to find out what it is.
const longestYAML = 16 << 20

// keysOf returns the keys of an object in JSON or YAML.
func keysOf(text []byte) map[string]bool {
	var object map[string]json.RawMessage
	keys := map[string]bool{}
	if json.Unmarshal(text, &object) == nil {
		for key := range object {
			keys[key] = true
		}
		return keys
	}
	var mapping map[string]yaml.Node
	if len(text) < longestYAML && yaml.Unmarshal(text, &mapping) == nil {
		for key := range mapping {
			keys[key] = true
		}
	}
	return keys
}

// fits reports whether an object has a key of every group; "!" before a key wants it not to be there.
func fits(top map[string]bool, groups []string) bool {
	return !slices.ContainsFunc(groups, func(group string) bool {
		if forbidden, ok := strings.CutPrefix(group, "!"); ok {
			return top[forbidden]
		}
		return !slices.ContainsFunc(strings.Split(group, "|"), func(key string) bool { return top[key] })
	})
}
