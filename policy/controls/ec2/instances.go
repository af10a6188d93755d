// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/credential"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// optimizable are the types for which EBS optimisation is a choice; all others have it or cannot (Amazon EC2 user guide, "Amazon
// EBS-optimized instance types").
var optimizable = strings.Fields(`c1.xlarge c3.xlarge c3.2xlarge c3.4xlarge g2.2xlarge i2.xlarge i2.2xlarge i2.4xlarge
	m1.large m1.xlarge m2.2xlarge m2.4xlarge m3.xlarge m3.2xlarge r3.xlarge r3.2xlarge r3.4xlarge`)

// devices returns the block devices of an instance, a launch configuration or a launch template.
func devices(k *pack.Case) []pack.Value {
	var out []pack.Value
	for _, path := range []string{"rootBlockDevice", "rootBlockDevices", "ebsBlockDevices"} {
		for v := range k.Get(path).Items() {
			out = append(out, v)
		}
	}
	for v := range k.Get("blockDeviceMappings").Items() {
		if ebs := v.Get("ebs"); ebs.Exists() {
			out = append(out, ebs)
		}
	}
	return out
}

func instances() []*pack.Control {
	return []*pack.Control{
		{
			ID: "ec2-imdsv2", Title: "Instances accept metadata requests with a session token only", Severity: pack.High, Types: aws.Machines,
			Why:  "With version 1 of the metadata service a single forged request from a web application hands out the instance's credentials.",
			Fix:  "Set metadataOptions.httpTokens to required.",
			Maps: standard.Meets("FSBP:EC2.8 FSBP:EC2.170 FSBP:AutoScaling.3 CIS:5.7", standard.Identity),
			Check: func(k *pack.Case) {
				m := k.Get("metadataOptions")
				if fromTemplate(k, m) {
					return
				}
				k.Require(m.Get("httpTokens").OneOf("required").Or(m.Get("httpEndpoint").OneOf("disabled")), "metadataOptions.httpTokens is %s",
					m.Get("httpTokens"))
			},
			Remedy: func(e *pack.Edit) {
				if !e.Get("metadataOptions.httpEndpoint").IsUnknown() && e.Get("metadataOptions.httpEndpoint").Str() != "disabled" {
					e.Set("metadataOptions.httpTokens", "required")
				}
			},
		},
		{
			ID: "ec2-imds-hop-limit", Title: "Metadata answers stay on the instance", Severity: pack.Medium, Types: aws.Machines,
			Why: "With more than one hop, containers and proxies on the instance can fetch its credentials.",
			Fix: "Leave metadataOptions.httpPutResponseHopLimit at 1.", Maps: standard.Meets("FSBP:AutoScaling.4", standard.Isolation),
			Check: func(k *pack.Case) {
				v := k.Get("metadataOptions.httpPutResponseHopLimit")
				k.Forbid(v.AtLeast(2), "metadataOptions.httpPutResponseHopLimit is %s", v)
			},
		},
		{
			ID: "ec2-imds-defaults", Title: "Account defaults ask for session tokens", Severity: pack.High,
			Types: []string{"aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults"},
			Why:   "The defaults are for every instance that does not choose by itself.", Fix: "Set httpTokens to required.",
			Maps: standard.Meets("FSBP:EC2.8", standard.Identity), Check: want.OneOf("httpTokens", "required"),
			Remedy: want.Put("httpTokens", "required"),
		},
		{
			ID: "ec2-no-public-ip", Public: true, Title: "Instances have no public address", Severity: pack.High, Types: aws.Machines,
			Joins: []string{aws.Subnet}, Stack: true,
			Why:  "An instance with a public address is one security group rule away from the internet.",
			Fix:  "Set associatePublicIpAddress to false; put a load balancer or Session Manager in front.",
			Maps: standard.Meets("FSBP:EC2.9 FSBP:EC2.25 FSBP:AutoScaling.5", standard.Exposure),
			Settings: []pack.Setting{want.Words("allowed",
				"Names of resources that may have one, such as \"*-bastion-template\"; \"*\" stands for any text.")},
			Check: func(k *pack.Case) {
				if want.Allowed(k) {
					return
				}
				publicCard(k, "subnetId", k.Inputs())
				for n := range k.Get("networkInterfaces").Items() {
					publicCard(k, "networkInterfaces", n)
				}
			},
		},
		{
			ID: "ec2-user-data-secrets", Title: "User data holds no secrets", Severity: pack.Critical, Types: aws.Machines,
			Why: "Everybody who may describe the instance can read its user data, and so can every program on it.",
			Fix: "Read secrets from Secrets Manager or Parameter Store at start, with the instance's role.", Maps: standard.Meets(standard.Identity),
			Check: userDataSecrets,
		},
		{
			ID: "ec2-instance-profile", Title: "Instances have a role", Severity: pack.Low, Concern: pack.Operations, Types: aws.Hosts,
			Why: "Without a role, programs on the instance are given keys that never change.", Fix: "Set iamInstanceProfile.",
			Maps: standard.Meets("CIS:1.17", standard.Identity),
			Check: func(k *pack.Case) {
				if !fromTemplate(k, k.Get("iamInstanceProfile")) {
					k.Require(k.Get("iamInstanceProfile").IsSet())
				}
			},
		},
		{
			ID: "ec2-detailed-monitoring", Title: "Instances are measured every minute", Severity: pack.Low, Level: pack.Disabled,
			Concern: pack.Cost, Types: []string{aws.EC2Instance, aws.SpotInstanceRequest, aws.LaunchTemplate, aws.LaunchConfiguration},
			Why: "Five-minute values hide short peaks. Detailed monitoring costs extra, so this is off by default.", Fix: "Set monitoring to true.",
			Maps: standard.Meets(standard.Monitoring), Check: func(k *pack.Case) {
				k.Require(k.Get("monitoring").IsTrue().Or(k.Get("monitoring.enabled").IsTrue()).Or(k.Get("enableMonitoring").IsTrue()))
			},
		},
		{
			ID: "ec2-ebs-optimized", Title: "Instances have their own path to their disks", Severity: pack.Low, Level: pack.Disabled,
			Concern: pack.Cost, Types: aws.Hosts,
			Why: "On some old instance types disk and network traffic share one link unless that is switched off. Current types are always " +
				"optimised and other old ones never, so this is off by default.",
			Fix: "Set ebsOptimized to true or use a current type.", Maps: standard.Meets(standard.Hygiene), Check: func(k *pack.Case) {
				choice := k.Get("instanceType").Matches(func(s string) bool { return slices.Contains(optimizable, s) })
				k.Forbid(choice.And(k.Get("ebsOptimized").IsTrue().Not()), "ebsOptimized is %s", k.Get("ebsOptimized"))
			},
		},
		{
			ID: "ec2-old-types", Title: "Instances use current types", Severity: pack.Medium, Types: aws.Machines,
			Why: "Types of the first generations run without the Nitro system: paravirtual, slower to patch and without encryption between " +
				"instances.",
			Fix: "Use a type such as t4g, m7g or c7i.", Maps: standard.Meets("FSBP:EC2.24", standard.Patching), Check: func(k *pack.Case) {
				k.Forbid(k.Get("instanceType").Matches(func(s string) bool {
					family, _, _ := strings.Cut(s, ".")
					switch family {
					case "t1", "m1", "m2", "m3", "c1", "c3", "cc2", "cg1", "cr1", "g2", "hi1", "hs1", "i2", "r3":
						return true
					}
					return false
				}))
			},
		},
		{
			ID: "ec2-no-key-pair", Title: "Instances have no SSH key pair", Severity: pack.Medium, Types: aws.Machines,
			Why:  "A key pair is a login that no identity system knows of and nobody revokes.",
			Fix:  "Leave keyName out and use Session Manager or EC2 Instance Connect.",
			Maps: standard.Meets(standard.Identity), Check: func(k *pack.Case) { k.Forbid(k.Get("keyName").IsSet()) },
		},
		{
			ID: "ec2-ami-public", Public: true, Title: "Images are not shared with everybody", Severity: pack.Critical,
			Types: []string{"aws:ec2/amiLaunchPermission:AmiLaunchPermission"},
			Why:   "A public image hands out everything that was ever written to its disk.", Fix: "Share with accounts, or with your organisation.",
			Maps: standard.Meets(standard.Exposure), Check: want.NoneOf("group", "all"),
		},
		{
			ID: "ec2-image-block-public-access", Title: "The account does not let images become public", Severity: pack.High,
			Types: []string{"aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess"},
			Why:   "The block stops a mistake in any program of the account.", Fix: "Set state to block-new-sharing.",
			Maps:  standard.Meets(standard.Exposure),
			Check: want.OneOf("state", "block-new-sharing"), Remedy: want.Put("state", "block-new-sharing"),
		},
		{
			ID: "ec2-serial-console", Title: "The serial console is off", Severity: pack.Medium,
			Types: []string{"aws:ec2/serialConsoleAccess:SerialConsoleAccess"},
			Why:   "The console is a way into every instance that passes by its network rules.", Fix: "Set enabled to false.",
			Maps:  standard.Meets(standard.Isolation),
			Check: func(k *pack.Case) { k.Require(k.Get("enabled").Is(false, true)) }, Remedy: want.Put("enabled", false),
		},
	}
}

// userDataSecrets looks for credentials in user data, plain or in base64. A secret that is marked as one in the
// program is still readable on the instance, so it counts too.
func userDataSecrets(k *pack.Case) {
	for _, path := range []string{"userData", "userDataBase64"} {
		v := k.Get(path)
		holds := v.Matches(func(s string) bool {
			if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s)); err == nil {
				s = string(plain)
			}
			return credential.InText(s)
		})
		k.Forbid(holds, "%s looks as if it holds a credential", path)
	}
}

func volumes() []*pack.Control {
	return []*pack.Control{
		{
			ID: "ec2-disks-encrypted", Title: "Instance disks are encrypted", Severity: pack.High, Types: aws.Machines,
			Why:  "A snapshot of an unencrypted disk can be read by whoever gets hold of it.",
			Fix:  "Set encrypted to true on the root and every other block device.",
			Maps: standard.Meets("FSBP:EC2.173 FSBP:EC2.181", standard.AtRest), Check: disksEncrypted,
		},
		{
			ID: "ec2-root-disk-encrypted", Title: "Root disks that nobody describes are encrypted by default", Severity: pack.High,
			Types: []string{aws.EC2Instance, aws.LaunchConfiguration, aws.SpotInstanceRequest}, Joins: []string{aws.EBSEncryptionByDefault},
			Stack: true,
			Why:   "A root disk of which the program says nothing is as the image has it, in the clear for most.",
			Fix:   "Set rootBlockDevice.encrypted to true, or add an EncryptionByDefault to the stack.",
			Maps:  standard.Meets(standard.AtRest), Check: rootEncrypted,
		},
		{
			ID: "ebs-encrypted", Title: "Volumes are encrypted", Severity: pack.High, Types: []string{aws.EBSVolume},
			Why: "A snapshot of an unencrypted volume can be read by whoever gets hold of it.", Fix: "Set encrypted to true.",
			Maps: standard.Meets("FSBP:EC2.3 CIS:5.1.1", standard.AtRest), Check: want.IsTrue("encrypted"),
		},
		{
			ID: "ebs-cmk", Title: "Volumes use a customer managed key", Severity: pack.Low, Level: pack.Disabled, Types: []string{aws.EBSVolume},
			Why: "A volume under the AWS managed key cannot be shared with another account, nor its key revoked.", Fix: "Set kmsKeyId.",
			Maps: standard.Meets(standard.KeyCare), Check: want.IsSet("kmsKeyId"),
		},
		{
			ID: "ebs-default-encryption", Title: "New volumes are encrypted by default", Severity: pack.High,
			Types: []string{"aws:ebs/encryptionByDefault:EncryptionByDefault"},
			Why:   "The default covers volumes that no program describes.", Fix: "Leave enabled out or set it to true.",
			Maps:  standard.Meets("FSBP:EC2.7 CIS:5.1.1", standard.AtRest),
			Check: want.NotFalse("enabled"), Remedy: want.Put("enabled", true),
		},
		{
			ID: "ebs-snapshot-public", Public: true, Title: "Snapshots are not shared with everybody", Severity: pack.Critical,
			Types: []string{"aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission"},
			Why:   "A public snapshot hands a copy of the disk to every AWS account.", Fix: "Name an account, or remove the permission.",
			Maps:  standard.Meets("FSBP:EC2.1", standard.Exposure),
			Check: want.NoneOf("accountId", "all", "*"),
		},
		{
			ID: "ebs-snapshot-block-public-access", Title: "The account does not let snapshots become public", Severity: pack.High,
			Types: []string{"aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess"},
			Why:   "The block stops a mistake in any program of the account. With block-new-sharing, what is already public stays so.",
			Fix:   "Set state to block-all-sharing.", Maps: standard.Meets("FSBP:EC2.182", standard.Exposure),
			Check: want.OneOf("state", "block-all-sharing"), Remedy: want.Put("state", "block-all-sharing"),
		},
		{
			ID: "ebs-snapshot-copy-encrypted", Title: "Snapshot copies are encrypted", Severity: pack.High,
			Types: []string{"aws:ebs/snapshotCopy:SnapshotCopy"},
			Why:   "A copy of an unencrypted snapshot stays unencrypted unless that is asked for.", Fix: "Set encrypted to true.",
			Maps:  standard.Meets(standard.AtRest),
			Check: want.IsTrue("encrypted"),
		},
		{
			ID: "ebs-snapshot-copy-cmk", Title: "Snapshot copies use a customer managed key", Severity: pack.Low, Level: pack.Disabled,
			Types: []string{"aws:ebs/snapshotCopy:SnapshotCopy"},
			Why: "A copy under the AWS managed key cannot be shared with another account, nor its key revoked. Copies of encrypted snapshots " +
				"keep being encrypted, so this is off by default.",
			Fix: "Set kmsKeyId.", Maps: standard.Meets(standard.KeyCare), Check: want.IsSet("kmsKeyId"),
		},
		{
			ID: "ec2-ami-cmk", Title: "Copied images use a customer managed key", Severity: pack.Low, Level: pack.Disabled,
			Types: []string{"aws:ec2/amiCopy:AmiCopy"},
			Why: "An image under the AWS managed key cannot be shared with another account, nor its key revoked. Its disks are encrypted " +
				"either way, so this is off by default.",
			Fix: "Set kmsKeyId.", Maps: standard.Meets(standard.KeyCare), Check: want.IsSet("kmsKeyId"),
		},
		{
			ID: "ec2-ami-encrypted", Title: "Images are made from encrypted disks", Severity: pack.High,
			Types: []string{"aws:ec2/amiCopy:AmiCopy", "aws:ec2/ami:Ami"},
			Why:   "Every instance that starts from the image starts with its unencrypted disk.", Fix: "Set encrypted to true.",
			Maps: standard.Meets(standard.AtRest), Check: func(k *pack.Case) {
				if k.IsA("aws:ec2/amiCopy:AmiCopy") {
					k.Require(k.Get("encrypted").IsTrue())
					return
				}
				for d := range k.Get("ebsBlockDevices").Items() {
					k.Require(d.Get("encrypted").IsTrue().Or(d.Get("snapshotId").IsSet()), "%s is not encrypted", d.Path())
				}
			},
		},
	}
}

// disksEncrypted wants each block device that is described to be encrypted.
func disksEncrypted(k *pack.Case) {
	for _, d := range devices(k) {
		none := d.Get("noDevice").IsTrue()
		k.Require(d.Get("encrypted").IsTrue().Or(none), "%s is not encrypted", d.Path())
	}
	for _, path := range []string{"rootBlockDevice", "ebsBlockDevices", "blockDeviceMappings"} {
		if v := k.Get(path); v.IsUnknown() {
			k.Defer(v)
		}
	}
}

// rootEncrypted wants an instance to say of its root disk that it is encrypted, which the control above judges, unless
// the stack switches encryption by default on in the same Region. A launch template leaves the disk to the image.
func rootEncrypted(k *pack.Case) {
	root := k.Get("rootBlockDevice")
	if fromTemplate(k, root) {
		return
	}
	k.Require(root.IsSet().Or(encryptedByDefault(k)), "the root disk is not described, so it is not encrypted by this program")
}

// encryptedByDefault is the fact that the stack switches encryption by default on in the Region of the resource.
func encryptedByDefault(k *pack.Case) pack.Fact {
	answer := pack.No(k.Get("rootBlockDevice"))
	here := k.Provider().Get("region")
	for _, d := range k.Stack.Of(aws.EBSEncryptionByDefault) {
		same := pack.Yes(d.Get("enabled"))
		if d.ProviderURN != k.ProviderURN {
			there := d.Provider().Get("region")
			same = there.IsSet().And(want.SameText(there, here))
		}
		answer = answer.Or(same.And(d.Get("enabled").Is(true, true)))
	}
	return answer
}

// fromTemplate reports whether an instance says nothing about a property because its launch template does,
// which is judged by itself.
func fromTemplate(k *pack.Case, property pack.Value) bool {
	template := k.Get("launchTemplate")
	if property.Exists() || !template.Exists() || !k.IsA(aws.Hosts...) {
		return false
	}
	if template.IsUnknown() {
		k.Defer(template)
	} else {
		k.Skip("the launch template says it, and is judged by itself")
	}
	return true
}

func scaling() []*pack.Control {
	return []*pack.Control{
		{
			ID: "asg-launch-template", Title: "Auto Scaling groups use launch templates", Severity: pack.Medium,
			Types: []string{aws.AutoScalingGroup},
			Why:   "Launch configurations are frozen by AWS and lack the newer protections.", Fix: "Set launchTemplate or mixedInstancesPolicy.",
			Maps: standard.Meets("FSBP:AutoScaling.9", standard.Hygiene), Check: func(k *pack.Case) {
				k.Require(k.Get("launchTemplate").IsSet().Or(k.Get("mixedInstancesPolicy").IsSet()), "the group has no launch template")
			},
		},
		{
			ID: "asg-elb-health", Title: "Groups behind a load balancer use its health check", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.AutoScalingGroup}, Joins: []string{aws.AutoScalingAttachment, aws.AutoScalingTrafficSourceAttachment}, Stack: true,
			Why: "An instance can run and yet answer nothing; only the load balancer notices.", Fix: "Set healthCheckType to ELB.",
			Maps: standard.Meets("FSBP:AutoScaling.1", standard.Spreading),
			Check: func(k *pack.Case) {
				behind := k.Get("targetGroupArns").IsSet().Or(k.Get("loadBalancers").IsSet()).Or(k.Get("trafficSources").IsSet()).
					Or(want.AnyCompanion(k, "autoscalingGroupName", []string{aws.AutoScalingAttachment, aws.AutoScalingTrafficSourceAttachment},
						want.Present))
				k.Require(behind.Not().Or(k.Get("healthCheckType").OneOf("ELB")), "healthCheckType is %s", k.Get("healthCheckType"))
			},
		},
		{
			ID: "asg-zones", Title: "Auto Scaling groups span two zones or more", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.AutoScalingGroup},
			Why:   "With one zone, its failure is yours.", Fix: "List subnets of at least two zones in vpcZoneIdentifiers.",
			Maps: standard.Meets("FSBP:AutoScaling.2", standard.Spreading),
			Check: func(k *pack.Case) {
				zones, subnets := k.Get("availabilityZones"), k.Get("vpcZoneIdentifiers")
				if zones.IsUnknown() || subnets.IsUnknown() {
					k.Defer(k.Inputs().First("vpcZoneIdentifiers", "availabilityZones"))
					return
				}
				if zones.Len() < 2 && subnets.Len() < 2 {
					k.Report(subnets, "%s listed, of at least two zones are wanted",
						want.Count(max(zones.Len(), subnets.Len()), "subnet is", "subnets are"))
				}
			},
		},
		{
			ID: "asg-tags-propagate", Title: "Auto Scaling groups pass their tags on", Severity: pack.Low, Concern: pack.Operations,
			Types: []string{aws.AutoScalingGroup},
			Why:   "Instances without tags belong to nobody, in the bill and in an incident.",
			Fix:   "Set propagateAtLaunch to true on every tag but Name.", Maps: standard.Meets(standard.Hygiene),
			Check: func(k *pack.Case) {
				k.Require(k.Get("tags").All(func(v pack.Value) pack.Fact {
					return v.Get("propagateAtLaunch").IsTrue().Or(v.Get("key").OneOf("Name"))
				}))
			},
		},
		{
			ID: "asg-grace-period", Title: "Auto Scaling groups give instances time to start", Severity: pack.Low, Concern: pack.Resilience,
			Types: []string{aws.AutoScalingGroup},
			Why:   "Without a grace period, instances are replaced while they are still starting.",
			Fix:   "Leave healthCheckGracePeriod out or above 0.",
			Maps:  standard.Meets(standard.Spreading), Check: func(k *pack.Case) {
				v := k.Get("healthCheckGracePeriod")
				k.Require(v.IsSet().Not().Or(v.AtLeast(1)), "healthCheckGracePeriod is %s", v)
			},
		},
	}
}

// publicCard refuses a public address of an instance or of one of its network interfaces, which says so itself, or says nothing and
// stands in a subnet that gives out public addresses.
func publicCard(k *pack.Case, property string, card pack.Value) {
	asks := card.Get("associatePublicIpAddress")
	k.Require(asks.IsFalse())
	if asks.Exists() || card.Get("networkInterfaceId").Exists() {
		return
	}
	switch subnet, found := k.Stack.Target(k.Resource, property, card.Get("subnetId"), aws.Subnet); {
	case subnet != nil:
		k.Forbid(subnet.Get("mapPublicIpOnLaunch").IsTrue(), "%s is not set, and subnet %q gives out public addresses", asks.Path(), subnet.Name)
	case found.Is == pack.Deferred:
		k.Defer(found.At)
	}
}
