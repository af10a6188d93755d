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
		require.NoError(t, form.CheckInstanceType(instanceType), instanceType)
		require.NoError(t, form.CheckImageFits(DefaultImage(instanceType), instanceType), instanceType)
	}
}

func TestPinned(t *testing.T) {
	require.True(t, Pinned("ami-0123456789abcdef0"))
	require.False(t, Pinned(DefaultImage("t3.micro")))
}

func FuzzDefaultImage(f *testing.F) {
	f.Add("t3.micro")
	f.Add("t4g.micro")
	f.Fuzz(func(t *testing.T, instanceType string) {
		if form.CheckInstanceType(instanceType) == nil && form.CheckImageFits(DefaultImage(instanceType), instanceType) != nil {
			t.Fatalf("the default image of %q does not fit it", instanceType)
		}
	})
}
