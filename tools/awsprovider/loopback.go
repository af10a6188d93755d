// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

const (
	endpointVariable = "AWS_ENDPOINT_URL"
	metadataVariable = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
)

var errNames = errors.New("this source-built provider resolves no host names: it serves emulators on loopback addresses only")

// refuseNames makes every host name unresolvable in this process, so that no setting, profile or
// upstream default can lead a request to AWS. Literal loopback addresses need no resolver.
func refuseNames() {
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errNames
		},
	}
}

// refuseRemote is called with the provider's configuration before anything is sent. It returns an
// error that names every endpoint that is not a loopback address, and one if no endpoint is set.
func refuseRemote(vars resource.PropertyMap, _ shim.ResourceConfig) error {
	return checkEndpoints(os.Environ(), configuredEndpoints(vars))
}

func checkEndpoints(environ []string, configured map[string]string) error {
	var problems []error
	report := func(source, value string) {
		problems = append(problems, fmt.Errorf("%s=%q is not a loopback address", source, value))
	}
	general := false
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		switch {
		case name == "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" && strings.EqualFold(value, "true"):
			problems = append(problems, errors.New(name+" is true, so the endpoint would be ignored; unset it"))
		case value == "":
		case name == endpointVariable:
			general = true
			if !isLoopback(value) {
				report(name, value)
			}
		case strings.HasPrefix(name, endpointVariable+"_"), name == metadataVariable, isProxy(name):
			if !isLoopback(value) {
				report(name, value)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(configured)) {
		if !isLoopback(configured[key]) {
			report(key, configured[key])
		}
	}
	if !general {
		problems = append(problems, errors.New(endpointVariable+" is not set"))
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("this source-built provider is for emulators only and talks to nothing but a loopback address; "+
		"for a real account install the official plugin (pulumi plugin install resource aws %s): %w", version, errors.Join(problems...))
}

func isProxy(name string) bool {
	switch strings.ToUpper(name) {
	case "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY":
		return true
	}
	return false
}

// configuredEndpoints returns the endpoints of the provider's own configuration by key.
func configuredEndpoints(vars resource.PropertyMap) map[string]string {
	found := map[string]string{}
	var walk func(key string, v resource.PropertyValue)
	walk = func(key string, v resource.PropertyValue) {
		switch {
		case v.IsSecret():
			walk(key, v.SecretValue().Element)
		case v.IsString() && v.StringValue() != "":
			found[key] = v.StringValue()
		case v.IsArray():
			for i, e := range v.ArrayValue() {
				walk(fmt.Sprintf("%s[%d]", key, i), e)
			}
		case v.IsObject():
			for k, e := range v.ObjectValue() {
				walk(key+"."+string(k), e)
			}
		}
	}
	for _, key := range []resource.PropertyKey{"endpoints", "ec2MetadataServiceEndpoint", "httpProxy", "httpsProxy"} {
		walk(string(key), vars[key])
	}
	return found
}

// isLoopback tells whether a URL's host is a literal loopback address.
func isLoopback(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback()
}
