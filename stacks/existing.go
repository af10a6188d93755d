// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
)

// SubnetIDs are the ids of ExistingSubnetIDs by the name of their tier, nil without any.
func (n Network) SubnetIDs() map[string][]string {
	var ids map[string][]string
	for _, entry := range n.ExistingSubnetIDs {
		if ids == nil {
			ids = map[string][]string{}
		}
		tier, id, _ := strings.Cut(entry, " ")
		ids[tier] = append(ids[tier], id)
	}
	return ids
}

// existingSubnet checks one of ExistingSubnetIDs.
func existingSubnet(entry string) error {
	tier, id, two := strings.Cut(entry, " ")
	if !two || tier == "" {
		return form.Text(entry, "is not a tier and a subnet", "write it like app subnet-0123456789abcdef0")
	}
	return form.CheckSubnetID(id)
}

func oneVPC(s *Settings) []fault {
	switch own, existing := s.Network.VPCCIDR, s.Network.ExistingVPCID; {
	case own == "" && existing == "":
		return about("vpcCidr", "", "is missing like existingVpcId, and there is nothing to put subnets into", "set one of the two, for example vpcCidr: 10.20.0.0/16")
	case own != "" && existing != "":
		return about("vpcCidr", quoted(own), "is given beside existingVpcId, which has its ranges already", "keep one of the two")
	}
	return nil
}

func existingSubnetsFit(s *Settings) []fault {
	const key = "existingSubnetIds"
	tiers, zones := s.Network.SubnetIDs(), len(s.Network.Zones)
	switch existing := s.Network.ExistingVPCID != ""; {
	case existing && len(tiers) == 0:
		return about(key, "", "is empty, and the tiers have no subnets to move into", "list one of each tier in each zone, such as app subnet-0123456789abcdef0")
	case !existing && len(tiers) > 0:
		return about(key, "", "is given without existingVpcId", "name the VPC too, or remove it")
	}
	var faults []fault
	holder := map[string]string{}
	for _, tier := range slices.Sorted(maps.Keys(tiers)) {
		if ids := tiers[tier]; len(ids) != zones {
			faults = append(faults, about(key, "", fmt.Sprintf("has %d subnets of the tier %s for %d zones", len(ids), tier, zones), "list one in each zone")...)
		}
		for _, id := range tiers[tier] {
			if other, taken := holder[id]; taken {
				faults = append(faults, about(key, quoted(id), "is in the tier "+other+" and in the tier "+tier, "give each tier subnets of its own")...)
			}
			holder[id] = tier
		}
	}
	return faults
}

// ownersDecide refuses settings that an existing VPC leaves without effect.
func ownersDecide(s *Settings) []fault {
	if s.Network.ExistingVPCID == "" {
		return nil
	}
	var faults []fault
	if s.Network.NATStrategy != NATNone {
		faults = about("natStrategy", quoted(s.Network.NATStrategy), "is given beside existingVpcId, whose owner has its gateways already", "remove it")
	}
	for _, of := range [][2]string{{"dnsBlockOffReason", s.Network.DNSBlockOffReason}, {"dnsFailClosedOffReason", s.Network.DNSFailClosedOffReason}} {
		if key, reason := of[0], of[1]; reason != "" {
			faults = append(faults, about(key, quoted(reason), "is given beside existingVpcId, whose names are its owner's to answer", "remove it")...)
		}
	}
	return faults
}
