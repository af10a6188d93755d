// SPDX-License-Identifier: Apache-2.0

//go:build kernel && linux

package twin_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
)

// kept is a flow in a network about which the engine and the kernel disagreed: from one interface to another, or from or to an
// address outside. The files in testdata/disagreements are tried first in every run.
type kept struct {
	Network  *model.Network `json:"network"`
	From     string         `json:"from,omitempty"`
	To       string         `json:"to,omitempty"`
	Outside  netip.Addr     `json:"outside"`
	Protocol int            `json:"protocol"`
	Port     int            `json:"port"`
	Client   int            `json:"client"`
}

func keep(net *model.Network, q *question) *kept {
	k := &kept{Network: net, Outside: q.outside, Protocol: q.protocol, Port: q.port, Client: q.client}
	if q.from != nil {
		k.From = q.from.ID
	}
	if q.to != nil {
		k.To = q.to.ID
	}
	return k
}

// question is the flow in its network, nil if an end is missing.
func (k *kept) question(plan *twin.Plan) *question {
	q := &question{outside: k.Outside, protocol: k.Protocol, port: k.Port, client: k.Client}
	for id, at := range map[string]**model.Interface{k.From: &q.from, k.To: &q.to} {
		if i := slices.IndexFunc(k.Network.Interfaces, func(f model.Interface) bool { return f.ID == id && len(f.Addresses) > 0 }); i >= 0 {
			*at = &k.Network.Interfaces[i]
		} else if id != "" {
			return nil
		}
	}
	if !q.aim(plan) {
		return nil
	}
	return q
}

// wrong tries the flow in a twin, which was changed before, and says how engine and kernel disagree; empty if they do not, or if there is no such twin.
func (k *kept) wrong(change func(*twin.Plan)) string {
	plan, err := twin.Compile(k.Network, outsiders)
	if err != nil {
		return ""
	}
	q := k.question(plan)
	if q == nil {
		return ""
	}
	if change != nil {
		change(plan)
	}
	defer func() { _ = plan.Down() }()
	began := time.Now()
	servers, err := twin.NewServers()
	if err != nil || plan.Up() != nil {
		return ""
	}
	defer servers.Close()
	// What is slow to come up, because the machine has other work, is slow to deliver too.
	usual := min(longest, max(400*time.Millisecond, 4*time.Since(began)))
	for _, wait := range []time.Duration{usual, longest} {
		if servers.Try(q.probes, wait) != nil {
			return ""
		}
		if j := q.judge(reach.New(k.Network)); !j.must || j.works {
			return j.wrong()
		}
	}
	return q.judge(reach.New(k.Network)).wrong()
}

const (
	// patience bounds how long is shrunk.
	patience = 2 * time.Minute
	// longest is how long an answer may take.
	longest = 5 * time.Second
)

// shrink leaves out of the network whatever it disagrees in the same way without.
func (k *kept) shrink(wrong string, change func(*twin.Plan)) *kept {
	until := time.Now().Add(patience)
	for before := -1; before != k.size() && wrong != ""; {
		before = k.size()
		for path := range lists(reflect.ValueOf(k.Network).Elem(), nil) {
			for at := 0; time.Now().Before(until); {
				smaller := k.without(path, at)
				if smaller == nil {
					break
				}
				if smaller.wrong(change) == wrong {
					k = smaller
				} else {
					at++
				}
			}
		}
	}
	return k
}

func (k *kept) size() int { text, _ := json.Marshal(k); return len(text) }

// lists are the ways to all lists in a network: fields, and elements of lists above. The last elements come first, so that what is gone
// changes no way that follows.
func lists(v reflect.Value, to []int) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		walk(v, to, yield)
	}
}

func walk(v reflect.Value, to []int, yield func([]int) bool) bool {
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() != reflect.Slice || !v.Type().Field(i).IsExported() {
			continue
		}
		here := append(slices.Clone(to), i)
		if f.Type().Elem().Kind() == reflect.Struct && f.Type().Elem().PkgPath() == reflect.TypeFor[model.Network]().PkgPath() {
			for j := f.Len() - 1; j >= 0; j-- {
				if !walk(f.Index(j), append(slices.Clone(here), j), yield) {
					return false
				}
			}
		}
		if !yield(here) {
			return false
		}
	}
	return true
}

// without is a copy whose list at the end of a way lacks one element; nil if it has no such list or element any more.
func (k *kept) without(path []int, at int) *kept {
	text, err := json.Marshal(k)
	other := &kept{}
	if err != nil || json.Unmarshal(text, other) != nil {
		return nil
	}
	v := reflect.ValueOf(other.Network).Elem()
	for i := 0; i < len(path); i += 2 {
		f := v.Field(path[i])
		if i == len(path)-1 {
			if at >= f.Len() {
				return nil
			}
			f.Set(reflect.AppendSlice(f.Slice(0, at), f.Slice(at+1, f.Len())))
			return other
		}
		if path[i+1] >= f.Len() {
			return nil
		}
		v = f.Index(path[i+1])
	}
	return nil
}

// write keeps it in a file.
func (k *kept) write(t *testing.T, file string) string {
	t.Helper()
	text, err := json.MarshalIndent(k, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o750)
	}
	if err == nil {
		err = os.WriteFile(file, append(text, '\n'), 0o600)
	}
	if err != nil {
		t.Error(err)
	}
	return file
}

func read(t *testing.T, file string) *kept {
	t.Helper()
	k := &kept{}
	text, err := os.ReadFile(filepath.Clean(file))
	if err == nil {
		err = json.Unmarshal(text, k)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestDisagreementsThatWereKept(t *testing.T) {
	files, err := filepath.Glob("testdata/disagreements/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if wrong := read(t, file).wrong(nil); wrong != "" {
			t.Errorf("%s: %s", file, wrong)
		}
	}
}

// disagreed is a flow between two interfaces that passes a twin that was changed, and nowhere else.
func disagreed(t *testing.T, s scenes.Source, net *model.Network, change func(*twin.Plan)) (k *kept, wrong string) {
	t.Helper()
	plan, err := twin.Compile(net, outsiders)
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		q := ask(s, net, plan)
		if q == nil || q.from == nil || q.to == nil || q.protocol != 6 || q.judge(reach.New(net)).arrives {
			continue
		}
		k = keep(net, q)
		if wrong = k.wrong(change); wrong != "" {
			return k, wrong
		}
	}
	t.Fatal("no flow passes the changed twin only")
	return nil, ""
}

// A twin whose filters are open disagrees, as an engine would that is wrong; what is left of the network is what that takes.
func TestADisagreementIsShrunkAndKept(t *testing.T) {
	s := scenes.NewSource(*first + 1)
	net := scenes.Random(s)
	open := func(p *twin.Plan) {
		for _, space := range p.Spaces {
			space.Filter = ""
		}
	}
	k, wrong := disagreed(t, s, net, open)
	small := k.shrink(wrong, open)
	file := small.write(t, filepath.Join(t.TempDir(), "kept.json"))
	if n := small.Network; len(n.Interfaces) != 2 || len(n.ACLs)+len(n.NATs)+len(n.Gateways) > 2 || small.size() > k.size()/2 {
		t.Errorf("%d bytes of %d are left", small.size(), k.size())
	}
	if again := read(t, file); again.wrong(open) != "the engine says that it cannot pass, and it did" || again.wrong(nil) != "" {
		t.Errorf("what was kept says %q and %q", again.wrong(open), again.wrong(nil))
	}
}
