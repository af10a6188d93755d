// SPDX-License-Identifier: Apache-2.0

package form

import (
	"regexp"
	"strings"
)

// The processor architectures, as the names of images spell them.
const (
	X86 = "x86_64"
	ARM = "arm64"
)

// AmazonLinuxRoot is the name of the root disk in every image of Amazon Linux.
const AmazonLinuxRoot = "/dev/xvda"

// MaxInstances is the largest auto-scaling group: as many instances as fit into the app
// tier of the smallest VPC with room to spare.
const MaxInstances = 200

var (
	typeForm = regexp.MustCompile(`^([a-z][a-z0-9-]*[0-9][a-z0-9-]*|a1)\.(nano|micro|small|medium|large|[0-9]*xlarge|metal(-[a-z0-9]+)?)$`)
	// plainDisks are the generations that cannot boot in a VPC from an encrypted disk
	// (EBS User Guide, "Requirements for EBS encryption").
	plainDisks = regexp.MustCompile(`^(t1|m1|m2|c1|cc1|cc2|cg1)\.`)
	// graviton tells the families with an AWS Graviton processor by the "g" behind the
	// generation, as in t4g and m7gd, from all others (EC2 instance type naming conventions).
	graviton = regexp.MustCompile(`^(a1|[a-z]+[0-9]+g[a-z]*)\.`)
	// imageForm is an AMI id, or what Auto Scaling resolves to one at every launch.
	imageForm = regexp.MustCompile(`^(ami-([0-9a-f]{8}|[0-9a-f]{17})|resolve:ssm:[A-Za-z0-9_.\-/:]+)$`)
)

// CheckInstanceType accepts an EC2 instance type that can boot from an encrypted disk.
func CheckInstanceType(instanceType string) error {
	switch {
	case !typeForm.MatchString(instanceType):
		return Text(instanceType, "is not an EC2 instance type", "write it like t3.small")
	case plainDisks.MatchString(instanceType):
		return Text(instanceType, "cannot use encrypted disks", "choose a current type such as t3.small")
	}
	return nil
}

// Architecture is the processor architecture of an instance type: X86 or ARM.
func Architecture(instanceType string) string {
	if graviton.MatchString(instanceType) {
		return ARM
	}
	return X86
}

// CheckImage accepts the id of an AMI, or "resolve:ssm:" and the name of a parameter that
// holds one.
func CheckImage(image string) error {
	if !imageForm.MatchString(image) {
		return Text(image, "is neither an AMI id nor a reference to one", "write ami-… or resolve:ssm:/aws/service/…")
	}
	return nil
}

// CheckImageFits reports an image whose name says that it is for another processor than the
// instance type has. Auto Scaling would find that out only when it launches an instance,
// long after the deployment has ended.
func CheckImageFits(image, instanceType string) error {
	have, other := Architecture(instanceType), X86
	if have == X86 {
		other = ARM
	}
	if strings.Contains(image, other) && !strings.Contains(image, have) {
		return Text(image, "is for "+other+" and "+instanceType+" has a processor of "+have, "choose an image for "+have+", or another instance type")
	}
	return nil
}

// CheckRootDevice accepts the names that images give their root disk (EC2 User Guide,
// "Device names for volumes on Amazon EC2 instances").
func CheckRootDevice(device string) error { return CheckChoice(device, AmazonLinuxRoot, "/dev/sda1") }
