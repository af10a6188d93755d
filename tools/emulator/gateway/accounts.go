// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"sort"
	"sync"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// Account is one emulated AWS account: an environment's.
type Account struct {
	Env       string `json:"env"`              // The environment's name, such as "staging".
	AccountID string `json:"account"`          // Twelve digits.
	AccessKey string `json:"access_key"`       // The access key id whose calls belong to the account; any secret fits it.
	Record    string `json:"record,omitempty"` // The absolute path of the file that gets every call, one JSON object a line; empty for none.
	// NoDatabaseServers leaves instances of RDS records: no server stands behind them.
	NoDatabaseServers bool `json:"no_database_servers,omitempty"`
}

var (
	accountIDs = regexp.MustCompile(`^\d{12}$`)
	accessKeys = regexp.MustCompile(`^[A-Za-z0-9_]{4,128}$`)
)

// ErrConflict says that a registration contradicts an existing one.
var ErrConflict = errors.New("conflict")

func (a Account) validate() error {
	var problems []error
	if a.Env == "" {
		problems = append(problems, errors.New("env is empty; name the environment"))
	}
	if !accountIDs.MatchString(a.AccountID) {
		problems = append(problems, fmt.Errorf("account %q is not an account id; give twelve digits", a.AccountID))
	}
	if !accessKeys.MatchString(a.AccessKey) {
		problems = append(problems, fmt.Errorf("access_key %q is not an access key id; give 4 to 128 letters, digits or underscores", a.AccessKey))
	}
	if a.Record != "" && !filepath.IsAbs(a.Record) {
		problems = append(problems, fmt.Errorf("record %q is not an absolute path", a.Record))
	}
	return errors.Join(problems...)
}

// accounts maps access keys to accounts.
type accounts struct {
	mutex   sync.RWMutex
	byKey   map[string]Account
	journal map[string]*journal // By environment.
}

func newAccounts() *accounts {
	return &accounts{byKey: map[string]Account{}, journal: map[string]*journal{}}
}

// register adds an account or replaces the one of the same environment.
func (a *accounts) register(account Account) error {
	if err := account.validate(); err != nil {
		return err
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for key, other := range a.byKey {
		if other.Env == account.Env {
			continue
		}
		if key == account.AccessKey {
			return fmt.Errorf("%w: access key %s belongs to environment %s", ErrConflict, key, other.Env)
		}
		if other.AccountID == account.AccountID {
			return fmt.Errorf("%w: account %s belongs to environment %s", ErrConflict, account.AccountID, other.Env)
		}
	}
	a.drop(account.Env)
	a.byKey[account.AccessKey] = account
	if old := a.journal[account.Env]; old == nil || old.path != account.Record {
		a.journal[account.Env] = &journal{path: account.Record}
	}
	return nil
}

// remove forgets an environment and all keys of it. What moto holds for the account stays.
func (a *accounts) remove(env string) bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	known := a.drop(env)
	delete(a.journal, env)
	return known
}

func (a *accounts) drop(env string) (known bool) {
	for key, account := range a.byKey {
		if account.Env == env {
			delete(a.byKey, key)
			known = true
		}
	}
	return known
}

// adopt lets a temporary access key that STS just gave out speak for the account of its role.
func (a *accounts) adopt(key, accountID string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for _, account := range a.byKey {
		if account.AccountID == accountID {
			account.AccessKey = key
			a.byKey[key] = account
			return
		}
	}
}

// of returns the account of an access key and its journal.
func (a *accounts) of(key string) (Account, *journal, bool) {
	a.mutex.RLock()
	defer a.mutex.RUnlock()
	account, found := a.byKey[key]
	return account, a.journal[account.Env], found
}

// withID returns the account of an id and its journal.
func (a *accounts) withID(id string) (Account, *journal, bool) {
	a.mutex.RLock()
	defer a.mutex.RUnlock()
	for _, account := range a.byKey {
		if account.AccountID == id {
			return account, a.journal[account.Env], true
		}
	}
	return Account{}, nil, false
}

// list returns one entry for each environment, by name.
func (a *accounts) list() []Account {
	a.mutex.RLock()
	defer a.mutex.RUnlock()
	seen := map[string]Account{}
	for _, account := range a.byKey {
		if old, found := seen[account.Env]; !found || account.AccessKey < old.AccessKey {
			seen[account.Env] = account
		}
	}
	listed := make([]Account, 0, len(seen))
	for _, account := range seen {
		listed = append(listed, account)
	}
	sort.Slice(listed, func(i, j int) bool { return listed[i].Env < listed[j].Env })
	return listed
}

// caller finds who makes a call: the owner of its access key, or for the calls without a signature the account of the role they ask for.
func (a *accounts) caller(c *wire.Call) (Account, *journal, bool) {
	if c.AccessKey != "" {
		return a.of(c.AccessKey)
	}
	if role := c.Form.Get("RoleArn"); c.Service == "sts" && role != "" {
		return a.withID(accountOfARN(role))
	}
	return Account{}, nil, false
}
