// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/bulkhead-iac/bulkhead/stacks"
)

// report says what was done and what is left to do.
func (p *plan) report() string {
	var done, next []string
	if p.was != p.name {
		done = append(done, fmt.Sprintf("the project is called %s instead of %s, and so is the prefix of every key in %s", p.name, p.was, strings.Join(p.stackFiles(), ", ")))
		next = append(next, "what was deployed as "+p.was+" stays deployed; destroy it first if you do not want it twice")
	}
	if p.module != p.moduleWas {
		done = append(done, fmt.Sprintf("the Go module is %s instead of %s", p.module, p.moduleWas))
	}
	for _, env := range p.environments {
		account := p.account
		if stacks.IsProduction(env) {
			account = p.productionAccount
		}
		switch {
		case account != "":
			done = append(done, stacks.FileName(env)+" names account "+account)
		case stacks.IsProduction(env):
			next = append(next, stacks.FileName(env)+": accountId; or run make init NAME="+p.name+" PRODUCTION_ACCOUNT=…")
		default:
			next = append(next, stacks.FileName(env)+": accountId; or run make init NAME="+p.name+" ACCOUNT=…")
		}
	}
	if p.region != "" {
		done = append(done, "every environment is in "+p.region+" and its zones")
		next = append(next, "zones: look which ones your accounts have, with aws ec2 describe-availability-zones --region "+p.region)
	}
	for _, env := range p.environments {
		next = append(next, stacks.FileName(env)+": edgeZone, alarmEmails, bastionAllowedCidrs, appEgressCidrs, appEgressDomains and vpcCidr, unless they are yours already; then make check ENV="+env)
	}
	next = append(next, "make test, git diff, git commit")
	return fmt.Sprintf("%d files are changed:\n%s\nWhat is left to do:\n%s", len(p.changed), bullets(done), bullets(next))
}

func bullets(lines []string) string {
	var out strings.Builder
	for _, line := range lines {
		out.WriteString("  - " + line + "\n")
	}
	return out.String()
}
