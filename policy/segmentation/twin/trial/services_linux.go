// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
)

// serve starts what the account says of hosts: the services of their user data, and the database servers. At all other ports that are
// tried, a host answers TLS.
func (t *Trial) serve() error {
	for _, host := range t.named() {
		t.Servers.Names[host.end.space] = append(t.Servers.Names[host.end.space], host.name)
	}
	for _, f := range t.net.Interfaces {
		var own []netip.Addr
		for _, a := range f.Addresses {
			own = append(own, a.IP)
		}
		for _, s := range t.around.Services[f.Owner] {
			lacks := twin.Missing(s)
			if s.Port() == 0 || lacks != "" {
				continue
			}
			if err := t.Servers.Run(t.Plan.End(f.ID), s, own); err != nil {
				return err
			}
			t.shown[strings.TrimSuffix(s.Unit, ".service")] = true
		}
		for _, d := range t.around.Databases {
			if f.Kind != model.Database || d.Instance != t.net.Of[f.ID] {
				continue
			}
			for _, a := range own {
				if err := t.Servers.Forward(t.Plan.End(f.ID), netip.AddrPortFrom(a, d.Port), d.Socket); err != nil {
					return fmt.Errorf("database %s: %w", d.Instance, err)
				}
			}
			t.shown["PostgreSQL of "+d.Instance] = true
		}
	}
	return nil
}

// host is an end by its name.
type host struct {
	name string
	end  *end
}

// plain makes a name of a host of the name of a segment.
var plain = strings.NewReplacer(":", "-", "/", "-", ",", "-", ".", "-")

// named are the ends, by the segment and a number, without what a name cannot have.
func (t *Trial) named() []host {
	var out []host
	count := map[string]int{}
	for _, e := range t.ends {
		count[e.segment]++
		out = append(out, host{fmt.Sprintf("%s-%d", plain.Replace(e.segment), count[e.segment]), e})
	}
	return out
}

// notShown is what the packets of a twin cannot show, by name and reason.
func (t *Trial) notShown() []string {
	out := []string{"port 0, ICMP other than the ping, and other protocols than TCP and UDP: not sent"}
	if slices.ContainsFunc(t.net.LoadBalancers, func(b model.LoadBalancer) bool { return !b.Network }) {
		out = append(out, "web ACLs: load balancers follow listeners, rules, attributes and policies of TLS, and hold back no request")
	}
	for i := range t.net.LoadBalancers {
		for _, x := range t.net.LoadBalancers[i].Listeners {
			what := fmt.Sprintf("TLS of %s port %d: ", cmp.Or(t.net.LoadBalancers[i].Name, t.net.LoadBalancers[i].ID), x.Port)
			if rules := t.around.Balancers.Listeners[x.ID]; rules != nil && rules.Secure() {
				out = append(out, what+"which cipher suite it prefers; "+strings.Join(append([]string{"crypto/tls speaks it"}, rules.Unsaid...), ", "))
			} else if t.around.Balancers.Passed[x.ID] {
				out = append(out, what+"connections are passed on as they come")
			}
		}
	}
	listens := "what listens: a TLS server with the name of its host, and no service, database or endpoint policy"
	if len(t.shown) > 0 {
		var names []string
		for name := range t.shown {
			names = append(names, name)
		}
		slices.Sort(names)
		listens = fmt.Sprintf("what listens: %s, as deployed; else a TLS server with the name of its host, and no endpoint policy", strings.Join(names, " and "))
	}
	return append(out, listens, "DNS, instance metadata and Session Manager: not part of the twin")
}
