// SPDX-License-Identifier: Apache-2.0

package server

import (
	"maps"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/form"
)

// Defaults of Settings.
const (
	// DefaultRootDevice is the name of the root disk in images of Amazon Linux 2023.
	DefaultRootDevice = form.AmazonLinuxRoot
	// DefaultRootGB is the size of the root disk in GiB; the images of Amazon Linux 2023 hold 8.
	DefaultRootGB = 16
)

// Check reports every problem of the settings at once.
func (s Settings) Check() []error {
	instance, image := form.CheckInstanceType(s.InstanceType), error(nil)
	if instance == nil {
		if image = form.CheckImage(s.Image); image == nil {
			image = form.CheckImageFits(s.Image, s.InstanceType)
		}
	}
	return form.Problems(
		form.In("InstanceType", instance),
		form.In("Image", image),
		form.In("RootDevice", form.CheckRootDevice(s.RootDevice)),
		form.In("RootGB", form.CheckBetween(s.RootGB, 8, 16384, "GiB")),
		form.In("MaxLifetimeDays", form.CheckBetween(s.MaxLifetimeDays, 1, 365, "days")),
	)
}

// newTemplate creates a launch template for instances that nobody has to harden
// afterwards:
//
//   - the metadata service answers only to sessions (IMDSv2) and to the instance itself,
//     not to a container or proxy one hop further (FSBP EC2.8, EC2.170, AutoScaling.3);
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
