// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

const route53Resolver = "route53resolver"

// record is one resource of Route 53 Resolver, as AWS describes it.
type record = map[string]any

// kind is one kind of resource of Route 53 Resolver.
type kind struct {
	member string // What answers call one; with Id, what requests call its id.
	prefix string // What its ids begin with.
	path   string // What its ARNs hold before the id; empty for a kind without ARNs.
	status string // The status in which it is ready.
}

func (k kind) key() string { return k.member + "Id" }

// shelf is what one region of an account holds: records by their kind, the domains of domain lists and the tags by ARN.
type shelf struct {
	records map[string][]record
	domains map[string][]string
	tags    map[string]map[string]string
}

// resolver keeps what Route 53 Resolver knows beyond moto's rules and endpoints.
type resolver struct {
	mutex   sync.Mutex
	shelves map[place]*shelf
}

// resolverCall is one call with what the region holds.
type resolverCall struct {
	*Exchange
	*shelf
	body record
}

// refusal is an error of AWS.
type refusal struct{ code, message string }

func refused(code, format string, values ...any) *refusal {
	return &refusal{code, fmt.Sprintf(format, values...)}
}

// answer is an operation: what AWS answers, or why it refuses.
type answer func(*resolverCall) (record, *refusal)

// on registers an operation. Operations come one after the other.
func (r *resolver) on(t *Table, do answer, actions ...string) {
	t.on(route53Resolver, func(x *Exchange) (*wire.Reply, error) {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		at := r.shelves[x.place()]
		if at == nil {
			at = &shelf{records: map[string][]record{}, domains: map[string][]string{}, tags: map[string]map[string]string{}}
			r.shelves[x.place()] = at
		}
		body, refusal := do(&resolverCall{Exchange: x, shelf: at, body: x.Call.JSONBody()})
		if refusal == pass {
			return x.Pass()
		}
		if refusal != nil {
			return x.Call.Error(http.StatusBadRequest, refusal.code, refusal.message), nil
		}
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		return &wire.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: encoded}, nil
	}, actions...)
}

// pass leaves the call to moto.
var pass = &refusal{}

func (c *resolverCall) text(key string) string { return text(c.body, key) }

func text(of record, key string) string {
	value, _ := of[key].(string)
	return value
}

// find returns a record by its id.
func (c *resolverCall) find(k kind, id string) (record, *refusal) {
	for _, one := range c.records[k.member] {
		if text(one, "Id") == id {
			return one, nil
		}
	}
	return nil, refused("ResourceNotFoundException", "There is no %s with the id %q.", k.member, id)
}

// where returns the records of a kind whose members have these values.
func (c *resolverCall) where(k kind, wanted record) []record {
	all := []record{}
	for _, one := range c.records[k.member] {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(wanted)), func(key string) bool { return one[key] != wanted[key] }) {
			all = append(all, one)
		}
	}
	return all
}

// create keeps what a request gives as a new record.
func (c *resolverCall) create(k kind) record {
	now := time.Now().UTC().Format(time.RFC3339)
	id := k.prefix + strings.ReplaceAll(uuid.NewString(), "-", "")[:16]
	made := record{"Id": id, "Status": k.status, "CreationTime": now, "ModificationTime": now}
	for key, value := range c.body {
		if key != "Tags" {
			made[key] = value
		}
	}
	if k.path != "" {
		arn := fmt.Sprintf("arn:aws:route53resolver:%s:%s:%s/%s", c.Call.Region, c.Account, k.path, id)
		made["Arn"], c.tags[arn] = arn, map[string]string{}
		c.addTags(arn)
	}
	c.records[k.member] = append(c.records[k.member], made)
	return record{k.member: made}
}

// remove forgets a record.
func (c *resolverCall) remove(k kind, gone record) record {
	c.records[k.member] = slices.DeleteFunc(c.records[k.member], func(one record) bool { return one["Id"] == gone["Id"] })
	delete(c.tags, text(gone, "Arn"))
	return record{k.member: gone}
}

// get is the operation that describes one record.
func get(k kind) answer {
	return func(c *resolverCall) (record, *refusal) {
		found, refusal := c.find(k, c.text(k.key()))
		return record{k.member: found}, refusal
	}
}

// list is the operation that describes all records, or those with the given values of some members. It is one page.
func list(k kind, filters ...string) answer {
	return func(c *resolverCall) (record, *refusal) {
		wanted := record{}
		for _, key := range filters {
			if value, given := c.body[key]; given {
				wanted[key] = value
			}
		}
		return record{k.member + "s": c.where(k, wanted)}, nil
	}
}

// resolverName is the form of every name (API reference of Route 53 Resolver, "Name").
var resolverName = regexp.MustCompile(`^[a-zA-Z0-9\-_' ]{1,64}$`)

// need refuses a request that lacks a member, or has a name that AWS does not take.
func (c *resolverCall) need(keys ...string) *refusal {
	for _, key := range keys {
		if value := c.body[key]; value == nil || value == "" {
			return refused("ValidationException", "%s is missing.", key)
		}
	}
	if name, given := c.body["Name"]; given && !resolverName.MatchString(fmt.Sprint(name)) {
		return refused("ValidationException", "The name %q must be 1 to 64 letters, digits, spaces and -_'.", name)
	}
	return nil
}

// oneOf refuses a value that the API does not know.
func (c *resolverCall) oneOf(key string, choices ...string) *refusal {
	if value, given := c.body[key]; given && !slices.Contains(choices, c.text(key)) {
		return refused("ValidationException", "%s %q must be one of %v.", key, value, choices)
	}
	return nil
}

// first is the first refusal of several.
func first(refusals ...*refusal) *refusal {
	for _, one := range refusals {
		if one != nil {
			return one
		}
	}
	return nil
}

// needVPC refuses a VPC that moto does not know.
func (c *resolverCall) needVPC(id string) *refusal {
	call := c.Call.Clone()
	call.Service, call.Action, call.Protocol = "ec2", "DescribeVpcs", wire.EC2
	call.Header.Set("Authorization", strings.Replace(call.Header.Get("Authorization"), "/"+route53Resolver+"/", "/ec2/", 1))
	call.Header.Del("X-Amz-Target")
	call.Form = map[string][]string{"Action": {"DescribeVpcs"}, "Version": {"2016-11-15"}, "VpcId.1": {id}}
	call.SetForm()
	if reply, err := c.Forward(call); !succeeded(reply, err) {
		return refused("ResourceNotFoundException", "The VPC %q does not exist.", id)
	}
	return nil
}

// addTags keeps the tags of a request.
func (c *resolverCall) addTags(arn string) {
	given, _ := c.body["Tags"].([]any)
	for _, one := range given {
		tag, _ := one.(record)
		c.tags[arn][text(tag, "Key")] = text(tag, "Value")
	}
}

// tagOperation is an operation on the tags of one ARN. Those of rules and endpoints are moto's.
func tagOperation(do func(c *resolverCall, arn string) record) answer {
	return func(c *resolverCall) (record, *refusal) {
		if _, known := c.tags[c.text("ResourceArn")]; !known {
			return nil, pass
		}
		return do(c, c.text("ResourceArn")), nil
	}
}

func listTags(c *resolverCall, arn string) record {
	tags := []record{}
	for _, key := range sortedKeys(c.tags[arn]) {
		tags = append(tags, record{"Key": key, "Value": c.tags[arn][key]})
	}
	return record{"Tags": tags}
}

func untag(c *resolverCall, arn string) record {
	keys, _ := c.body["TagKeys"].([]any)
	for _, key := range keys {
		delete(c.tags[arn], fmt.Sprint(key))
	}
	return record{}
}
