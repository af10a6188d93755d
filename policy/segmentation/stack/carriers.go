// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// carrying are beginnings of type tokens of what can carry packets and has no place in the model. Global Accelerator and the origins of
// CloudFront reach what has no public address: https://docs.aws.amazon.com/global-accelerator/latest/dg/secure-vpc-connections.html.
var carrying = []string{
	"ec2transitgateway/vpcattachment", "ec2transitgateway/peeringattachment", "ec2/vpngateway:", "ec2/vpnconnection", "ec2clientvpn/", "networkfirewall/firewall:", "networkfirewall/vpcendpointassociation:",
	"vpclattice/servicenetworkvpcassociation", "vpclattice/servicenetworkservice", "vpclattice/resourcegateway:", "networkmanager/vpcattachment", "networkmanager/connectpeer:", "ec2/carriergateway",
	"ec2/localgatewayroute", "directconnect/gatewayassociation", "elb/loadbalancer:", "ec2/trafficmirrorsession", "ec2/vpcendpointservice:", "globalaccelerator/endpointgroup:",
	"globalaccelerator/customroutingendpointgroup:", "cloudfront/vpcorigin:", "ec2/vpngatewayattachment:", "vpclattice/targetgroupattachment:", "apigateway/vpclink:",
	"apigatewayv2/vpclink:", "verifiedaccess/endpoint:", "odb/networkpeeringconnection:",
}

// making are beginnings of type tokens of what may make or change any part of a network, and interfaces in it, in words that the proof does
// not read: templates, desired states, and services that start hosts with groups of their own.
var making = []string{
	"cloudformation/stack", "cloudcontrol/resource:", "servicecatalog/provisionedproduct:", "serverlessrepository/cloudformationstack:", "elasticbeanstalk/environment:", "fms/policy:",
}

// native are the modules of AWS's native provider, whose words differ, of which a network is made. Their interfaces are read by their groups.
var native = []string{
	"ec2", "elasticloadbalancing", "elasticloadbalancingv2", "autoscaling", "cloudformation", "servicecatalog", "elasticbeanstalk", "ecs", "eks", "networkfirewall", "networkmanager",
	"globalaccelerator", "vpclattice", "directconnect", "fms", "cloudfront:vpcorigin",
}

// isCarrier reports whether a resource can carry packets in a way that has no place in the model.
func isCarrier(r *resource) bool {
	kind := r.told("vpcEndpointType").Str()
	switch f := family(r.Type); {
	case f == "ec2/vpcEndpoint":
		return slices.Contains([]string{"GatewayLoadBalancer", "Resource", "ServiceNetwork"}, kind)
	case f == "ecs/service":
		return set(r.told("vpcLatticeConfigurations")) && r.told("vpcLatticeConfigurations").Len() != 0
	case f == "lb/loadBalancer":
		return gatewayBalancer(r) != model.No
	case strings.HasSuffix(strings.ToLower(f), "instanceconnectendpoint"): // it hands on packets with the address of the client
		return certain(r.told("preserveClientIp"), model.Yes) != model.No
	}
	return begins(r, carrying)
}

func begins(r *resource, tokens []string) bool {
	token := strings.ToLower(strings.TrimPrefix(r.Type, "aws:"))
	return slices.ContainsFunc(tokens, func(t string) bool { return strings.HasPrefix(token, t) })
}

// isUnread reports whether a resource may change the network where nobody can tell.
func isUnread(r *resource) bool {
	token := strings.ToLower(r.Type)
	module, of := strings.CutPrefix(token, "aws-native:")
	return begins(r, making) || strings.HasPrefix(token, "aws:index/") || strings.Contains(token, ":tf:aws_") || outward(r, token) ||
		of && slices.ContainsFunc(native, func(m string) bool { return strings.HasPrefix(module+":", m+":") })
}

// outward reports whether a resource of Kubernetes is one for which the controllers of AWS make load balancers and open ports of nodes.
func outward(r *resource, token string) bool {
	kind := r.told("spec.type")
	return strings.HasPrefix(token, "kubernetes:core/v1:service") && (kind.IsUnknown() || kind.Str() == "LoadBalancer") ||
		strings.HasPrefix(token, "kubernetes:networking.k8s.io/v1:ingress") || strings.HasPrefix(token, "kubernetes:gateway.networking.k8s.io/") ||
		strings.HasPrefix(token, "kubernetes:helm.sh/")
}

// carriers makes unmodelled of what could carry packets, in the VPC that it names or stands in, and of what may change the network and
// is not read: every interface and load balancer may then be otherwise.
func (b *builder) carriers() {
	for _, r := range b.all {
		switch {
		case isUnread(r):
			b.net.Unmodelled = append(b.net.Unmodelled, model.Unmodelled{ID: r.URN, What: r.Type})
			why := r.Name + " (" + r.Type + ") may change the network"
			for i := range b.net.Interfaces {
				b.net.Interfaces[i].Doubt = cmp.Or(b.net.Interfaces[i].Doubt, why)
			}
			for i := range b.net.LoadBalancers {
				b.net.LoadBalancers[i].Doubt = cmp.Or(b.net.LoadBalancers[i].Doubt, why)
			}
		case isCarrier(r):
			b.net.Unmodelled = append(b.net.Unmodelled, model.Unmodelled{ID: r.URN, What: r.Type, VPC: b.home(r)})
		}
	}
}

// home is the VPC that a resource names, or that a subnet of it is in.
func (b *builder) home(r *resource) string {
	if vpc := b.vpcOf(r); vpc != "" {
		return vpc
	}
	for _, key := range []string{"subnetId", "subnetIds", "subnets"} {
		for _, id := range b.ref(r, key, subnetFamilies...).ids {
			if s := b.subnet(id); s != nil && s.VPC != "" {
				return s.VPC
			}
		}
	}
	return ""
}
