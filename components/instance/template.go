// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
)

// Defaults of TemplateArgs.
const (
	// DefaultRootDevice is the name of the root disk in images of Amazon Linux 2023.
	DefaultRootDevice = "/dev/xvda"
	// DefaultRootGB is the size of the root disk in GiB; the images of Amazon Linux 2023 hold 8.
	DefaultRootGB = 16
)

// rootDevices are the names that images give their root disk (EC2 user guide, "Device
// names for volumes on Amazon EC2 instances": "Reserved for root volume").
var rootDevices = []string{DefaultRootDevice, "/dev/sda1"}

// TemplateArgs are the arguments of NewTemplate.
type TemplateArgs struct {
	// InstanceType is the size, see CheckType.
	InstanceType string
	// ImageID is an AMI or a parameter to resolve at launch, see CheckImage. Default:
	// DefaultImage of the instance type.
	ImageID string
	// RootDevice is the device name of the image's root disk: /dev/xvda, the default, or
	// /dev/sda1. With the wrong one the instance gets a second disk and its root keeps the
	// image's own settings, so state it for an image that is not Amazon Linux.
	RootDevice string
	// RootGB is the size of the root disk in GiB, 8 to 16384; default 16.
	RootGB int
	// Group is the only security group of the instance.
	Group *firewall.Group
	// PublicIP gives the instance a public IPv4 address. Off, it has none even in a
	// subnet that hands them out (FSBP EC2.9 and EC2.25).
	PublicIP bool
	// ProfileARN is the instance profile with the role of the instance.
	ProfileARN pulumi.StringInput
	// UserData is what UserData returned.
	UserData pulumi.StringInput
	// Tags go onto the instances, their disks and network interfaces, which the
	// provider's default tags do not reach. Name is set to the component's name.
	Tags map[string]string
}

// Check reports every problem of the plain values at once.
func (args *TemplateArgs) Check() error {
	if args == nil {
		return errors.New("args are missing")
	}
	filled := args.defaults()
	var problems []error
	if err := CheckType(filled.InstanceType); err != nil {
		problems = append(problems, fmt.Errorf("InstanceType: %w", err))
	} else if err := CheckImage(filled.ImageID, filled.InstanceType); err != nil {
		problems = append(problems, fmt.Errorf("ImageID: %w", err))
	}
	if !slices.Contains(rootDevices, filled.RootDevice) {
		problems = append(problems, fmt.Errorf("RootDevice: %q is not the name of a root disk; use %s, as the image has it", filled.RootDevice, strings.Join(rootDevices, " or ")))
	}
	if filled.RootGB < 8 || filled.RootGB > 16384 {
		problems = append(problems, fmt.Errorf("RootGB: %d is out of range; use 8 to 16384", filled.RootGB))
	}
	return errors.Join(problems...)
}

func (args *TemplateArgs) defaults() TemplateArgs {
	filled := *args
	if filled.ImageID == "" {
		filled.ImageID = DefaultImage(filled.InstanceType)
	}
	if filled.RootDevice == "" {
		filled.RootDevice = DefaultRootDevice
	}
	if filled.RootGB == 0 {
		filled.RootGB = DefaultRootGB
	}
	return filled
}

// NewTemplate creates a launch template for instances that nobody has to harden
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
func NewTemplate(ctx *pulumi.Context, name string, args *TemplateArgs, opts ...pulumi.ResourceOption) (*ec2.LaunchTemplate, error) {
	if err := args.Check(); err != nil {
		return nil, fmt.Errorf("launch template %q: %w", name, err)
	}
	filled := args.defaults()
	tags := map[string]string{}
	maps.Copy(tags, filled.Tags)
	tags["Name"] = name
	var tagged ec2.LaunchTemplateTagSpecificationArray
	for _, kind := range []string{"instance", "volume", "network-interface"} {
		tagged = append(tagged, ec2.LaunchTemplateTagSpecificationArgs{
			ResourceType: pulumi.String(kind),
			Tags:         pulumi.ToStringMap(tags),
		})
	}
	return ec2.NewLaunchTemplate(ctx, name+"-template", &ec2.LaunchTemplateArgs{
		ImageId:              pulumi.String(filled.ImageID),
		InstanceType:         pulumi.String(filled.InstanceType),
		UpdateDefaultVersion: pulumi.Bool(true),
		UserData:             filled.UserData.ToStringOutput(),
		IamInstanceProfile:   ec2.LaunchTemplateIamInstanceProfileArgs{Arn: filled.ProfileARN.ToStringOutput()},
		MetadataOptions: ec2.LaunchTemplateMetadataOptionsArgs{
			HttpEndpoint:            pulumi.String("enabled"),
			HttpTokens:              pulumi.String("required"),
			HttpPutResponseHopLimit: pulumi.Int(1),
			HttpProtocolIpv6:        pulumi.String("disabled"),
			InstanceMetadataTags:    pulumi.String("disabled"),
		},
		Monitoring: ec2.LaunchTemplateMonitoringArgs{Enabled: pulumi.Bool(true)},
		BlockDeviceMappings: ec2.LaunchTemplateBlockDeviceMappingArray{ec2.LaunchTemplateBlockDeviceMappingArgs{
			DeviceName: pulumi.String(filled.RootDevice),
			Ebs: ec2.LaunchTemplateBlockDeviceMappingEbsArgs{
				VolumeType:          pulumi.String("gp3"),
				VolumeSize:          pulumi.Int(filled.RootGB),
				Encrypted:           pulumi.String("true"),
				DeleteOnTermination: pulumi.String("true"),
			},
		}},
		NetworkInterfaces: ec2.LaunchTemplateNetworkInterfaceArray{ec2.LaunchTemplateNetworkInterfaceArgs{
			DeviceIndex:              pulumi.Int(0),
			AssociatePublicIpAddress: pulumi.String(strconv.FormatBool(filled.PublicIP)),
			DeleteOnTermination:      pulumi.String("true"),
			SecurityGroups:           pulumi.StringArray{filled.Group.ID},
		}},
		TagSpecifications: tagged,
		Tags:              pulumi.StringMap{"Name": pulumi.String(name)},
	}, opts...)
}

// Version is the number of a launch template's newest version as text, which is how a
// group names the version it runs. A group that follows "$Latest" would not notice a
// new version, and its instances would stay as they are.
func Version(template *ec2.LaunchTemplate) pulumi.StringOutput {
	return pulumi.Sprintf("%d", template.LatestVersion)
}
