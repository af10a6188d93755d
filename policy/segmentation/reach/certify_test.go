// SPDX-License-Identifier: Apache-2.0

package reach_test

import (
	"encoding/json"
	"testing"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/certificate"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
)

// TestEveryCannotIsCertified certifies what cannot pass in random networks, and sees that the checker believes none of
// the certificates once the network lets the packets pass.
func TestEveryCannotIsCertified(t *testing.T) {
	certified, refuted := 0, 0
	for seed := range uint64(12) {
		src := scenes.NewSource(seed)
		net := scenes.Random(src)
		e := reach.New(net)
		for i := range net.Interfaces {
			for j := range net.Interfaces {
				if i == j {
					continue
				}
				c := certify(t, net, e, &net.Interfaces[i], &net.Interfaces[j], src)
				if c == nil {
					continue
				}
				certified++
				if refute(t, net, c) {
					refuted++
				}
			}
		}
	}
	if certified < 60 || refuted < certified/4 {
		t.Errorf("%d certificates, %d refuted by opening the network", certified, refuted)
	}
}

func certify(t *testing.T, net *model.Network, e *reach.Engine, a, b *model.Interface, src scenes.Source) *certificate.Certificate {
	t.Helper()
	x, y := e.Interface(a.ID), e.Interface(b.ID)
	switch src.IntN(4) {
	case 0:
		x = e.InternetEnd()
	case 1:
		y = e.InternetEnd()
	}
	r := e.Between(x, y)
	for _, question := range []flow.Set{flow.Everything.Minus(r.Open), flow.One(flow.TCP, 443), flow.One(flow.UDP, 53)} {
		c := e.Certify(x, y, question)
		if c == nil {
			continue
		}
		if err := certificate.Verify(net, c); err != nil {
			text, _ := json.Marshal(net)
			t.Fatalf("%s -> %s, %s: %v\n%s", a.ID, b.ID, flow.Describe(question), err, text)
		}
		for i := range c.Ways { // a certificate with a hole is none
			if len(c.Ways[i].Cuts) > 0 {
				whole := c.Ways[i].Cuts
				c.Ways[i].Cuts = whole[1:]
				if certificate.Verify(net, c) == nil {
					t.Fatalf("%s -> %s: the checker does not miss %+v of %s", a.ID, b.ID, whole[0], c.Ways[i].Name)
				}
				c.Ways[i].Cuts = whole
			}
		}
		return c
	}
	return nil
}

// refute opens every group, ACL and table of a copy of the network, and reports whether something passes then; if so,
// the certificate must not be believed.
func refute(t *testing.T, net *model.Network, c *certificate.Certificate) bool {
	t.Helper()
	text, _ := json.Marshal(net)
	var open model.Network
	if err := json.Unmarshal(text, &open); err != nil {
		t.Fatal(err)
	}
	for i := range open.Interfaces {
		open.Interfaces[i].Groups = nil
	}
	for i := range open.ACLs {
		all := []model.Entry{scenes.Allow(1, -1, 0, 0, "0.0.0.0/0"), scenes.Allow(2, -1, 0, 0, "::/0")}
		open.ACLs[i].Ingress, open.ACLs[i].Egress = all, all
	}
	e := reach.New(&open)
	a, b := e.InternetEnd(), e.InternetEnd()
	if c.From.Interface != "" {
		a = e.Interface(c.From.Interface)
	}
	if c.To.Interface != "" {
		b = e.Interface(c.To.Interface)
	}
	r := e.Between(a, b)
	var q flow.Set
	for _, x := range c.Question {
		q = q.Or(flow.Box(number(x.Protocols.Lo), number(x.Protocols.Hi), flow.PortRange(number(x.Ports.Lo), number(x.Ports.Hi)), flow.PortRange(number(x.Clients.Lo), number(x.Clients.Hi))))
	}
	if r.Ask(q, a.Clients()) == reach.Cannot {
		return false
	}
	if certificate.Verify(&open, c) == nil {
		t.Fatalf("the checker believes that nothing gets from %+v to %+v, though %s may", c.From, c.To, flow.Describe(r.May.And(q)))
	}
	return true
}
