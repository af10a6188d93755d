// SPDX-License-Identifier: Apache-2.0

package reach_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// listed are the rules of AWS that decide what passes, by the numbers that the names of tests begin with. Elsewhere is the test of a
// rule that is not the engine's: a file below policy/segmentation, and a text in it. Source is where the rule stands, unless its tests say so.
var listed = []struct {
	number          int
	rule            string
	elsewhere, text string
	source          string
}{
	{number: 1, rule: "the interface is what is filtered"},
	{number: 2, rule: "the source/destination check"},
	{number: 3, rule: "no groups are no filter"},
	{number: 4, rule: "a planned address is any usable one of its subnet"},
	{number: 5, rule: "a managed service may be in any of its subnets"},
	{number: 6, rule: "rules of groups allow, and add up"},
	{number: 7, rule: "groups are stateful"},
	{number: 8, rule: "the destination port, and type and code of ICMP"},
	{number: 9, rule: "all protocols; protocols without ports; port 0"},
	{number: 10, rule: "a group reference means private addresses"},
	{number: 11, rule: "members of a group are strangers"},
	{number: 12, rule: "where group references count"},
	{number: 13, rule: "group references are lost by translation"},
	{number: 14, rule: "prefix lists"},
	{number: 15, rule: "the families are apart"},
	{number: 16, rule: "the default group", elsewhere: "stack/defaults_test.go", text: `{"16 `},
	{number: 17, rule: "what providers take away", elsewhere: "stack/defaults_test.go", text: `{"17 `},
	{number: 18, rule: "what neither groups nor ACLs judge"},
	{number: 19, rule: "open connections", elsewhere: "command/command_test.go", text: "// 18, 19 and 49", source: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html"},
	{number: 20, rule: "listeners without groups"},
	{number: 21, rule: "entries of ACLs in the order of their numbers"},
	{number: 22, rule: "the default ACL"},
	{number: 23, rule: "ACLs at the border of a subnet only"},
	{number: 24, rule: "four crossings"},
	{number: 25, rule: "client ports"},
	{number: 26, rule: "what an ACL sees at the gateway"},
	{number: 27, rule: "a NAT gateway crosses its subnet's ACL twice"},
	{number: 28, rule: "one-way delivery"},
	{number: 29, rule: "the main table"},
	{number: 30, rule: "the longest prefix, and local routes"},
	{number: 31, rule: "which route wins"},
	{number: 32, rule: "blackholes"},
	{number: 33, rule: "no table inside a subnet"},
	{number: 34, rule: "both directions have tables"},
	{number: 35, rule: "gateway route tables, unknown", elsewhere: "awsfiles/files_test.go", text: `"35 a gateway's route table"`, source: "https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html"},
	{number: 36, rule: "out by the internet gateway with a public address only"},
	{number: 37, rule: "in by the internet gateway to a public address only"},
	{number: 38, rule: "private ranges at the internet gateway"},
	{number: 39, rule: "where public addresses come from"},
	{number: 40, rule: "public NAT gateways"},
	{number: 41, rule: "whom a NAT gateway serves"},
	{number: 42, rule: "IPv6 and egress-only gateways"},
	{number: 43, rule: "Block Public Access"},
	{number: 44, rule: "reflection at the internet gateway"},
	{number: 45, rule: "peering"},
	{number: 46, rule: "transit gateways, unknown", elsewhere: "awsfiles/files_test.go", text: `"46 a transit gateway"`, source: "https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html"},
	{number: 47, rule: "gateway endpoints"},
	{number: 48, rule: "interface endpoints"},
	{number: 49, rule: "endpoint policies are no network", elsewhere: "command/command_test.go", text: "// 18, 19 and 49", source: "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html"},
	{number: 50, rule: "application load balancers make connections of their own", source: docELB + "application/introduction.html"},
	{number: 51, rule: "internal load balancers, and listeners without targets", source: docELB + "application/application-load-balancers.html"},
	{number: 52, rule: "network load balancers with and without clients' addresses", source: docELB + "network/edit-target-group-attributes.html#client-ip-preservation"},
	{number: 53, rule: "web ACLs change no reach"},
	{number: 54, rule: "public databases"},
	{number: 55, rule: "functions"},
	{number: 56, rule: "states and attachments"},
}

// numbered are the rules that tests of this package name.
func numbered(t *testing.T) map[int]bool {
	t.Helper()
	found := map[int]bool{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\{"(\d+) [^"]+", ["\w]`)
	for _, file := range files {
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			n, _ := strconv.Atoi(m[1])
			if found[n] = true; n > len(listed) {
				t.Errorf("%s is about a rule that is not listed", m[0])
			}
		}
	}
	return found
}

// TestEveryRuleThatIsListedHasATestWithItsSource finds a test of each rule, which names where the rule stands.
func TestEveryRuleThatIsListedHasATestWithItsSource(t *testing.T) {
	found := numbered(t)
	for _, r := range rules {
		n, err := strconv.Atoi(strings.Fields(r.name)[0])
		if err == nil && n > 0 && !strings.Contains(r.source, "https://") {
			t.Errorf("%q has no source", r.name)
		}
	}
	for i, x := range listed {
		if x.number != i+1 {
			t.Errorf("the rule %d is not in its place", x.number)
		}
		if x.elsewhere == "" && found[x.number] {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", x.elsewhere))
		if x.elsewhere == "" || err != nil || !strings.Contains(string(text), x.text) {
			t.Errorf("rule %d, %s, has no test %s in %q (%v)", x.number, x.rule, x.text, x.elsewhere, err)
		}
		if x.source == "" && !strings.Contains(string(text), "https://") {
			t.Errorf("rule %d, %s, has no source", x.number, x.rule)
		}
	}
}
