// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"regexp"
	"slices"
	"strings"

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

// accountID finds account ids in a provider property, which is a list or the JSON text of one.
var accountID = regexp.MustCompile(`\b[0-9]{12}\b`)

// ownAccounts are the accounts that belong to us as far as the program says: those in the setting, those the
// provider is pinned to, and the account of the role it assumes.
func ownAccounts(k *pack.Case) []string {
	own := slices.Clone(k.Words("allowedAccounts"))
	pinned, _ := k.Provider.Get("allowedAccountIds").Strings()
	for _, p := range pinned {
		own = append(own, accountID.FindAllString(p, -1)...)
	}
	for _, path := range []string{"assumeRole.roleArn", "assumeRoles.roleArn"} {
		if parts := strings.Split(k.Provider.Get(path).Str(), ":"); len(parts) > 4 {
			own = append(own, parts[4])
		}
	}
	return own
}

// foreignCheck reports principals of accounts that are not ours. While no account is known to be ours, every
// account would look foreign, so it does not apply.
func foreignCheck(paths func(*pack.Case) []pack.Value) func(*pack.Case) {
	check := eachStatement(paths, func(k *pack.Case, v pack.Value, s *iam.Statement) {
		for _, id := range s.Foreign(append(ownAccounts(k), elbLogAccounts...)...) {
			k.Report(v, "%s admits %s", s.Label(), id)
		}
	})
	return func(k *pack.Case) {
		if len(ownAccounts(k)) == 0 {
			k.Skip("no account is known to be ours: set allowedAccounts, or allowedAccountIds of the provider")
			return
		}
		check(k)
	}
}
