// SPDX-License-Identifier: Apache-2.0

// Package access knows which accounts are ours, and what keeps the others out.
package access

import (
	"slices"
	"strings"
	"unicode"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// elbLogAccounts are the accounts of AWS that deliver load balancer access logs in Regions opened before
// August 2022 (Elastic Load Balancing user guide, "Enable access logs for your Application Load Balancer").
var elbLogAccounts = []string{
	"127311923021", "033677994240", "027434742980", "797873946194", "098369216593", "754344448648", "589379963580",
	"718504428378", "383597477331", "600734575887", "114774131450", "783225319266", "582318560864", "985666609251",
	"054676820928", "156460612806", "652711504416", "635631232127", "009996457667", "897822967062", "076674570225", "507241528517",
}

// ownAccounts are the accounts that belong to us as far as the program says: those in the setting, those the
// provider is pinned to, and the account of the role it assumes.
func ownAccounts(k *pack.Case) []string {
	own := slices.Clone(k.Words("allowedAccounts"))
	provider := k.Provider()
	pinned, _ := provider.Get("allowedAccountIds").Strings()
	for _, p := range pinned {
		own = append(own, accountsIn(p)...)
	}
	for _, path := range []string{"assumeRole.roleArn", "assumeRoles.roleArn"} {
		if parts := strings.Split(provider.Get(path).Str(), ":"); len(parts) > 4 {
			own = append(own, parts[4])
		}
	}
	return own
}

// accountsIn finds account ids in a provider property, which is a list or the JSON text of one.
func accountsIn(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.DeleteFunc(words, func(w string) bool { return !iam.IsAccount(w) })
}

// Ownership returns the predicate that an account is ours. While no account is known to be ours, every account would
// look foreign, so the control does not apply.
func Ownership(k *pack.Case) (ours func(account string) bool, known bool) {
	own := ownAccounts(k)
	if len(own) == 0 {
		k.Skip("no account is known to be ours: set allowedAccounts, or allowedAccountIds of the provider")
		return nil, false
	}
	return func(account string) bool {
		return slices.Contains(own, account) || slices.Contains(elbLogAccounts, account)
	}, true
}
