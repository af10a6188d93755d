// SPDX-License-Identifier: Apache-2.0

package pack

import (
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
		info.Policies = append(info.Policies, c.describe())
	}
	return info
}

func (c *Control) describe() *pulumirpc.PolicyInfo {
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
			info.Framework = &pulumirpc.PolicyComplianceFramework{Name: framework, Specification: id, Reference: c.URL}
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
