// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// subnetsByRange finds subnets by their IPv6 ranges, which moto knows and cannot filter by, and whose state it writes as Python
// does. The provider waits that way until a new range is there.
func subnetsByRange(x *Exchange) (*wire.Reply, error) {
	const prefix = "ipv6-cidr-block-association."
	wanted := map[string][]string{}
	for key, values := range x.Call.Form {
		number, isName := strings.CutSuffix(key, ".Name")
		what, isRange := strings.CutPrefix(values[0], prefix)
		if !isName || !isRange {
			continue
		}
		for value := range x.Call.Form {
			if strings.HasPrefix(value, number+".Value.") {
				wanted[what] = append(wanted[what], x.Call.Form.Get(value))
				x.Call.Form.Set(value, "available")
			}
		}
		x.Call.Form.Set(key, "state")
	}
	x.Call.SetForm()
	reply, err := x.Pass()
	return editXML(reply, err, func(root *wire.Node) {
		for _, state := range root.Find("subnetSet/item/ipv6CidrBlockAssociationSet/item/ipv6CidrBlockState") {
			if slices.Contains([]string{"{'State': 'associated'}", "{'State': 'disassociated'}"}, state.Get("state")) {
				state.Set(wire.Element("state", strings.Split(state.Get("state"), "'")[3]))
			}
		}
		if len(wanted) == 0 {
			return
		}
		set := root.Find("subnetSet")[0]
		set.Children = slices.DeleteFunc(set.Children, func(subnet *wire.Node) bool {
			for what, values := range wanted {
				path := map[string]string{"association-id": "associationId", "ipv6-cidr-block": "ipv6CidrBlock", "state": "ipv6CidrBlockState/state"}[what]
				if !slices.ContainsFunc(subnet.Find("ipv6CidrBlockAssociationSet/item"), func(one *wire.Node) bool { return slices.Contains(values, one.Get(path)) }) {
					return true
				}
			}
			return false
		})
	})
}
