// SPDX-License-Identifier: Apache-2.0

package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaultImageFitsTheArchitecture(t *testing.T) {
	for instanceType, want := range map[string]string{
		"t3.micro": x86, "t3a.small": x86, "m7i.large": x86, "m7i-flex.large": x86, "g4dn.xlarge": x86, "g4ad.xlarge": x86, "c6a.metal": x86, "u-6tb1.metal": x86, "m7i.metal-24xl": x86,
		"t4g.nano": arm, "m7g.medium": arm, "c7gn.16xlarge": arm, "r8gd.large": arm, "im4gn.large": arm, "is4gen.large": arm, "x2gd.medium": arm, "g5g.xlarge": arm, "a1.medium": arm, "hpc7g.4xlarge": arm,
	} {
		require.Equal(t, want, architecture(instanceType), instanceType)
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
		require.ErrorContains(t, CheckImage(wrong, "t3.micro"), "not an image", wrong)
	}
	require.EqualError(t, CheckImage(DefaultImage("t3.micro"), "t4g.micro"),
		`"resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64" is for x86_64 and instance type "t4g.micro" is arm64; choose an image for arm64`)
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
