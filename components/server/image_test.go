// SPDX-License-Identifier: Apache-2.0

package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/form"
)

func TestDefaultImageFitsTheArchitecture(t *testing.T) {
	for instanceType, want := range map[string]string{
		"t3.micro": form.X86, "t3a.small": form.X86, "m7i.large": form.X86, "m7i-flex.large": form.X86, "g4dn.xlarge": form.X86, "g4ad.xlarge": form.X86, "c6a.metal": form.X86, "u-6tb1.metal": form.X86, "m7i.metal-24xl": form.X86,
		"t4g.nano": form.ARM, "m7g.medium": form.ARM, "c7gn.16xlarge": form.ARM, "r8gd.large": form.ARM, "im4gn.large": form.ARM, "is4gen.large": form.ARM, "x2gd.medium": form.ARM, "g5g.xlarge": form.ARM, "a1.medium": form.ARM, "hpc7g.4xlarge": form.ARM,
	} {
		require.Equal(t, want, form.Architecture(instanceType), instanceType)
		require.NoError(t, CheckType(instanceType), instanceType)
		require.NoError(t, CheckImage(DefaultImage(instanceType), instanceType), instanceType)
	}
}

func TestCheckTypeRefuses(t *testing.T) {
	for _, wrong := range []string{"", "t3", "t3.", "db.t3.micro", "T3.micro", "t3.micro ", "big", "t3.huge"} {
		require.ErrorContains(t, CheckType(wrong), "not an EC2 instance type", wrong)
	}
	for _, old := range []string{"t1.micro", "m1.small", "m2.xlarge", "c1.medium"} {
		require.ErrorContains(t, CheckType(old), "encrypted disks", old)
	}
}

func TestCheckImage(t *testing.T) {
	const parameter = "resolve:ssm:/golden/app:12"
	for _, image := range []string{"ami-01234567", "ami-0123456789abcdef0", parameter} {
		require.NoError(t, CheckImage(image, "t3.micro"), image)
	}
	for _, wrong := range []string{"", "ami-", "ami-0123", "amazon-linux", "resolve:ssm:", "resolve:ssm:/a b", "ami-0123456789ABCDEF0"} {
		require.ErrorContains(t, CheckImage(wrong, "t3.micro"), "neither an AMI id", wrong)
	}
	require.EqualError(t, CheckImage(DefaultImage("t3.micro"), "t4g.micro"),
		`"resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64" is for x86_64 and t4g.micro has a processor of arm64; choose an image for arm64, or another instance type`)
	require.ErrorContains(t, CheckImage(DefaultImage("t4g.micro"), "t3.micro"), "choose an image for x86_64")
}

func TestPinned(t *testing.T) {
	require.True(t, Pinned("ami-0123456789abcdef0"))
	require.False(t, Pinned(DefaultImage("t3.micro")))
}

func FuzzChecks(f *testing.F) {
	f.Add("t3.micro", "ami-0123456789abcdef0")
	f.Add("t4g.micro", "resolve:ssm:/x")
	f.Fuzz(func(t *testing.T, instanceType, image string) {
		if CheckType(instanceType) == nil && CheckImage(DefaultImage(instanceType), instanceType) != nil {
			t.Fatalf("the default image of %q does not fit it", instanceType)
		}
		if CheckImage(image, instanceType) == nil && image == "" {
			t.Fatal("an empty image passes")
		}
	})
}
