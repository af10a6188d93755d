// SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/segment"
)

func TestDefaultsFillInWhatIsNotSet(t *testing.T) {
	require.Equal(t,
		Settings{InstanceType: "t4g.small", Image: DefaultImage("t4g.small"), RootDevice: "/dev/xvda", RootGB: 16, MaxLifetimeDays: 30},
		Settings{}.Defaults("t4g.small", 30))
	own := Settings{InstanceType: "m7i.large", Image: "ami-0123456789abcdef0", RootDevice: "/dev/sda1", RootGB: 8, MaxLifetimeDays: 1}
	require.Equal(t, own, own.Defaults("t4g.small", 30))
	require.Equal(t, DefaultImage("t4g.micro"), Settings{InstanceType: "t4g.micro"}.Defaults("t3.small", 30).Image, "the image fits the type")
}

func TestSettingsCheck(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*Settings)
		problem string
	}{
		{"type", func(s *Settings) { s.InstanceType = "small" }, `InstanceType: "small"`},
		{"type without encrypted disks", func(s *Settings) { s.InstanceType = "m1.small" }, "encrypted disks"},
		{"image", func(s *Settings) { s.Image = "amazon-linux" }, `Image: "amazon-linux"`},
		{"image for another architecture", func(s *Settings) { s.Image = DefaultImage("t4g.small") }, "choose an image for x86_64"},
		{"no root disk", func(s *Settings) { s.RootDevice = "/dev/sda" }, `RootDevice: "/dev/sda"`},
		{"small disk", func(s *Settings) { s.RootGB = 7 }, "RootGB: 7 "},
		{"large disk", func(s *Settings) { s.RootGB = 16385 }, "RootGB: 16385 "},
		{"for ever", func(s *Settings) { s.MaxLifetimeDays = 366 }, "MaxLifetimeDays: 366 "},
		{"negative age", func(s *Settings) { s.MaxLifetimeDays = -1 }, "MaxLifetimeDays: -1 "},
	} {
		t.Run(test.name, func(t *testing.T) {
			settings := Settings{}.Defaults("t3.small", 30)
			test.change(&settings)
			problems := settings.Check()
			require.Len(t, problems, 1)
			require.ErrorContains(t, problems[0], test.problem)
		})
	}
}

func TestSettingsCheckAcceptsTheLimits(t *testing.T) {
	for _, settings := range []Settings{{RootGB: 8, MaxLifetimeDays: 1}, {RootGB: 16384, MaxLifetimeDays: 365, RootDevice: "/dev/sda1"}} {
		require.Empty(t, settings.Defaults("t3.small", 30).Check())
	}
}

func TestSettingsCheckReportsEverythingAtOnce(t *testing.T) {
	problems := Settings{InstanceType: "x", RootDevice: "x", RootGB: 1, MaxLifetimeDays: 999}.Check()
	require.Len(t, problems, 4)
	for _, field := range []string{"InstanceType: ", "RootDevice: ", "RootGB: ", "MaxLifetimeDays: "} {
		require.ErrorContains(t, errors.Join(problems...), field)
	}
}

func TestNeedsAreSystemsManagerTheLogsAndThePackages(t *testing.T) {
	services := map[string]bool{}
	for _, need := range Needs() {
		require.Empty(t, need.From)
		require.Equal(t, segment.HTTPS, need.Ports)
		require.NotEmpty(t, need.For)
		for _, service := range need.To.Services() {
			services[service] = true
		}
	}
	require.Equal(t, map[string]bool{"logs": true, "s3": true, "ssm": true}, services)
}
