// SPDX-License-Identifier: Apache-2.0

// Package eks holds the controls of Amazon EKS.
package eks

import (
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "eks-endpoint-restricted", Title: "Kubernetes endpoints are not open to the whole internet", Severity: pack.High,
			Public: true,
			Types:  []string{aws.EKSCluster},
			Why:    "The endpoint is where the cluster is ruled from; a stolen token works from anywhere.",
			Fix:    "Set vpcConfig.endpointPublicAccess to false, or list your own ranges in publicAccessCidrs.",
			Maps:   standard.Meets("FSBP:EKS.1", standard.Exposure), Check: func(k *pack.Case) {
				ranges := k.Get("vpcConfig.publicAccessCidrs")
				known, unknown := ranges.Strings()
				wide := ranges.IsSet().Not()
				if open, _ := address.Wide(known...); open {
					wide = pack.Yes(ranges)
				}
				wide = wide.Or(want.Unknown(unknown))
				k.Forbid(k.Get("vpcConfig.endpointPublicAccess").Is(true, true).And(wide), "the endpoint answers everybody")
			},
		},
		{
			ID: "eks-nodes-ssh-world", Title: "Nodes do not take SSH from the internet", Severity: pack.Critical, Public: true,
			Types: []string{"aws:eks/nodeGroup:NodeGroup"},
			Why:   "With a key and no source group EKS opens port 22 of every node to the whole internet.",
			Fix:   "Leave remoteAccess out and use Session Manager, or name the groups that may in remoteAccess.sourceSecurityGroupIds.",
			Maps:  standard.Meets(standard.Exposure), Check: func(k *pack.Case) {
				access := k.Get("remoteAccess")
				k.Forbid(access.Get("ec2SshKey").IsSet().And(access.Get("sourceSecurityGroupIds").IsSet().Not()),
					"remoteAccess.ec2SshKey is set and remoteAccess.sourceSecurityGroupIds is not, so that port 22 is open to the internet")
			},
		},
		want.Properties{
			"aws:eks/cluster:Cluster": {"encryptionConfig.provider.keyArn": want.Given, "encryptionConfig.resources": want.Holding("secrets")},
		}.Control(pack.Control{
			ID: "eks-secrets-encrypted", Title: "Kubernetes secrets are encrypted with a key of yours", Severity: pack.Medium,
			Why:  "Whoever reads the disks of the control plane or a backup of it otherwise reads every secret of the cluster.",
			Fix:  "Set encryptionConfig with the resource secrets and a provider key.",
			Maps: standard.Meets("FSBP:EKS.3", standard.AtRest, standard.KeyCare),
		}),
		want.Row("eks-version", "Kubernetes runs in a version that AWS supports",
			"Old versions get no security patches, or cost six times as much.",
			"Set version to one in standard support, or leave it out.", "FSBP:EKS.2 "+standard.Patching, pack.High, "",
			want.Properties{aws.EKSCluster: {"version": want.Matching("a version in standard support, or left out", func(version string) bool {
				return inStandardSupport(version, time.Now())
			}).WhereIs("version", pack.Value.IsSet)}}),
	}
}
