// SPDX-License-Identifier: Apache-2.0

package pulumitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// exported is a resource as "pulumi stack export" writes it, sdk/go/common/apitype.ResourceV3.
type exported struct {
	URN                  string              `json:"urn"`
	Type                 string              `json:"type"`
	Custom               bool                `json:"custom"`
	Parent               string              `json:"parent,omitempty"`
	ID                   string              `json:"id,omitempty"`
	Protect              bool                `json:"protect,omitempty"`
	Provider             string              `json:"provider,omitempty"`
	Inputs               map[string]any      `json:"inputs,omitempty"`
	Outputs              map[string]any      `json:"outputs,omitempty"`
	PropertyDependencies map[string][]string `json:"propertyDependencies,omitempty"`
}

// Export writes what was registered in the form of a stack export, one resource a line in the order of type and name. The
// outputs are those that the monitor made up; secrets are left out as if they were encrypted. What was only read is not in it.
func (r *Recording) Export() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"version":3,"deployment":{"manifest":{},"resources":[`)
	first := true
	for _, one := range r.Registrations() {
		if one.Read {
			continue
		}
		line, err := one.export()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.URN, err)
		}
		if !first {
			b.WriteString(",")
		}
		first = false
		b.WriteString("\n" + line)
	}
	b.WriteString("\n]}}\n")
	return b.Bytes(), nil
}

func (r Registration) export() (string, error) {
	inputs, err := wire(r.Inputs)
	if err != nil {
		return "", err
	}
	outputs, err := wire(r.Outputs)
	if err != nil {
		return "", err
	}
	if r.ID != "" {
		outputs["id"] = r.ID
	}
	for _, urns := range r.PropertyDependencies {
		slices.Sort(urns)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err = e.Encode(exported{
		URN: r.URN, Type: r.Type, Custom: r.Custom, Parent: r.Parent, ID: r.ID, Protect: r.Protect, Provider: r.Provider, Inputs: inputs, Outputs: outputs,
		PropertyDependencies: r.PropertyDependencies,
	})
	return string(bytes.TrimSpace(b.Bytes())), err
}

// wire writes properties as the engine does, without what is a secret.
func wire(properties resource.PropertyMap) (map[string]any, error) {
	object, err := plugin.MarshalProperties(properties, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true})
	if err != nil {
		return nil, err
	}
	plain, _ := withoutSecrets(object.AsMap()).(map[string]any)
	return plain, nil
}

// withoutSecrets puts a text that nobody can read in the place of every secret.
func withoutSecrets(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withoutSecrets(v[i])
		}
	case map[string]any:
		if mark, ok := v[resource.SigKey]; ok && mark == resource.SecretSig {
			return map[string]any{resource.SigKey: mark, "ciphertext": "left out"}
		}
		for key := range v {
			v[key] = withoutSecrets(v[key])
		}
	}
	return v
}
