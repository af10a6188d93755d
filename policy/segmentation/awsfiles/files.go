// SPDX-License-Identifier: Apache-2.0

// Package awsfiles reads a folder of answers of AWS's describe calls, one file per kind, as a network. The files may lie
// flat or in a folder per account and region; a list may stand alone or under AWS's own key; a file that is missing
// means that there is none of its kind.
package awsfiles

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	other                      []string // kinds of file that nobody reads, and that are not empty
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
		known, err := a.add(strings.TrimSuffix(d.Name(), filepath.Ext(path)), text)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", filepath.Join(folder, path), err))
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
func (a *answers) add(name string, text []byte) (bool, error) {
	kinds := a.kinds()
	key := ""
	for k := range kinds {
		if strings.EqualFold(k, name) {
			key = k
		}
	}
	if key == "" {
		if carries(name) && !empty(text) {
			a.other = append(a.other, name)
		}
		return false, nil
	}
	parts, err := elements(text)
	if err != nil {
		return true, err
	}
	for _, part := range parts {
		if err := kinds[key](part); err != nil {
			return true, err
		}
	}
	return true, nil
}

// carries reports whether a file of this name lists what could carry packets.
func carries(name string) bool {
	return slices.ContainsFunc([]string{"transitgateway", "vpn", "directconnect", "customergateway", "networkfirewall", "lattice", "carriergateway", "localgateway", "corenetwork", "gatewayloadbalancer", "classicloadbalancer"}, func(s string) bool {
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
	var list []json.RawMessage
	if json.Unmarshal(text, &list) == nil {
		return []json.RawMessage{text}, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, fmt.Errorf("it is no complete JSON: %w", err)
	}
	var out []json.RawMessage
	for key, v := range object {
		switch strings.TrimSpace(string(v))[0] {
		case '[':
			if strings.EqualFold(key, "VpcBlockPublicAccessExclusions") {
				v = json.RawMessage(`[{"VpcBlockPublicAccessExclusions":` + string(v) + `}]`)
			}
			out = append(out, v)
		case '{':
			if key != "ResponseMetadata" {
				out = append(out, json.RawMessage("["+string(v)+"]"))
			}
		}
	}
	return out, nil
}

// to makes what adds elements to a list.
func to[T any](list *[]T) func(json.RawMessage) error {
	return func(part json.RawMessage) error { return more(list, part) }
}

func more[T any](list *[]T, part json.RawMessage) error {
	var next []T
	if err := json.Unmarshal(part, &next); err != nil {
		return fmt.Errorf("an element has another form than AWS's: %w", err)
	}
	*list = append(*list, next...)
	return nil
}
