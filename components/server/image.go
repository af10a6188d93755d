// SPDX-License-Identifier: Apache-2.0

package server

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
)

// latestAmazonLinux is the public parameter under which AWS publishes the newest image
// of Amazon Linux 2023, without the architecture
// (https://docs.aws.amazon.com/linux/al2023/ug/ec2.html).
const latestAmazonLinux = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"

// DefaultImage is the newest Amazon Linux 2023 for the architecture of an instance type.
// EC2 Auto Scaling resolves it at every launch, so that an instance which is replaced
// comes back patched.
func DefaultImage(instanceType string) string {
	return latestAmazonLinux + form.Architecture(instanceType)
}

// Pinned reports whether an image is one fixed AMI rather than a parameter that EC2
// resolves at launch. Auto Scaling can roll an instance refresh back only between
// launch templates with fixed images (API reference, RollbackInstanceRefresh).
func Pinned(image string) bool { return strings.HasPrefix(image, "ami-") }
