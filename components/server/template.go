// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Defaults of Settings.
const (
	// DefaultRootDevice is the name of the root disk in images of Amazon Linux 2023.
	DefaultRootDevice = "/dev/xvda"
	// DefaultRootGB is the size of the root disk in GiB; the images of Amazon Linux 2023 hold 8.
	DefaultRootGB = 16
)

// rootDevices are the names that images give their root disk (EC2 user guide, "Device
// names for volumes on Amazon EC2 instances": "Reserved for root volume").
var rootDevices = []string{DefaultRootDevice, "/dev/sda1"}

// Check reports every problem of the settings at once.
func (s Settings) Check() []error {
	var problems []error
	add := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if err := CheckType(s.InstanceType); err != nil {
		add("InstanceType: %w", err)
	} else if err := CheckImage(s.Image, s.InstanceType); err != nil {
		add("Image: %w", err)
	}
	if !slices.Contains(rootDevices, s.RootDevice) {
		add("RootDevice: %q is not the name of a root disk; use %s, as the image has it", s.RootDevice, strings.Join(rootDevices, " or "))
	}
	if s.RootGB < 8 || s.RootGB > 16384 {
		add("RootGB: %d is out of range; use 8 to 16384", s.RootGB)
	}
	if s.MaxLifetimeDays < 1 || s.MaxLifetimeDays > 365 {
		add("MaxLifetimeDays: %d is out of range; use 1 to 365", s.MaxLifetimeDays)
	}
	return problems
}

// newTemplate creates a launch template for instances that nobody has to harden
// afterwards:
//
//   - the metadata service answers only to sessions (IMDSv2) and to the instance itself,
//     not to a container or proxy one hop further (FSBP EC2.8, EC2.170, AutoScaling.3 and .4);
//   - the root disk is encrypted gp3 and dies with the instance (FSBP EC2.3). It uses
//     the account's own EBS key, which Auto Scaling may use without a further grant;
//   - there is no key pair: people come through Session Manager or EC2 Instance Connect,
//     in their own name;
//   - one network interface with one security group, without a public address unless
//     asked for.
func newTemplate(ctx *pulumi.Context, name string, fleet *Fleet, profileARN, userData pulumi.StringOutput, parent pulumi.Resource) (*ec2.LaunchTemplate, error) {
	settings := fleet.Settings
	tags := map[string]string{}
	maps.Copy(tags, fleet.Segment.Account().Tags)
	tags["Name"] = name
	var tagged ec2.LaunchTemplateTagSpecificationArray
	for _, kind := range []string{"instance", "volume", "network-interface"} {
		tagged = append(tagged, ec2.LaunchTemplateTagSpecificationArgs{
			ResourceType: pulumi.String(kind),
			Tags:         pulumi.ToStringMap(tags),
		})
	}
	card := ec2.LaunchTemplateNetworkInterfaceArgs{
		DeviceIndex:              pulumi.Int(0),
		AssociatePublicIpAddress: pulumi.String(strconv.FormatBool(fleet.PublicIP)),
		DeleteOnTermination:      pulumi.String("true"),
		SecurityGroups:           pulumi.StringArray{fleet.Segment.GroupID},
	}
	if fleet.Segment.Network().IPv6 {
		card.Ipv6AddressCount = pulumi.Int(1)
	}
	return ec2.NewLaunchTemplate(ctx, name+"-template", &ec2.LaunchTemplateArgs{
		ImageId:              pulumi.String(settings.Image),
		InstanceType:         pulumi.String(settings.InstanceType),
		UpdateDefaultVersion: pulumi.Bool(true),
		UserData:             userData,
		IamInstanceProfile:   ec2.LaunchTemplateIamInstanceProfileArgs{Arn: profileARN},
		MetadataOptions: ec2.LaunchTemplateMetadataOptionsArgs{
			HttpEndpoint:            pulumi.String("enabled"),
			HttpTokens:              pulumi.String("required"),
			HttpPutResponseHopLimit: pulumi.Int(1),
			HttpProtocolIpv6:        pulumi.String("disabled"),
			InstanceMetadataTags:    pulumi.String("disabled"),
		},
		Monitoring: ec2.LaunchTemplateMonitoringArgs{Enabled: pulumi.Bool(true)},
		BlockDeviceMappings: ec2.LaunchTemplateBlockDeviceMappingArray{ec2.LaunchTemplateBlockDeviceMappingArgs{
			DeviceName: pulumi.String(settings.RootDevice),
			Ebs: ec2.LaunchTemplateBlockDeviceMappingEbsArgs{
				VolumeType:          pulumi.String("gp3"),
				VolumeSize:          pulumi.Int(settings.RootGB),
				Encrypted:           pulumi.String("true"),
				DeleteOnTermination: pulumi.String("true"),
			},
		}},
		NetworkInterfaces: ec2.LaunchTemplateNetworkInterfaceArray{card},
		TagSpecifications: tagged,
		Tags:              pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(parent))
}

// version is the number of a launch template's newest version as text, which is how a
// group names the version it runs. A group that follows "$Latest" would not notice a
// new version, and its instances would stay as they are.
func version(template *ec2.LaunchTemplate) pulumi.StringOutput {
	return pulumi.Sprintf("%d", template.LatestVersion)
}
