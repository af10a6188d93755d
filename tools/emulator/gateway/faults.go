// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// The kinds of fault.
const (
	Throttle = "throttle" // The service's own "too many requests" error.
	Error500 = "error500" // The service's own internal error.
	Reset    = "reset"    // The connection is reset.
	Refuse   = "refuse"   // The caller may not: an error that no client retries.
	Delay    = "delay"    // The call is served after a wait.
	Error    = "error"    // An error of the service by its code.
	Unseen   = "unseen"   // Calls that read do not see yet what a call of EC2 or IAM has just made.
)

var kinds = []string{Throttle, Error500, Reset, Refuse, Delay, Error, Unseen}

// Rule says which calls get which fault. Empty filters match everything; filters may hold * and ?.
type Rule struct {
	Service     string  `json:"service,omitempty"`     // Such as "ec2".
	Action      string  `json:"action,omitempty"`      // Such as "Create*".
	Account     string  `json:"account,omitempty"`     // Account id or environment name.
	Kind        string  `json:"kind"`                  // One of those above.
	Code        string  `json:"code,omitempty"`        // Such as "DependencyViolation", for error.
	Message     string  `json:"message,omitempty"`     // What the error says beside its code.
	DelayMS     int     `json:"delay_ms,omitempty"`    // Milliseconds, for delay and for how long something is unseen; at most 600000.
	Probability float64 `json:"probability,omitempty"` // 0 < p <= 1; 0 means 1: always.
	Calls       []int   `json:"calls,omitempty"`       // Only these matching calls, counted from 1 since the rules were put.
	From        int     `json:"from,omitempty"`        // Only matching calls from this number on.
	To          int     `json:"to,omitempty"`          // Only matching calls up to this number.
	Seed        uint64  `json:"seed,omitempty"`        // The same seed gives the same calls the fault.
	After       bool    `json:"after,omitempty"`       // The call is executed first and then its answer is lost; not for delay and unseen.
}

// Validate names everything that is wrong with a rule.
func (r Rule) Validate() error {
	problems := r.validateCalls()
	if !slices.Contains(kinds, r.Kind) {
		problems = append(problems, fmt.Errorf("kind %q is not one of %s", r.Kind, strings.Join(kinds, ", ")))
	}
	if (r.Kind == Error) != (r.Code != "") || r.Kind != Error && r.Message != "" {
		problems = append(problems, fmt.Errorf("code %q, message %q: an error needs a code, the other kinds need neither", r.Code, r.Message))
	}
	if r.Probability < 0 || r.Probability > 1 {
		problems = append(problems, fmt.Errorf("probability %v is not between 0 and 1", r.Probability))
	}
	lasts := r.Kind == Delay || r.Kind == Unseen
	if lasts != (r.DelayMS > 0) || r.DelayMS < 0 || r.DelayMS > 600000 {
		problems = append(problems, fmt.Errorf("delay_ms %d: delay and unseen need 1 to 600000, the other kinds need none", r.DelayMS))
	}
	if r.After && lasts {
		problems = append(problems, fmt.Errorf("after: %s has no after", r.Kind))
	}
	for name, pattern := range map[string]string{"service": r.Service, "action": r.Action, "account": r.Account} {
		if _, err := path.Match(pattern, ""); err != nil {
			problems = append(problems, fmt.Errorf("%s %q: %w", name, pattern, err))
		}
	}
	return errors.Join(problems...)
}

// validateCalls names what is wrong with the call numbers.
func (r Rule) validateCalls() []error {
	var problems []error
	if r.From < 0 || r.To < 0 || (r.To > 0 && r.To < r.From) {
		problems = append(problems, fmt.Errorf("from %d, to %d: call numbers count from 1 and from is not after to", r.From, r.To))
	}
	for _, n := range r.Calls {
		if n < 1 {
			problems = append(problems, fmt.Errorf("calls: %d: call numbers count from 1", n))
		}
	}
	return problems
}

// fits tells whether a call is one that the rule counts.
func (r Rule) fits(c *wire.Call, account Account) bool {
	like := func(pattern, value string) bool {
		matched, err := path.Match(pattern, value)
		return pattern == "" || err == nil && matched
	}
	return like(r.Service, c.Service) && like(r.Action, c.Action) && (like(r.Account, account.AccountID) || like(r.Account, account.Env))
}

// strikes decides for the n-th matching call of the rule at a place in the list. It depends on nothing else, so the
// order in which parallel calls arrive moves a fault to another call but never changes how many calls get one.
func (r Rule) strikes(position, n int) bool {
	if len(r.Calls) > 0 && !slices.Contains(r.Calls, n) || n < r.From || r.To > 0 && n > r.To {
		return false
	}
	if r.Probability == 0 || r.Probability == 1 {
		return true
	}
	hash := fnv.New64a()
	var bytes [24]byte
	binary.LittleEndian.PutUint64(bytes[:], r.Seed)
	binary.LittleEndian.PutUint64(bytes[8:], uint64(position)) // #nosec G115 -- a place in a list
	binary.LittleEndian.PutUint64(bytes[16:], uint64(n))       // #nosec G115 -- a count
	_, _ = hash.Write(bytes[:])
	x := hash.Sum64() // FNV mixes its last bytes little; finish as splitmix64 does.
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11)/(1<<53) < r.Probability
}

// faults is the list of rules in force.
type faults struct {
	mutex sync.Mutex
	rules []Rule
	seen  []int                // How many calls each rule has counted.
	young map[string]time.Time // When something was made, by account and what it is called. While a rule is Unseen.
}

// put replaces all rules and starts their counts anew.
func (f *faults) put(rules []Rule) error {
	var problems []error
	for i, rule := range rules {
		if err := rule.Validate(); err != nil {
			problems = append(problems, fmt.Errorf("rule %d: %w", i+1, err))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.rules, f.seen, f.young = slices.Clone(rules), make([]int, len(rules)), map[string]time.Time{}
	return nil
}

func (f *faults) list() []Rule {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return append([]Rule{}, f.rules...)
}

// next counts a call and returns what is to happen to it: the sum of its delays, and the first other fault.
func (f *faults) next(c *wire.Call, account Account) (wait time.Duration, fault *Rule) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for i, rule := range f.rules {
		if !rule.fits(c, account) {
			continue
		}
		f.seen[i]++
		switch {
		case rule.Kind == Unseen, !rule.strikes(i, f.seen[i]):
		case rule.Kind == Delay:
			wait += time.Duration(rule.DelayMS) * time.Millisecond
		case fault == nil:
			fault = &rule
		}
	}
	return wait, fault
}
