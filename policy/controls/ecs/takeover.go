// SPDX-License-Identifier: Apache-2.0

package ecs

import (
	"path"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

// takeovers are about containers that reach their host.
func takeovers() []*pack.Control {
	return []*pack.Control{
		{
			ID: "ecs-host-takeover", Title: "Containers do not reach into their host", Severity: pack.High, Types: []string{aws.ECSTaskDefinition},
			Why: "Who holds the host's files, the socket of its container runtime or such a capability is root on the host, and on every " +
				"container there.",
			Fix: "Mount named volumes or EFS instead of paths of the host, name neither its disks nor its memory in linuxParameters.devices, " +
				"drop the capabilities, and leave unconfined out of dockerSecurityOptions.", Maps: standard.Meets(standard.Isolation),
			Check: takesOver,
		},
	}
}

// powers are the Linux capabilities with which a container leaves its confinement.
var powers = []string{"ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "NET_ADMIN", "DAC_READ_SEARCH"}

// hostRoots are the folders that rule a host: its configuration, programs and processes, the homes of its users, and
// what its container runtime and the agent of Amazon ECS keep.
var hostRoots = []string{
	"/etc", "/proc", "/root", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/boot", "/dev", "/sys", "/home",
	"/var/lib/ecs", "/var/lib/containerd", "/var/lib/docker", "/var/spool/cron", "/var/run", "/run",
}

// hostLends are the parts of them that containers commonly read: the time zone and the certificates of authorities.
var hostLends = []string{"/etc/localtime", "/etc/ssl", "/etc/pki"}

// within reports whether a clean path is the folder or lies in it.
func within(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, strings.TrimSuffix(folder, "/")+"/")
}

// hostsOwn reports whether a path of the host is one of the folders that rule it, lies in one or holds one.
func hostsOwn(name string) bool {
	name = strings.TrimSpace(name)
	if !strings.HasPrefix(name, "/") {
		return false // nothing, or the device of a network file system
	}
	name = path.Clean(name)
	if slices.ContainsFunc(hostLends, func(lent string) bool { return within(name, lent) }) {
		return false
	}
	return slices.ContainsFunc(hostRoots, func(own string) bool { return within(name, own) || within(own, name) })
}

// hostsDevice reports whether a device of the host is one of its disks or its memory, or the folder of all devices.
func hostsDevice(name string) bool {
	name = path.Clean(strings.TrimSpace(name))
	return slices.Contains([]string{"/", "/dev", "/dev/mem", "/dev/kmem"}, name) ||
		slices.ContainsFunc([]string{"/dev/sd", "/dev/xvd", "/dev/nvme", "/dev/disk/"},
			func(disk string) bool { return strings.HasPrefix(name, disk) })
}

func takesOver(k *pack.Case) {
	volumes := k.Get("volumes")
	if volumes.IsUnknown() {
		k.Defer(volumes)
	}
	for v := range volumes.Items() {
		for _, path := range []string{"hostPath", "dockerVolumeConfiguration.driverOpts.device"} {
			at := v.Get(path)
			k.Forbid(at.Matches(hostsOwn), "volume %s is %s of the host", v.Get("name"), at)
		}
	}
	for _, c := range containerList(k) {
		for power := range c.Get("linuxParameters.capabilities.add").Items() {
			k.Forbid(power.Matches(func(s string) bool {
				return slices.Contains(powers, strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "CAP_"))
			}), "container %s has the capability %s", c.Get("name"), power)
		}
		for device := range c.Get("linuxParameters.devices").Items() {
			at := device.Get("hostPath")
			k.Forbid(at.Matches(hostsDevice), "container %s has the device %s of the host", c.Get("name"), at)
		}
		for option := range c.Get("dockerSecurityOptions").Items() {
			k.Forbid(option.Matches(func(s string) bool { return strings.HasSuffix(strings.ToLower(strings.TrimSpace(s)), "unconfined") }),
				"container %s has the security option %s", c.Get("name"), option)
		}
	}
}
