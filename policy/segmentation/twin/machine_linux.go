// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/machine"
)

// starting is how long a service may take before it listens.
const starting = 20 * time.Second

// Run starts a service of an instance in a space, where it listens at its port of every IPv4 address, of which the space has some. It
// ends with this process.
func (l *Servers) Run(space string, s *machine.Service, own []netip.Addr) error {
	folder := filepath.Join("/run/machines", space, s.Unit) // which only the twin sees
	commands, err := s.Install(folder)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	var said bytes.Buffer
	go func() {
		ended <- In(space, func() error {
			for _, c := range commands {
				// The signal comes when the thread ends that has started the program, and this one waits for it.
				c.Stdout, c.Stderr, c.SysProcAttr = &said, &said, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
				if err := c.Run(); err != nil {
					return fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, &said)
				}
			}
			return fmt.Errorf("%s has ended: %s", s.Unit, &said)
		})
	}()
	for until := time.Now().Add(starting); ; time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-ended:
			return fmt.Errorf("the service %s in %s: %w", s.Unit, space, err)
		default:
		}
		there, err := listens(space, s.Port())
		if err != nil {
			return err
		}
		if there {
			break
		}
		if time.Now().After(until) {
			return fmt.Errorf("the service %s in %s does not listen at port %d", s.Unit, space, s.Port())
		}
	}
	for _, a := range own {
		if a.Is4() {
			l.Taken(space, netip.AddrPortFrom(a, s.Port()))
		}
	}
	end := commands[len(commands)-1]
	l.open["service"+space+s.Unit] = func() error { return end.Process.Kill() }
	return nil
}

// listens asks the kernel whether anything listens at a port of all IPv4 addresses: https://docs.kernel.org/networking/proc_net_tcp.html.
func listens(space string, port uint16) (there bool, err error) {
	err = In(space, func() error {
		text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/net/tcp", syscall.Gettid()))
		there = bytes.Contains(text, fmt.Appendf(nil, ": 00000000:%04X 00000000:0000 0A ", port))
		return err
	})
	return there, err
}

// Missing is the program that this machine lacks for a service; empty if it has all.
func Missing(s *machine.Service) string {
	for _, words := range append(s.Before[:len(s.Before):len(s.Before)], s.Start) {
		if program := strings.TrimLeft(words[0], "-@:+!"); !usable(program) {
			return program
		}
	}
	return ""
}

func usable(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
