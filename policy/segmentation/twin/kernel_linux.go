// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Inside is what the environment of a process has that [Enter] or [Again] has started in namespaces of its own, or [Into] has let in.
const Inside = "BULKHEAD_TWIN_INSIDE=1"

// Within reports whether the process is in namespaces of its own, which [Enter] has yet to make usable.
func Within() bool { return slices.Contains(os.Environ(), Inside) }

// Enter runs the program again with the same arguments in namespaces of its own, where it may make others, and reports
// whether this is that run; if not, code is how it ended. It needs no privilege where the system allows user
// namespaces, and else root. All namespaces end with the process, however it ends.
func Enter(ctx context.Context) (within bool, code int, err error) {
	if Within() {
		if err := settle(); err != nil {
			return false, 1, fmt.Errorf("%w: the kernel gave namespaces and does not let them be used: %w", ErrUnable, err)
		}
		return true, 0, nil
	}
	code, err = Again(ctx, os.Stdout, os.Stderr, os.Args[1:]...)
	return false, code, err
}

// Again runs the program with those arguments as [Enter] does, writes what it says, and returns how it ended. The end of the
// context ends it.
func Again(ctx context.Context, out, messages io.Writer, args ...string) (code int, err error) {
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			return 1, fmt.Errorf("%w: the command %s is missing; install iproute2 and nftables: %w", ErrUnable, tool, err)
		}
	}
	user := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	code, err = again(ctx, out, messages, args, user)
	if err != nil && os.Geteuid() == 0 {
		code, err = again(ctx, out, messages, args, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET})
	}
	if err != nil {
		return 1, fmt.Errorf("%w: this machine gives no network namespaces, neither to users nor to this one; allow user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns) or run as root: %w", ErrUnable, err)
	}
	return code, nil
}

func again(ctx context.Context, out, messages io.Writer, args []string, attr *syscall.SysProcAttr) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	c := exec.CommandContext(ctx, self, args...) //nolint:gosec // itself
	c.Env = append(os.Environ(), Inside)
	c.Stdin, c.Stdout, c.Stderr, c.SysProcAttr = os.Stdin, out, messages, attr
	attr.Pdeathsig = syscall.SIGKILL
	runtime.LockOSThread() // the signal comes when the thread ends, not the process
	defer runtime.UnlockOSThread()
	if err := c.Start(); err != nil {
		return 1, err
	}
	err = c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 1, err
	}
	return c.ProcessState.ExitCode(), nil
}

// Into is the command that runs a program in the namespaces of a process of a twin, where [In] finds its spaces, and in
// the same folder as now.
func Into(pid int, program ...string) ([]string, error) {
	tool, err := exec.LookPath("nsenter") // the kernel lets no process of several threads, such as this one, into a user namespace
	if err != nil {
		return nil, fmt.Errorf("the command nsenter is missing; install util-linux: %w", err)
	}
	command := []string{tool, "--target", strconv.Itoa(pid), "--mount", "--net"}
	own, err := os.Readlink("/proc/self/ns/user")
	if err != nil {
		return nil, err
	}
	its, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/user", pid))
	if err != nil {
		return nil, err
	}
	if own != its {
		command = append(command, "--user", "--preserve-credentials") // the twin knows one user only
	}
	here, err := os.Getwd() // which belongs to the mounts that are left
	return append(append(command, "--", "sh", "-c", `cd "$0" && exec "$@"`, here), program...), err
}

// settle gives the process a /run of its own, where ip keeps the names of namespaces.
func settle() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mount --make-rprivate /: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mount a tmpfs on /run: %w", err)
	}
	return run(needed, "nft", "-f", "-")
}

// needed is what the kernel must know: it adds and removes a ruleset with one rule of each kind that a twin has.
const needed = `add table inet twin
add chain inet twin filter { type filter hook forward priority filter; policy drop; }
add rule inet twin filter ct state established,related accept
add rule inet twin filter iifname "lo" ct direction original ip saddr 192.0.2.1 tcp dport 1-2 accept
add chain inet twin lend { type nat hook postrouting priority srcnat; }
add rule inet twin lend meta l4proto { 6, 17 } masquerade to :1024-65535 fully-random
add chain inet twin turn { type nat hook prerouting priority dstnat; }
add rule inet twin turn ip dscp != 63 tcp dport 1 dnat ip addr . port to numgen inc mod 2 map { 0 : 192.0.2.1 . 1, 1 : 192.0.2.2 . 2 }
add chain inet twin sign { type filter hook postrouting priority mangle; }
add rule inet twin sign ct status dnat ct direction original ip dscp set 1
add rule inet twin sign ct mark != 0 meta mark set ct mark
delete table inet twin
`

// run gives a tool its input.
func run(input, tool string, args ...string) error {
	c := exec.Command(tool, args...) //nolint:gosec // ip and nft
	c.Stdin = strings.NewReader(input)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s\nof:\n%s", tool, strings.Join(args, " "), err, out, input)
	}
	return nil
}

// Up makes the namespaces. The process must be within [Enter].
func (p *Plan) Up() error {
	var b strings.Builder
	for _, s := range p.Spaces {
		fmt.Fprintf(&b, "netns add %s\n", s.Name)
	}
	if err := run(b.String(), "ip", "-batch", "-"); err != nil {
		return err
	}
	for _, s := range p.Spaces {
		if err := In(s.Name, func() error { return settings(s.Routes) }); err != nil {
			return err
		}
	}
	b.Reset()
	for _, l := range p.links {
		fmt.Fprintf(&b, "link add %s address 02:00:00:00:00:01 netns %s type veth peer name %s address 02:00:00:00:00:01 netns %s\n", l.deviceA, l.a, l.deviceB, l.b)
	}
	if err := run(b.String(), "ip", "-batch", "-"); err != nil {
		return err
	}
	for _, s := range p.Spaces {
		if err := run(strings.Join(s.IP, "\n")+"\n", "ip", "-netns", s.Name, "-batch", "-"); err != nil {
			return fmt.Errorf("namespace %s: %w", s.Name, err)
		}
		if s.Filter == "" {
			continue
		}
		if err := In(s.Name, func() error { return run(s.Filter, "nft", "-f", "-") }); err != nil {
			return fmt.Errorf("namespace %s: %w", s.Name, err)
		}
	}
	return nil
}

// settings of a namespace that differ from the kernel's: it must not judge by itself which sources are right.
func settings(routes bool) error {
	values := map[string]string{"ipv4/conf/all/rp_filter": "0", "ipv4/conf/default/rp_filter": "0", "ipv6/conf/default/accept_dad": "0", "ipv6/conf/default/addr_gen_mode": "1"}
	if routes {
		values["ipv4/ip_forward"], values["ipv6/conf/all/forwarding"] = "1", "1"
	}
	for name, value := range values {
		if err := os.WriteFile(filepath.Join("/proc/sys/net", name), []byte(value), 0); err != nil {
			return err
		}
	}
	return nil
}

// Down removes the namespaces.
func (p *Plan) Down() error {
	var b strings.Builder
	for _, s := range p.Spaces {
		fmt.Fprintf(&b, "netns delete %s\n", s.Name)
	}
	return run(b.String(), "ip", "-batch", "-")
}

// In does something in a namespace. Sockets that it opens stay there, and programs that it starts run there.
func In(space string, do func() error) error {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer home.Close() //nolint:errcheck // read only
	there, err := os.Open(filepath.Join("/run/netns", space))
	if err != nil {
		return err
	}
	defer there.Close()                                                    //nolint:errcheck // read only
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil { //nolint:gosec // a file descriptor is small
		return fmt.Errorf("enter the namespace %s: %w", space, err)
	}
	done := do()
	if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil { //nolint:gosec // a file descriptor is small
		return fmt.Errorf("leave the namespace %s: %w", space, err) // the thread stays locked, and ends with its goroutine
	}
	runtime.UnlockOSThread()
	return done
}
