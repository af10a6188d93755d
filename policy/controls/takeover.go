// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"path"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// takeovers are about containers that reach their host.
func takeovers() []*pack.Control {
	return []*pack.Control{
		{
			ID: "ecs-host-takeover", Title: "Containers do not reach into their host", Severity: pack.High, Types: []string{ecsTask},
			Why: "Who holds the host's files, the socket of its container runtime or such a capability is root on the host, and on every container there.",
			Fix: "Mount named volumes or EFS instead of paths of the host, drop the capabilities, and leave unconfined out of dockerSecurityOptions.", Maps: meets(isolation),
			Check: takesOver,
		},
	}
}

// powers are the Linux capabilities with which a container leaves its confinement.
var powers = []string{"ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "NET_ADMIN", "DAC_READ_SEARCH"}

// hostsOwn reports whether a path of the host holds what rules it: its configuration, its processes, the socket of
// its container runtime, or a folder that all of these are in.
func hostsOwn(name string) bool {
	name = strings.TrimSpace(name)
	if !strings.HasPrefix(name, "/") {
		return false // nothing, or the device of a network file system
	}
	name = path.Clean(name)
	for _, own := range []string{"/etc", "/proc", "/root"} {
		if name == own || strings.HasPrefix(name, own+"/") {
			return true
		}
	}
	return slices.Contains([]string{"/", "/var", "/var/lib", "/run"}, name) ||
		strings.HasPrefix(name, "/var/run") || strings.HasPrefix(name, "/run/") || strings.HasPrefix(name, "/var/lib/docker")
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
		for option := range c.Get("dockerSecurityOptions").Items() {
			k.Forbid(option.Matches(func(s string) bool { return strings.HasSuffix(strings.ToLower(strings.TrimSpace(s)), "unconfined") }),
				"container %s has the security option %s", c.Get("name"), option)
		}
	}
}
