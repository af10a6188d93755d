// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"fmt"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
)

// trustOf takes "111122223333 because it keeps the images of all environments" apart.
func trustOf(s string) (account, reason string, err error) {
	account, reason, found := strings.Cut(s, because)
	if !found {
		return "", "", form.Text(s, "gives no reason", "write it like 111122223333 because it keeps the images of all environments")
	}
	if form.CheckAccountID(account) != nil {
		return "", "", form.Text(s, "does not begin with an AWS account id", "write all 12 digits")
	}
	return account, reason, reasonOf(s, reason)
}

// trustedAccounts checks a list of accounts, in which none may be twice.
func trustedAccounts(value any) []fault {
	seen := map[string]bool{}
	return each(func(s string) error {
		account, _, err := trustOf(s)
		switch {
		case err != nil:
			return err
		case seen[account]:
			return form.Text(s, "trusts "+account+" a second time", "keep one")
		case len(seen) == form.MaxTrustedAccounts:
			return form.Text(s, "is one account too many", fmt.Sprintf("trust at most %d; the reasons are tags of the endpoints", form.MaxTrustedAccounts))
		}
		seen[account] = true
		return nil
	})(value)
}

// Trusted are the reasons of TrustedAccounts by account.
func (n Network) Trusted() map[string]string {
	trusted := map[string]string{}
	for _, s := range n.TrustedAccounts {
		if account, reason, err := trustOf(s); err == nil {
			trusted[account] = reason
		}
	}
	return trusted
}

// trustsItself reports the account of the environment among those that are trusted.
func trustsItself(s *Settings) []fault {
	if reason, there := s.Network.Trusted()[s.AccountID]; there {
		return about("trustedAccounts", quoted(s.AccountID+because+reason), "is accountId itself", "remove it")
	}
	return nil
}
