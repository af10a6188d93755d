// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
)

// deadEndpoint is where an AWS client of a test goes before a sandbox has told it where its emulator is: a port that nothing
// serves.
const deadEndpoint = "http://127.0.0.1:1"

// emulatedKey begins every access key of an emulated account. AWS gives out keys of the same length and alphabet at random,
// so that a real one beginning like this is as good as impossible.
const emulatedKey = "AKIAEMULATED"

// errNames is what every look-up of a host name ends with.
var errNames = errors.New("a test resolves no host names: it talks to nothing but emulators on loopback addresses")

// confined are the AWS settings that every test begins with.
var confined = map[string]string{
	"AWS_ENDPOINT_URL":            deadEndpoint,
	"AWS_ACCESS_KEY_ID":           emulatedKey + "00000000",
	"AWS_SECRET_ACCESS_KEY":       "emulated",
	"AWS_REGION":                  "eu-central-1",
	"AWS_CONFIG_FILE":             os.DevNull,
	"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	"AWS_EC2_METADATA_DISABLED":   "true",
}

// inherited is the environment in which the test was started, without what concerns AWS, Pulumi or this project. It is what
// the command gets: it needs the user's compiler and module proxy.
var inherited = withoutClouds(os.Environ())

// Confine makes it impossible for this process to reach AWS, whatever the user's environment says: it replaces every setting
// of AWS clients, of terratest and of Pulumi, forgets proxies, and ends the resolution of host names. Only literal
// addresses can be connected to, and Check sees to it that those of the settings are loopback addresses.
func Confine() error {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if concernsClouds(name) || isProxy(name) {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	for name, value := range confined {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errNames
	}}
	return Check(os.Environ())
}

// Check returns an error that names everything in an environment by which a client of AWS could reach it, or act as
// somebody: an endpoint or a proxy that is not a literal loopback address, credentials that are not an emulated account's, or
// any further source of settings and credentials.
func Check(environ []string) error {
	var problems []error
	given := map[string]bool{}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		given[name] = true
		problems = append(problems, checkVariable(name, value))
	}
	for name := range confined {
		if !given[name] {
			problems = append(problems, fmt.Errorf("%s is not set", name))
		}
	}
	if problem := errors.Join(problems...); problem != nil {
		return fmt.Errorf("tests never reach AWS: %w", problem)
	}
	return nil
}

func checkVariable(name, value string) error {
	switch {
	case name == "AWS_ENDPOINT_URL" || strings.HasPrefix(name, "AWS_ENDPOINT_URL_") || isProxy(name):
		if !isLoopback(value) {
			return fmt.Errorf("%s=%q is not a literal loopback address", name, value)
		}
	case name == "AWS_ACCESS_KEY_ID":
		if !strings.HasPrefix(value, emulatedKey) {
			return fmt.Errorf("%s is not the key of an emulated account, which begins with %s", name, emulatedKey)
		}
	case name == "AWS_SECRET_ACCESS_KEY" || name == "AWS_REGION" || name == "AWS_DEFAULT_REGION" || strings.HasPrefix(name, "PULUMI_"):
	case confined[name] != "":
		if value != confined[name] {
			return fmt.Errorf("%s=%q is not %q", name, value, confined[name])
		}
	case concernsClouds(name):
		return fmt.Errorf("%s is set; it could name other credentials, another role or another endpoint", name)
	}
	return nil
}

// concernsClouds tells whether a variable is a setting of AWS clients, of terratest, of Pulumi or of this project.
func concernsClouds(name string) bool {
	for _, prefix := range []string{"AWS_", "TERRATEST_", "PULUMI_", "BULKHEAD_"} {
		if strings.HasPrefix(strings.ToUpper(name), prefix) {
			return true
		}
	}
	return false
}

func isProxy(name string) bool {
	switch strings.ToUpper(name) {
	case "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY":
		return true
	}
	return false
}

// isLoopback tells whether a URL's host is a literal loopback address.
func isLoopback(raw string) bool {
	parsed, err := url.Parse(raw)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(parsed.Hostname())
	return err == nil && address.IsLoopback()
}

func withoutClouds(environ []string) []string {
	var kept []string
	for _, variable := range environ {
		if name, _, _ := strings.Cut(variable, "="); !concernsClouds(name) {
			kept = append(kept, variable)
		}
	}
	return kept
}
