// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Export makes what operators and other stacks need the outputs of the stack. Another stack reads them through a
// StackReference:
//
//   - vpcId, subnetIds (by tier and zone), securityGroupIds (by segment), outgoingAddresses (by zone);
//   - logKeyArn, boundaryArn, alarmTopicArn;
//   - loadBalancer, loadBalancerArn, listenerArn, hosts, zoneId;
//   - autoScalingGroup and appRole of a single service, services of several (by name);
//   - databaseAddress, databaseSecretArn, databaseKeyArn of a single database, databases of several (by name);
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
	services := map[string]pulumi.Map{}
	for name, s := range e.Services {
		services[name] = pulumi.Map{"autoScalingGroup": s.AutoScalingGroupName, "appRole": s.RoleName}
	}
	databases := map[string]pulumi.Map{}
	for name, d := range e.Databases {
		databases[name] = pulumi.Map{"databaseAddress": d.Address, "databaseSecretArn": d.SecretARN, "databaseKeyArn": d.KeyARN}
	}
	oneOrMany(outputs, "services", services)
	oneOrMany(outputs, "databases", databases)
	for name, output := range outputs {
		ctx.Export(name, output)
	}
}

// oneOrMany exports a single part flat, and several by their names.
func oneOrMany(outputs pulumi.Map, name string, parts map[string]pulumi.Map) {
	if len(parts) != 1 {
		byName := pulumi.Map{}
		for part, values := range parts {
			byName[part] = values
		}
		outputs[name] = byName
		return
	}
	for _, values := range parts {
		for key, value := range values {
			outputs[key] = value
		}
	}
}
