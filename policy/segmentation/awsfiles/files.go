// SPDX-License-Identifier: Apache-2.0

// Package awsfiles reads a folder of answers of AWS's describe calls, one file per kind, as a network. The files may lie
// flat or in a folder per account and region; a list may stand alone or under AWS's own key; a file that is missing
// means that there is none of its kind.
package awsfiles

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// answers are the parts of AWS's answers that decide reachability; the names are AWS's.
type answers struct {
	Vpcs                       []vpc
	Subnets                    []subnet
	SecurityGroups             []securityGroup
	NetworkAcls                []networkACL
	RouteTables                []routeTable
	NetworkInterfaces          []networkInterface
	InternetGateways           []internetGateway
	EgressOnlyInternetGateways []internetGateway
	NatGateways                []natGateway
	VpcEndpoints               []vpcEndpoint
	VpcPeeringConnections      []peering
	PrefixLists                []prefixList
	LoadBalancers              []loadBalancer
	Listeners                  []listener
	Rules                      []rule
	TargetGroups               []targetGroup
	TargetHealth               []targetHealth
	DbInstances                []dbInstance
	Functions                  []lambdaFunction
	Addresses                  []address
	Reservations               []reservation
	VpcBlockPublicAccess       []blockPublicAccess
	AutoScalingGroups          []autoScalingGroup
	LaunchTemplateVersions     []launchTemplateVersion
	other                      []unread
}

// kinds are where a file's elements go, by the file's name without its ending.
func (a *answers) kinds() map[string]func(json.RawMessage) error {
	return map[string]func(json.RawMessage) error{
		"Vpcs": to(&a.Vpcs), "Subnets": to(&a.Subnets), "SecurityGroups": to(&a.SecurityGroups), "NetworkAcls": to(&a.NetworkAcls), "RouteTables": to(&a.RouteTables),
		"NetworkInterfaces": to(&a.NetworkInterfaces), "InternetGateways": to(&a.InternetGateways), "EgressOnlyInternetGateways": to(&a.EgressOnlyInternetGateways),
		"NatGateways": to(&a.NatGateways), "VpcEndpoints": to(&a.VpcEndpoints), "VpcPeeringConnections": to(&a.VpcPeeringConnections), "PrefixLists": to(&a.PrefixLists),
		"LoadBalancers": to(&a.LoadBalancers), "Listeners": to(&a.Listeners), "Rules": to(&a.Rules), "TargetGroups": to(&a.TargetGroups), "TargetHealth": to(&a.TargetHealth),
		"DbInstances": to(&a.DbInstances), "Functions": to(&a.Functions), "Addresses": to(&a.Addresses), "Reservations": to(&a.Reservations), "VpcBlockPublicAccess": to(&a.VpcBlockPublicAccess),
		"AutoScalingGroups": to(&a.AutoScalingGroups), "LaunchTemplateVersions": to(&a.LaunchTemplateVersions),
	}
}

// Read reads a folder. All files that cannot be read are told at once.
func Read(folder string) (*model.Network, error) {
	a, err := readAnswers(folder)
	if err != nil {
		return nil, err
	}
	return a.network(), nil
}

func readAnswers(folder string) (*answers, error) {
	var a answers
	var problems []error
	read := 0
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".json") {
			return err
		}
		text, err := root.ReadFile(path)
		if err != nil {
			return err
		}
		known, err := a.add(filepath.Dir(path), strings.TrimSuffix(d.Name(), filepath.Ext(path)), text)
		if err != nil {
			for problem := range strings.Lines(err.Error()) {
				problems = append(problems, fmt.Errorf("%s: %s", filepath.Join(folder, path), strings.TrimSpace(problem)))
			}
		}
		if known {
			read++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if read == 0 {
		return nil, fmt.Errorf("%s has none of the files that hold AWS's answers, such as Vpcs.json or NetworkInterfaces.json", folder)
	}
	return &a, nil
}

// add adds the elements of one file and reports whether it is of a known kind.
func (a *answers) add(folder, name string, text []byte) (bool, error) {
	kinds := a.kinds()
	key := ""
	for k := range kinds {
		if strings.EqualFold(k, name) {
			key = k
		}
	}
	if key == "" {
		if carries(name) && !empty(text) {
			a.other = append(a.other, leave(name, text))
		}
		return false, nil
	}
	vpcs, modes := len(a.Vpcs), len(a.VpcBlockPublicAccess)
	parts, err := elements(text)
	problems := []error{err}
	for _, part := range parts {
		problems = append(problems, kinds[key](part))
	}
	for i := range a.Vpcs[vpcs:] {
		a.Vpcs[vpcs+i].folder = folder
	}
	for i := range a.VpcBlockPublicAccess[modes:] {
		a.VpcBlockPublicAccess[modes+i].folder = folder
	}
	return true, errors.Join(problems...)
}

// unread is a file that nobody reads, and that is not empty: what it lists could carry packets.
type unread struct {
	name string
	vpcs []string // from and to these only
	any  bool
}

// leave leaves a file unread but for the VPCs of what is in just one: transit and virtual private gateways reach no further by themselves.
func leave(name string, text []byte) unread {
	type attachment struct{ VpcID, State string }
	var attached []struct {
		VpcID, State   string
		VpcAttachments []attachment
	}
	out := unread{name: name, any: true}
	if !strings.EqualFold(name, "TransitGatewayVpcAttachments") && !strings.EqualFold(name, "VpnGateways") {
		return out
	}
	parts, err := elements(text)
	for _, part := range parts {
		err = errors.Join(err, json.Unmarshal(part, &attached))
		for _, x := range attached {
			for _, at := range append(x.VpcAttachments, attachment{x.VpcID, x.State}) {
				if at.VpcID != "" && at.State != "deleted" && at.State != "rejected" && at.State != "detached" {
					out.vpcs = append(out.vpcs, at.VpcID)
				}
			}
		}
	}
	out.any = err != nil
	return out
}

// carries reports whether a file of this name lists what could carry packets.
func carries(name string) bool {
	return slices.ContainsFunc([]string{"transitgateway", "vpn", "directconnect", "customergateway", "networkfirewall", "lattice", "carriergateway", "localgateway", "corenetwork", "gatewayloadbalancer", "classicloadbalancer",
		"accelerator", "endpointgroup", "customrouting", "vpcorigin", "vpclink", "verifiedaccess"}, func(s string) bool {
		return strings.Contains(strings.ToLower(name), s)
	})
}

func empty(text []byte) bool {
	parts, err := elements(text)
	return err == nil && !slices.ContainsFunc(parts, func(p json.RawMessage) bool {
		s := strings.TrimSpace(string(p))
		return s != "[]" && s != "{}" && s != "null"
	})
}

// elements are the lists and single objects that a file holds.
func elements(text []byte) ([]json.RawMessage, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	var list []json.RawMessage
	if json.Unmarshal(text, &list) == nil {
		return []json.RawMessage{text}, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("line %d: it is no complete JSON: %w; write AWS's answer anew", 1+bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n")), err)
		}
		return nil, fmt.Errorf("%s; write AWS's answer anew", kindOf(err))
	}
	var out []json.RawMessage
	for key, v := range object {
		switch first := strings.TrimSpace(string(v))[0]; {
		case first == '[':
			if strings.EqualFold(key, "VpcBlockPublicAccessExclusions") {
				v = json.RawMessage(`[{"VpcBlockPublicAccessExclusions":` + string(v) + `}]`)
			}
			out = append(out, v)
		case first == '{' && key != "ResponseMetadata":
			out = append(out, json.RawMessage("["+string(v)+"]"))
		case first == '"' && string(v) != `""` && slices.Contains([]string{"nexttoken", "marker", "nextmarker"}, strings.ToLower(key)):
			return nil, fmt.Errorf("%s is set: it is one page of several, and what the others hold would be taken for missing; ask AWS without a limit, or put all pages into one list", key)
		}
	}
	return out, nil
}

// to makes what adds elements to a list.
func to[T any](list *[]T) func(json.RawMessage) error {
	return func(part json.RawMessage) error { return more(list, part) }
}

// more adds the elements of a part to a list, and tells those of another form than AWS's.
func more[T any](list *[]T, part json.RawMessage) error {
	var each []*json.RawMessage
	problems := []error{json.Unmarshal(part, &each)}
	for i, text := range each {
		var next T
		if text == nil {
			problems = append(problems, fmt.Errorf("element %d is null, where AWS gives an object; take it out, or write AWS's answer anew", i+1))
			continue
		}
		if err := json.Unmarshal(*text, &next); err != nil {
			problems = append(problems, fmt.Errorf("element %d: %s; write AWS's answer anew", i+1, kindOf(err)))
			continue
		}
		if x, ok := any(next).(named); ok {
			if key, value := x.names(); value == "" {
				problems = append(problems, fmt.Errorf("element %d has no %s; write AWS's answer anew", i+1, key))
				continue
			}
		}
		if bytes.Contains(*text, []byte("null")) && hollow(*text) {
			problems = append(problems, fmt.Errorf("element %d has a list with null in it, where AWS gives an element; write AWS's answer anew", i+1))
			continue
		}
		*list = append(*list, next)
	}
	return errors.Join(problems...)
}

// hollow reports whether a list in a JSON value has null for an element.
func hollow(text []byte) bool {
	var v any
	return json.Unmarshal(text, &v) == nil && hollowed(v)
}

func hollowed(v any) bool {
	switch x := v.(type) {
	case []any:
		return slices.ContainsFunc(x, func(e any) bool { return e == nil || hollowed(e) })
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(x)), hollowed)
	}
	return false
}

// kindOf says in the words of JSON what stands where AWS gives something else.
func kindOf(err error) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	want := map[reflect.Kind]string{reflect.String: "a string", reflect.Bool: "true or false", reflect.Slice: "a list", reflect.Int: "a whole number"}[wrong.Type.Kind()]
	field := strings.NewReplacer("ID", "Id", "IP", "Ip").Replace(wrong.Field) // as AWS spells the keys
	return fmt.Sprintf("%s is a JSON %s, where AWS gives %s", cmp.Or(field, "it"), wrong.Value, cmp.Or(want, "an object"))
}
