// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/database"
)

// Export makes what operators and other stacks need the outputs of the stack. Another stack reads them through a
// StackReference:
//
//   - vpcId, subnetIds (by tier and zone), securityGroupIds (by segment), outgoingAddresses (by zone);
//   - logKeyArn, boundaryArn, alarmTopicArn, recordsTopicArn, backupVaultArn;
//   - loadBalancer, loadBalancerArn, listenerArn, hosts, zoneId;
//   - services by name, each with autoScalingGroup and role;
//   - databases by name, each with identifier, address, secretArn (the owner's), keyArn, userSecretArns (by user), and attachments: by
//     user all that a client needs in order to log in, as database.Attachment says, without a secret; external ones have address, secretArn and
//     attachments;
//   - sessionCommand, operatorPolicyArn.
func (e *Environment) Export(ctx *pulumi.Context) {
	outputs := pulumi.Map{
		"vpcId":            e.Network.VPCID,
		"subnetIds":        e.Network.SubnetIDsByZone(),
		"securityGroupIds": e.Network.GroupIDs(),
		"logKeyArn":        e.Account.LogKeyARN,
		"boundaryArn":      e.Account.BoundaryARN,
		"alarmTopicArn":    e.Topic.ARN,
	}
	if e.Backup != nil {
		outputs["backupVaultArn"] = e.Backup.VaultARN
	}
	if e.Records != nil {
		outputs["recordsTopicArn"] = e.Records.ARN
	}
	addresses := pulumi.StringMap{}
	for zone, address := range e.Network.NATPublicIPs {
		addresses[zone] = address
	}
	outputs["outgoingAddresses"] = addresses
	if e.Edge != nil {
		outputs["loadBalancer"] = e.Edge.DNSName
		outputs["loadBalancerArn"] = e.Edge.LoadBalancerARN
		outputs["listenerArn"] = e.Edge.ListenerARN
		outputs["zoneId"] = pulumi.String(e.Edge.ZoneID)
		outputs["hosts"] = pulumi.ToStringArray(e.Edge.Hosts)
	}
	if e.Bastion != nil {
		outputs["sessionCommand"] = e.Bastion.SessionCommand
		outputs["operatorPolicyArn"] = e.Bastion.OperatorPolicyARN
	}
	services, databases := pulumi.Map{}, pulumi.Map{}
	for name, s := range e.Services {
		services[name] = pulumi.Map{"autoScalingGroup": s.AutoScalingGroupName, "role": s.RoleName}
	}
	for name, d := range e.Databases {
		databases[name] = tell(d)
	}
	outputs["services"], outputs["databases"] = services, databases
	for name, output := range outputs {
		ctx.Export(name, output)
	}
}

// tell is what others learn of a database: of an external one where it answers, and how one attaches it.
func tell(d *database.Database) pulumi.Map {
	attachments := pulumi.Map{}
	for user, attachment := range d.Attachments() {
		attachments[user] = attachment.Document()
	}
	told := pulumi.Map{"address": d.Address, "secretArn": d.SecretARN, "attachments": attachments}
	if !d.External() {
		told["identifier"], told["keyArn"], told["userSecretArns"] = d.Identifier, d.KeyARN, pulumi.ToStringMapOutput(d.UserSecretARNs)
	}
	return told
}
