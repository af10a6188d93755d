// SPDX-License-Identifier: Apache-2.0

package hardening_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// spot is a place in the inputs of a resource: keys and indexes.
type spot []any

// shape writes the spot without its indexes, such as "rules[].statement".
func (s spot) shape() string {
	text := ""
	for _, step := range s {
		switch step := step.(type) {
		case string:
			text += "." + step
		default:
			text += "[]"
		}
	}
	return strings.TrimPrefix(text, ".")
}

// spots lists every place below a value, the value itself left out.
func spots(v any, at spot) []spot {
	var out []spot
	add := func(step, child any) {
		here := append(slices.Clone(at), step)
		out = append(append(out, here), spots(child, here)...)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			add(key, v[key])
		}
	case []any:
		for i := range v {
			add(i, v[i])
		}
	}
	return out
}

func (s spot) in(v any) any {
	for _, step := range s {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			v = list[step]
		}
	}
	return v
}

// gone stands for a value that is taken away.
type gone struct{}

// change returns a copy of v with another value at the spot.
func change(v any, at spot, to any) any {
	if len(at) == 0 {
		return to
	}
	_, remove := to.(gone)
	remove = remove && len(at) == 1
	switch step := at[0].(type) {
	case string:
		m, _ := v.(map[string]any)
		m = maps.Clone(m)
		if remove {
			delete(m, step)
			return m
		}
		m[step] = change(m[step], at[1:], to)
		return m
	case int:
		list, _ := v.([]any)
		list = slices.Clone(list)
		if remove {
			return slices.Delete(list, step, step+1)
		}
		list[step] = change(list[step], at[1:], to)
		return list
	}
	return v
}

// weaker is one way to weaken a value.
type weaker struct {
	form string
	to   any
}

// weakest are the weak values of properties whose weak side neither false nor zero nor absence shows, by the
// last steps of their shape, after the end of the type where that matters.
var weakest = map[string][]any{
	"caCertIdentifier": {"rds-ca-2019"}, "desyncMitigationMode": {"monitor"},
	"defaultActions[].type": {"forward"}, "engineVersion": {"11.2"}, "healthCheckType": {"EC2"},
	"httpPutResponseHopLimit": {3.0, "3"}, "httpTokens": {"optional"}, "instanceType": {"m1.small"}, "ipProtocol": {"-1"}, "keyAlgorithm": {"RSA_1024"}, "limit": {2e6},
	"maxPasswordAge": {3650.0}, "maxSessionDuration": {43200.0}, "minimumPasswordLength": {8.0}, "objectOwnership": {"ObjectWriter", "BucketOwnerPreferred"},
	"passwordReusePrevention": {1.0}, "listener:Listener protocol": {"HTTP"}, "targetGroup:TargetGroup protocol": {"HTTP"},
	"networkAclRule:NetworkAclRule protocol": {"-1"}, "topicSubscription:TopicSubscription protocol": {"http"}, "redirect.protocol": {"HTTP"}, "ruleAction": {"allow"}, "sseAlgorithm": {"none"},
	"routingHttpResponseStrictTransportSecurityHeaderValue": {"max-age=0", "max-age=60"}, "sslPolicy": {"ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06"},
	"rules[].status": {"Disabled"}, "versioningConfiguration.status": {"Suspended"}, "toPort": {65535.0}, "trafficType": {"ACCEPT"}, "username": {"admin"}, "validationMethod": {"EMAIL"},
	"redactedFields[].singleHeader.name": {"accept"}, "managedRuleGroupStatement.name": {"AWSManagedRulesLinuxRuleSet"}, "deletionWindowInDays": {7.0},
	"permissionsBoundary": {"arn:aws:iam::aws:policy/AdministratorAccess"}, "topic:Topic kmsMasterKeyId": {"alias/aws/sns"}, "gatewayId": {"igw-0123456789abcdef0"},
	"userData": {"export DB_PASSWORD=correct-horse-battery"}, "xffHeaderProcessingMode": {"preserve"},
}

// weaken lists the weak forms of a value: switched off, as a value and as the text that providers accept too;
// zero; the whole internet; a policy document that lets more in; a reference that leads elsewhere; absence.
func weaken(token, shape string, v any, known map[string]bool) []weaker {
	out := []weaker{{"removed", gone{}}}
	say := func(to any) { out = append(out, weaker{fmt.Sprintf("%#v", to), to}) }
	switch v := v.(type) {
	case bool:
		say(!v)
		say(fmt.Sprint(!v))
	case float64:
		if v != 0 {
			say(0.0)
			say("0")
		}
	case []any:
		if len(v) > 0 {
			out = append(out, weaker{"empty", []any{}})
		}
	case map[string]any:
		if len(v) > 0 {
			out = append(out, weaker{"empty", map[string]any{}})
		}
	case string:
		out = append(out, weakenText(v, known)...)
	}
	for suffix, values := range weakest {
		for _, to := range values {
			if named(suffix, token, shape) && to != v {
				say(to)
			}
		}
	}
	return out
}

// named reports whether a key of the table of weak values is for the property.
func named(key, token, shape string) bool {
	end, path, typed := strings.Cut(key, " ")
	if !typed {
		end, path = "", key
	}
	return strings.HasSuffix(token, end) && (shape == path || strings.HasSuffix(shape, "."+path))
}

func weakenText(v string, known map[string]bool) []weaker {
	switch v {
	case "true", "false":
		other := v != "true"
		return []weaker{{fmt.Sprintf("%#v", other), other}, {fmt.Sprintf("%q", fmt.Sprint(other)), fmt.Sprint(other)}}
	case "1", "ON":
		return []weaker{{`"0"`, "0"}}
	case "enabled":
		return []weaker{{`"disabled"`, "disabled"}}
	case "disabled":
		return []weaker{{`"enabled"`, "enabled"}}
	case "":
		return nil
	}
	if prefix, err := netip.ParsePrefix(v); err == nil {
		if prefix.Bits() == 0 {
			return nil
		}
		if prefix.Addr().Is4() {
			return []weaker{{`"0.0.0.0/0"`, "0.0.0.0/0"}}
		}
		return []weaker{{`"::/0"`, "::/0"}}
	}
	if documents := weakenDocument(v); documents != nil {
		return documents
	}
	if settings := weakenSettings(v); settings != nil {
		return settings
	}
	if known[v] {
		return []weaker{{"elsewhere", v + "-elsewhere"}}
	}
	return nil
}

// weakenDocument weakens each statement of a policy document, and the document as a whole.
func weakenDocument(text string) []weaker {
	var doc map[string]any
	if json.Unmarshal([]byte(text), &doc) != nil {
		return nil
	}
	statements, _ := doc["Statement"].([]any)
	if len(statements) == 0 {
		return nil
	}
	var out []weaker
	say := func(label, form string, at spot, to any) {
		b, err := json.Marshal(change(doc, append(spot{"Statement"}, at...), to))
		if err == nil {
			out = append(out, weaker{label + ": " + form, string(b)})
		}
	}
	for i, one := range statements {
		s, _ := one.(map[string]any)
		label, _ := s["Sid"].(string)
		if label == "" {
			label = fmt.Sprintf("statement %d", i+1)
		}
		if s["Effect"] == "Deny" {
			say(label, "removed", spot{i}, gone{})
			say(label, "Deny becomes Allow", spot{i, "Effect"}, "Allow")
			say(label, "for nothing", spot{i, "Action"}, "none:Nothing")
			continue
		}
		if s["Principal"] != nil {
			say(label, "any principal, no condition", spot{i}, with(s, map[string]any{"Principal": "*", "Condition": gone{}}))
			say(label, "all but one principal", spot{i}, with(s, map[string]any{"Principal": gone{}, "NotPrincipal": map[string]any{"AWS": "123456789012"}}))
		}
		if s["Condition"] != nil {
			say(label, "no condition", spot{i, "Condition"}, gone{})
		}
		say(label, "every action", spot{i, "Action"}, "*")
		say(label, "all but one action", spot{i}, with(s, map[string]any{"Action": gone{}, "NotAction": "iam:PassRole"}))
		if s["Resource"] != "*" && s["Resource"] != nil {
			say(label, "every action on every resource", spot{i}, with(s, map[string]any{"Action": "*", "Resource": "*"}))
			say(label, "every resource", spot{i, "Resource"}, "*")
		}
	}
	return append(out, weaker{"not JSON", text[:len(text)-1]})
}

// weakenSettings weakens each setting of a JSON object that is no policy, such as the document of a session.
func weakenSettings(text string) []weaker {
	var doc map[string]any
	if json.Unmarshal([]byte(text), &doc) != nil {
		return nil
	}
	var out []weaker
	for _, at := range spots(doc, nil) {
		for _, w := range weaken("", at.shape(), at.in(doc), nil) {
			if b, err := json.Marshal(change(doc, at, w.to)); err == nil {
				out = append(out, weaker{at.shape() + ": " + w.form, string(b)})
			}
		}
	}
	return out
}

// with returns a copy of a statement with other elements.
func with(s, other map[string]any) map[string]any {
	s = maps.Clone(s)
	for key, v := range other {
		if _, remove := v.(gone); remove {
			delete(s, key)
		} else {
			s[key] = v
		}
	}
	return s
}
