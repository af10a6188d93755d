// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/stacks"
)

// Policies say what judges an environment: the policy pack, and the profile that its stack file names (bulkhead:profile).
// Rehearsals, previews, deployments and the pipeline all take it from here.
type Policies struct {
	Pack   string // The built policy pack.
	Config string // Its configuration, policy/profiles/<profile>.json.
}

// PoliciesOf returns what judges an environment with a profile. The error lists the profiles that there are.
func PoliciesOf(root, environment, profile string) (Policies, error) {
	folder := filepath.Join(root, "policy", "profiles")
	p := Policies{Pack: filepath.Join(Bin(root), "policy"), Config: filepath.Join(folder, profile+".json")}
	if _, err := os.Stat(p.Config); err == nil {
		return p, nil
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return p, err
	}
	var known []string
	for _, file := range files {
		known = append(known, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	slices.Sort(known)
	return p, fmt.Errorf("%s: bulkhead:profile: %q is not a profile, %s does not exist; known are %s",
		stacks.FileName(environment), profile, filepath.Join("policy", "profiles", profile+".json"), strings.Join(known, ", "))
}

// Args are the options of the CLI that enforce the policies.
func (p Policies) Args() []string {
	return []string{"--policy-pack", p.Pack, "--policy-pack-config", p.Config}
}

// Environ are the same options as variables of the environment, for a CLI that somebody else calls. The CLI reads every
// option from a variable PULUMI_OPTION_<NAME>.
func (p Policies) Environ() []string {
	return []string{"PULUMI_OPTION_POLICY_PACK=" + p.Pack, "PULUMI_OPTION_POLICY_PACK_CONFIG=" + p.Config}
}
