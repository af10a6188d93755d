// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"regexp"
	"strings"
)

// latestAmazonLinux is the public parameter under which AWS publishes the newest image
// of Amazon Linux 2023, without the architecture
// (https://docs.aws.amazon.com/linux/al2023/ug/ec2.html).
const latestAmazonLinux = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"

// The processor architectures, as image names spell them.
const (
	x86 = "x86_64"
	arm = "arm64"
)

var (
	typeForm  = regexp.MustCompile(`^([a-z][a-z0-9-]*\d[a-z0-9-]*|a1)\.(nano|micro|small|medium|large|\d*xlarge|metal(-[a-z0-9]+)?)$`)
	graviton  = regexp.MustCompile(`^(a1|[a-z]+\d+g[a-z]*)\.`)
	imageForm = regexp.MustCompile(`^(ami-([0-9a-f]{8}|[0-9a-f]{17})|resolve:ssm:[a-zA-Z0-9_.\-/:]+)$`)
)

// DefaultImage is the newest Amazon Linux 2023 for the architecture of an instance type.
// EC2 Auto Scaling resolves it at every launch, so that an instance which is replaced
// comes back patched.
func DefaultImage(instanceType string) string { return latestAmazonLinux + architecture(instanceType) }

// Pinned reports whether an image is one fixed AMI rather than a parameter that EC2
// resolves at launch. Auto Scaling can roll an instance refresh back only between
// launch templates with fixed images (API reference, RollbackInstanceRefresh).
func Pinned(image string) bool { return strings.HasPrefix(image, "ami-") }

// CheckType reports an instance type that has not the form of one, or whose generation
// cannot boot in a VPC from an encrypted disk (EBS user guide, "Requirements for EBS
// encryption").
func CheckType(instanceType string) error {
	if !typeForm.MatchString(instanceType) {
		return fmt.Errorf("%q is not an EC2 instance type; write it like t3.micro", instanceType)
	}
	for _, old := range []string{"t1.", "m1.", "m2.", "c1.", "cc1.", "cc2.", "cg1."} {
		if strings.HasPrefix(instanceType, old) {
			return fmt.Errorf("%q cannot use encrypted disks; use a current type such as t3.micro", instanceType)
		}
	}
	return nil
}

// CheckImage reports an image that is neither an AMI id nor a parameter to resolve, or
// that is plainly for another architecture than the instance type. Auto Scaling would
// find that out only when it launches, long after the deployment has ended.
func CheckImage(image, instanceType string) error {
	if !imageForm.MatchString(image) {
		return fmt.Errorf("%q is not an image; write an id like ami-0123456789abcdef0, or resolve:ssm: and the name of a parameter that holds one", image)
	}
	want := architecture(instanceType)
	for _, other := range []string{x86, arm} {
		if other != want && strings.HasSuffix(image, other) {
			return fmt.Errorf("%q is for %s and instance type %q is %s; choose an image for %s", image, other, instanceType, want, want)
		}
	}
	return nil
}

// architecture tells Graviton types, whose family has a "g" right behind the generation,
// from the others (EC2 instance type naming conventions).
func architecture(instanceType string) string {
	if graviton.MatchString(instanceType) {
		return arm
	}
	return x86
}
