// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// property describes one property as a Pulumi program sees it.
type property struct {
	Input      bool                `json:"input"`                // may be set by a program
	Required   bool                `json:"required,omitempty"`   // must be set by a program
	List       bool                `json:"list,omitempty"`       // an array in the SDK
	Type       string              `json:"type"`                 // bool, int, float, string, list, set, map or object
	Properties map[string]property `json:"properties,omitempty"` // of a nested block
}

// describe returns the properties of every mapped resource by Pulumi token.
func describe(info *tfbridge.ProviderInfo) map[string]map[string]property {
	types := map[string]map[string]property{}
	for name, mapped := range info.Resources {
		if upstream, ok := info.P.ResourcesMap().GetOk(name); ok {
			types[string(mapped.Tok)] = properties(upstream.Schema(), mapped.Fields, map[string]bool{"id": true, "region": true})
		}
	}
	for name, mapped := range info.DataSources {
		if upstream, ok := info.P.DataSourcesMap().GetOk(name); ok {
			types[string(mapped.Tok)] = properties(upstream.Schema(), mapped.Fields, map[string]bool{"id": true, "region": true})
		}
	}
	return types
}

func properties(fields shim.SchemaMap, infos map[string]*tfbridge.SchemaInfo, skip map[string]bool) map[string]property {
	described := map[string]property{}
	fields.Range(func(name string, s shim.Schema) bool {
		if skip[name] {
			return true
		}
		p := property{Input: s.Optional() || s.Required(), Required: s.Required(), Type: s.Type().String()}
		if s.Type() == shim.TypeList || s.Type() == shim.TypeSet {
			p.List = !tfbridge.IsMaxItemsOne(s, infos[name])
		}
		if block, ok := s.Elem().(shim.Resource); ok {
			var nested map[string]*tfbridge.SchemaInfo
			if i := infos[name]; i != nil && i.Elem != nil {
				nested = i.Elem.Fields
			}
			p.Properties = properties(block.Schema(), nested, nil)
		}
		described[tfbridge.TerraformToPulumiNameV2(name, fields, infos)] = p
		return true
	})
	return described
}
