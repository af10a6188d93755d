// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"fmt"
	"strconv"
	"strings"
)

// protocols are the names that people and AWS use: https://www.iana.org/assignments/protocol-numbers.
var protocols = map[string]Number{"icmp": ICMP, "tcp": TCP, "udp": UDP, "icmpv6": ICMPv6, "icmp6": ICMPv6, "gre": 47, "esp": 50, "ah": 51, "sctp": 132}

// Protocol reads a protocol's name or number; "all" and "-1" are -1.
func Protocol(s string) (int, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "all" || s == "-1" || s == "any" {
		return -1, nil
	}
	if n, ok := protocols[s]; ok {
		return int(n), nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 255 {
		return 0, fmt.Errorf("%q is no protocol; say tcp, udp, icmp, icmpv6, a number from 0 to 255, or all", s)
	}
	return n, nil
}

// Parse reads a question such as "tcp/443", "udp/1000-2000", "icmp/8" (a type), "tcp", "50" or "all".
func Parse(s string) (Set, error) {
	name, ports, has := strings.Cut(s, "/")
	p, err := Protocol(name)
	if err != nil {
		return nil, err
	}
	if p < 0 {
		if has {
			return nil, fmt.Errorf("%q: all protocols together have no ports", s)
		}
		return Everything, nil
	}
	n := Number(p) //nolint:gosec // 0 to 255
	if !has {
		return Box(n, n, AllPorts, AllPorts), nil
	}
	from, to, ranged := strings.Cut(ports, "-")
	if !ranged {
		to = from
	}
	limit := uint64(65535)
	if n == ICMP || n == ICMPv6 {
		limit = 255
	} else if n != TCP && n != UDP {
		return nil, fmt.Errorf("%q: only TCP, UDP and ICMP have ports or types", s)
	}
	lo, err1 := strconv.ParseUint(from, 10, 16)
	hi, err2 := strconv.ParseUint(to, 10, 16)
	if err1 != nil || err2 != nil || lo > hi || hi > limit {
		return nil, fmt.Errorf("%q: a port is a number from 0 to %d, or a range such as 1000-2000", s, limit)
	}
	if limit == 255 {
		lo, hi = lo<<8, hi<<8|255
	}
	return Box(n, n, PortRange(Number(lo), Number(hi)), AllPorts), nil //nolint:gosec // 16 bits
}
