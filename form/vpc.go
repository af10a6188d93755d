// SPDX-License-Identifier: Apache-2.0

package form

import "regexp"

// The ids that EC2 gives to VPCs and subnets: 8 or 17 hexadecimal digits (EC2 user guide, "Resource IDs").
var (
	vpcForm    = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
	subnetForm = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// CheckVPCID accepts the id of a VPC.
func CheckVPCID(id string) error {
	if !vpcForm.MatchString(id) {
		return Text(id, "is not the id of a VPC", "write it like vpc-0123456789abcdef0")
	}
	return nil
}

// CheckSubnetID accepts the id of a subnet.
func CheckSubnetID(id string) error {
	if !subnetForm.MatchString(id) {
		return Text(id, "is not the id of a subnet", "write it like subnet-0123456789abcdef0")
	}
	return nil
}
