// SPDX-License-Identifier: Apache-2.0

package intent

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
)

// Words is a list that may be written as one text with commas.
type Words []string

// UnmarshalYAML reads a text, a number or a list of them.
func (w *Words) UnmarshalYAML(n *yaml.Node) error {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	for _, item := range items {
		if item.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: a text or a list of texts is needed", item.Line)
		}
		for word := range strings.SplitSeq(item.Value, ",") {
			if word = strings.TrimSpace(word); word != "" {
				*w = append(*w, word)
			}
		}
	}
	return nil
}

// Tier is the name of a tier. It may be written as an object with the name and what the tier is like.
type Tier string

// UnmarshalYAML reads a text or an object with a name.
func (t *Tier) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*t = Tier(n.Value)
		return nil
	}
	var full struct {
		Name string `yaml:"name"`
	}
	err := n.Decode(&full)
	*t = Tier(full.Name)
	return err
}

// Ports are protocols with ports or ICMP types: "tcp/443, udp/5000-5100, icmp/8", a list of such, "all", or an object with
// protocol, from and to, which are type and code for ICMP. ICMP types from 128 are those of IPv6.
type Ports struct {
	set   flow.Set
	wrong error
}

// Set is what the ports admit.
func (p *Ports) Set() flow.Set { return p.set }

// UnmarshalYAML reads ports in any of their forms. What is wrong with them is told by [Table.Settle].
func (p *Ports) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.MappingNode {
		var full struct {
			Protocol string
			From, To int
		}
		if err := n.Decode(&full); err != nil {
			return err
		}
		text := fmt.Sprintf("%s/%d-%d", full.Protocol, full.From, full.To)
		if full.Protocol != "icmp" {
			p.set, p.wrong = flow.Parse(text)
			return nil
		}
		if full.From >= 128 {
			full.Protocol = "icmpv6"
		}
		p.set, p.wrong = flow.Parse(fmt.Sprintf("%s/%d", full.Protocol, full.From))
		if code := full.To; code >= 0 && p.wrong == nil {
			at := p.set[0].V[0].Lo + flow.Number(code&255) //nolint:gosec // 0 to 255
			p.set = flow.One(p.set[0].Lo, at)
		}
		return nil
	}
	var words Words
	if err := words.UnmarshalYAML(n); err != nil {
		return err
	}
	for _, word := range words {
		s, err := flow.Parse(word)
		if err != nil {
			p.wrong = err
			return nil
		}
		p.set = p.set.Or(s)
	}
	return nil
}
