// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"encoding/json"
	"fmt"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// describe is the pack's metadata for the engine.
func (p *Pack) describe() *pulumirpc.AnalyzerInfo {
	info := &pulumirpc.AnalyzerInfo{
		Name: p.Name, DisplayName: p.Title, Version: p.Version, SupportsConfig: true, Description: p.About,
		Readme: p.Readme, Provider: p.Provider, Tags: p.Tags, Repository: p.Source,
	}
	for _, c := range p.controls {
		info.Policies = append(info.Policies, c.describe(p))
	}
	return info
}

func (c *Control) describe(p *Pack) *pulumirpc.PolicyInfo {
	info := &pulumirpc.PolicyInfo{
		Name: c.ID, DisplayName: c.Title, Description: c.Why, Message: c.Title + ".",
		EnforcementLevel: levelForEngine(c.DefaultLevel()), PolicyType: pulumirpc.PolicyType_POLICY_TYPE_RESOURCE,
		Severity: pulumirpc.PolicySeverity(c.Severity), RemediationSteps: c.Fix, Url: c.URL,
		Tags: append([]string{"concern:" + string(c.About())}, c.Maps...),
	}
	if c.Stack {
		info.PolicyType = pulumirpc.PolicyType_POLICY_TYPE_STACK
	}
	for _, m := range c.Maps {
		if framework, id, ok := strings.Cut(m, ":"); ok {
			page := requirementPage(m)
			if page == "" {
				page = c.URL
			}
			info.Framework = &pulumirpc.PolicyComplianceFramework{Name: framework, Version: p.Framework(framework).Version, Specification: id,
				Reference: page}
			break
		}
	}
	if len(c.Settings) > 0 {
		properties := map[string]any{}
		for i := range c.Settings {
			properties[c.Settings[i].Name] = c.Settings[i].schema()
		}
		schema, err := structpb.NewStruct(properties)
		if err != nil {
			panic(fmt.Sprintf("control %s: setting defaults are not JSON: %v", c.ID, err))
		}
		info.ConfigSchema = &pulumirpc.PolicyConfigSchema{Properties: schema}
	}
	return info
}

// DefaultJSON is the default as it would be written in a configuration.
func (s *Setting) DefaultJSON() string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s.Default); err != nil {
		panic(fmt.Sprintf("setting %s: the default is not JSON: %v", s.Name, err))
	}
	return strings.TrimSpace(b.String())
}
