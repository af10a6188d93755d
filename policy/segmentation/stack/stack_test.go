// SPDX-License-Identifier: Apache-2.0

package stack_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
)

// production is our own stack as it is when deployed; see policy/hardening.
const production = "../../hardening/testdata/production.json"

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9" // resource.UnknownStringValue of Pulumi's SDK

// network reads the production stack, after a change of each resource.
func network(t *testing.T, change func(r map[string]any), services map[string]string) *model.Network {
	t.Helper()
	text, err := os.ReadFile(production)
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(text, &doc))
	list, _ := doc["deployment"].(map[string]any)["resources"].([]any)
	for _, one := range list {
		r, _ := one.(map[string]any)
		if change != nil {
			change(r)
		}
	}
	text, err = json.Marshal(doc)
	require.NoError(t, err)
	d, err := export.Read(bytes.NewReader(text))
	require.NoError(t, err)
	net := stack.Of(d, services)
	net.Elsewhere = append(net.Elsewhere, mustPrefix("203.0.113.0/28"), mustPrefix("198.51.100.64/28"))
	return net
}

// matrix is what may open connections between the parts of the stack, by their short names.
func matrix(t *testing.T, net *model.Network) map[string]string {
	t.Helper()
	e := reach.New(net)
	ends := map[string]*reach.End{"internet": e.Outside(reach.Internet.Minus(flow.PrefixAddrs(mustPrefix("203.0.113.0/28"), mustPrefix("198.51.100.64/28"), mustPrefix("2001:db8:20::/48")))), "known": e.Outside(flow.PrefixAddrs(mustPrefix("203.0.113.0/28"))), "partner": e.Outside(flow.PrefixAddrs(mustPrefix("198.51.100.64/28")))}
	for _, l := range net.Lists {
		ends[l.ID[strings.LastIndexByte(l.ID, '.')+1:]] = e.Service(l.ID)
	}
	for _, i := range net.Interfaces {
		name := i.ID[strings.LastIndex(i.ID, "::")+2:]
		ends[strings.TrimPrefix(name, "production-")] = e.Interface(i.ID)
	}
	out := map[string]string{}
	for a, x := range ends {
		for b, y := range ends {
			if r := e.Between(x, y); a != b && !r.Open.Empty() {
				out[a+" -> "+b] = "must " + flow.Describe(r.Must) + " | may " + flow.Describe(r.May)
				if !r.Open.Equal(r.May) {
					out[a+" -> "+b] += " | open " + flow.Describe(r.Open)
				}
			}
		}
	}
	return out
}

// want is what our own production stack lets through, and nothing else but HTTPS to interface endpoints: the
// connections of README.md. Amazon S3 gets no answers, for they would go to the gateway endpoint.
var want = map[string]string{
	"internet -> edge-alb":       "tcp 80 from client ports 443, 1024-65535, 443 from client ports 443, 1024-65535",
	"known -> edge-alb":          "tcp 80 from client ports 443, 1024-65535, 443 from client ports 443, 1024-65535",
	"partner -> edge-alb":        "tcp 80 from client ports 443, 1024-65535, 443 from client ports 443, 1024-65535",
	"known -> bastion-group":     "tcp 22 from client ports 443, 1024-65535",
	"bastion-group -> app-group": "tcp 22 from client ports 1024-65535",
	"bastion-group -> s3":        "tcp 443 from client ports 80, 443, 1024-65535 | may tcp 443 from client ports 22, 80, 443, 1024-65535",
	"edge-alb -> app-group":      "tcp 8443 from client ports 1024-65535",
	"app-group -> db-instance":   "tcp 5432 from client ports 1024-65535",
	"app-group -> partner":       "tcp 443 from client ports 1024-65535",
	"app-group -> s3":            "tcp 443 from client ports 1024-65535",
}

func check(t *testing.T, got map[string]string) {
	t.Helper()
	for pair, set := range want {
		if !strings.Contains(set, "|") {
			set += " | may " + set
		}
		require.Equal(t, "must "+set, got[pair], pair)
	}
	for pair, set := range got {
		from, to, _ := strings.Cut(pair, " -> ")
		endpoint := strings.Contains("logs kms ssm ssmmessages secretsmanager", to) && (from == "app-group" || from == "bastion-group")
		if want[pair] == "" {
			require.Truef(t, endpoint, "%s: %s", pair, set)
			require.Regexp(t, `must tcp 443 from client ports (443, )?1024-65535 \| may tcp 443`, set)
		}
	}
}

func TestProductionIsWhatItSaysFromItsState(t *testing.T) { check(t, matrix(t, network(t, nil, nil))) }

// hide makes unknown in the inputs what AWS makes: every text that is an id or an ARN of the stack's.
func hide(v any, made map[string]bool) any {
	switch v := v.(type) {
	case string:
		if made[v] {
			return unknown
		}
	case []any:
		for i := range v {
			v[i] = hide(v[i], made)
		}
	case map[string]any:
		for k := range v {
			v[k] = hide(v[k], made)
		}
	}
	return v
}

// computed are the outputs of a preview: the inputs, and unknown what the provider will read back though the program leaves it out.
func computed(inputs any) any {
	out := map[string]any{}
	for _, key := range []string{
		"egress", "entries", "ingress", "instance", "ipv6CidrBlock", "networkInterface", "propagatingVgws", "routeTableIds", "routes",
		"securityGroupIds", "securityGroups", "subnetIds", "subnetMappings", "subnets", "vpcId", "vpcSecurityGroupIds",
	} {
		out[key] = unknown
	}
	for key, v := range inputs.(map[string]any) {
		out[key] = v
	}
	if policy, ok := out["mixedInstancesPolicy"].(map[string]any); ok {
		template := maps.Clone(policy["launchTemplate"].(map[string]any))
		template["overrides"] = unknown
		out["mixedInstancesPolicy"] = map[string]any{"launchTemplate": template}
	}
	return out
}

func TestProductionIsTheSameBeforeAnythingExists(t *testing.T) {
	made := map[string]bool{}
	services := map[string]string{}
	network(t, func(r map[string]any) {
		if in, _ := r["inputs"].(map[string]any); in["prefixListId"] != nil {
			services[in["prefixListId"].(string)] = "com.amazonaws.eu-central-1.s3" // the program looks it up, so that a preview knows it
		}
		if outputs, _ := r["outputs"].(map[string]any); strings.HasPrefix(r["type"].(string), "aws:") {
			for _, key := range []string{"id", "arn", "defaultRouteTableId", "defaultNetworkAclId", "defaultSecurityGroupId"} {
				if s, _ := outputs[key].(string); s != "" {
					made[s] = true
				}
			}
		}
	}, nil)
	hidden := 0
	net := network(t, func(r map[string]any) {
		if strings.HasPrefix(r["type"].(string), "aws:") {
			before, _ := json.Marshal(r["inputs"])
			r["inputs"] = hide(r["inputs"], made)
			if from, ok := r["inputs"].(map[string]any)["launchTemplate"].(map[string]any); ok {
				from["version"] = unknown // the template's latest one
			}
			r["outputs"] = computed(r["inputs"])
			after, _ := json.Marshal(r["inputs"])
			hidden += strings.Count(string(after), unknown) - strings.Count(string(before), unknown)
		}
	}, services)
	require.Greater(t, hidden, 150)
	check(t, matrix(t, net))
}

func TestAnOpeningByHandIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		is     string
		change func(in map[string]any)
		pair   string
		want   string
	}{
		"what routes and the ACL still close stays closed": {"production-db", func(in map[string]any) {
			if in["referencedSecurityGroupId"] != nil && in["fromPort"] == 5432.0 {
				delete(in, "referencedSecurityGroupId")
				in["cidrIpv4"] = "0.0.0.0/0"
			}
		}, "bastion-group -> db-instance", ""},
		"the ACL knows the operators' addresses too": {"production-bastion", func(in map[string]any) {
			if in["cidrIpv4"] == "203.0.113.0/28" {
				in["cidrIpv4"] = "0.0.0.0/0"
			}
		}, "internet -> bastion-group", ""},
		"every protocol from the load balancer": {"production-app", func(in map[string]any) {
			if in["fromPort"] == 8443.0 {
				in["ipProtocol"] = "-1"
			}
		}, "edge-alb -> app-group", "must icmp type 3 code 4; tcp 22 from client ports 1024-65535, 443 from"},
		"a group for everybody in the VPC": {"production-app", func(in map[string]any) {
			if in["fromPort"] == 8443.0 {
				delete(in, "referencedSecurityGroupId")
				in["cidrIpv4"], in["fromPort"], in["toPort"] = "10.0.0.0/8", 22.0, 22.0
			}
		}, "bastion-group -> app-group", "must tcp 22"},
	} {
		t.Run(name, func(t *testing.T) {
			got := matrix(t, network(t, func(r map[string]any) {
				if in, _ := r["inputs"].(map[string]any); strings.Contains(r["type"].(string), "securityGroup") && in != nil && strings.Contains(r["urn"].(string), c.is) {
					c.change(in)
				}
			}, nil))
			if c.want == "" {
				require.Empty(t, got[c.pair])
			} else {
				require.Contains(t, got[c.pair], c.want)
			}
		})
	}
}

func mustPrefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// An instance has IPv6 addresses if its subnet gives them, or if it or its template asks for them.
func TestTemplatesThatAskForIPv6HaveIt(t *testing.T) {
	for name, ask := range map[string]map[string]any{
		"nothing": nil, "none": {"ipv6AddressCount": 0.0},
		"a count": {"ipv6AddressCount": 1.0}, "a list": {"ipv6Addresses": []any{"2001:db8::1"}}, "a prefix": {"ipv6PrefixCount": 1.0}, "not known": {"ipv6AddressCount": unknown},
	} {
		net := network(t, func(r map[string]any) {
			if r["type"] != "aws:ec2/launchTemplate:LaunchTemplate" {
				return
			}
			for _, at := range []string{"inputs", "outputs"} {
				values, _ := r[at].(map[string]any)
				cards, _ := values["networkInterfaces"].([]any)
				for _, card := range cards {
					maps.Copy(card.(map[string]any), ask)
				}
			}
		}, nil)
		seen := 0
		for _, i := range net.Interfaces {
			if i.Kind == model.Host {
				seen++
				has := slices.ContainsFunc(i.Addresses, func(a model.Address) bool { return a.V6 })
				require.Equal(t, strings.HasPrefix(name, "a ") || name == "not known", has, "%s: %s", name, i.ID)
			}
		}
		require.Positive(t, seen)
	}
}
