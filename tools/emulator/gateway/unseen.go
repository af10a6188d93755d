// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// EC2 and IAM say that something is made before everybody sees it (EC2 API developer guide, "Eventual consistency"; IAM user guide, "Changes
// that I make are not always immediately visible").

var (
	ec2ID     = regexp.MustCompile(`\b[a-z]+(?:-[a-z]+)*-[0-9a-f]{17}\b`)
	policyARN = regexp.MustCompile(`<Arn>(arn:[^<]+:policy/[^<]+)</Arn>`)
	makes     = []string{"Create", "Run", "Allocate"}
	reads     = []string{"Describe", "Get", "List"}
)

func begins(action string, with []string) bool {
	return slices.ContainsFunc(with, func(p string) bool { return strings.HasPrefix(action, p) })
}

// made are what a call of EC2 or IAM has made, by what later calls say for it.
func made(c *wire.Call, reply *wire.Reply) (names []string) {
	if reply == nil || reply.Status >= 300 || !begins(c.Action, makes) {
		return nil
	}
	switch c.Service {
	case "ec2":
		for _, id := range ec2ID.FindAllString(string(reply.Body), -1) {
			if !strings.Contains(string(c.Body), id) { // Else it was there before.
				names = append(names, id)
			}
		}
	case "iam":
		if name := c.Form.Get(strings.TrimPrefix(c.Action, "Create") + "Name"); name != "" {
			names = append(names, name)
		}
		if arn := policyARN.FindSubmatch(reply.Body); arn != nil {
			names = append(names, string(arn[1]))
		}
	}
	return names
}

// another is a name like one of EC2 or IAM that nothing has.
func another(name string) string {
	if ec2ID.MatchString(name) {
		return name[:len(name)-8] + "ffffffff"
	}
	return name + "-unseen"
}

// learn notes what has just been made, while a rule is Unseen.
func (f *faults) learn(c *wire.Call, account Account, reply *wire.Reply) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if !slices.ContainsFunc(f.rules, func(r Rule) bool { return r.Kind == Unseen }) {
		return
	}
	for _, name := range made(c, reply) {
		f.young[account.AccountID+" "+name] = time.Now()
	}
}

// unseen is a call that reads what was just made, as one for what is not there; nil for every other.
func (f *faults) unseen(c *wire.Call, account Account) *wire.Call {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, rule := range f.rules {
		if rule.Kind != Unseen || c.Form == nil || !begins(c.Action, reads) || !rule.fits(c, account) {
			continue
		}
		changed := *c
		changed.Form, changed.Header = url.Values{}, c.Header.Clone()
		found := false
		for key, values := range c.Form {
			for _, v := range values {
				if when, young := f.young[account.AccountID+" "+v]; young && time.Since(when) < time.Duration(rule.DelayMS)*time.Millisecond {
					v, found = another(v), true
				}
				changed.Form.Add(key, v)
			}
		}
		if found {
			changed.SetForm()
			return &changed
		}
	}
	return nil
}
