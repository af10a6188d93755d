// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func TestIsLoopback(t *testing.T) {
	for raw, want := range map[string]bool{
		"http://127.0.0.1:5000":                    true,
		"https://127.0.0.1":                        true,
		"http://127.8.9.10:1/path?query":           true,
		"http://[::1]:5000":                        true,
		"http://[::1]":                             true,
		"http://user@127.0.0.1:5000":               true, // the host is what follows the @
		"http://localhost:5000":                    false,
		"http://localhost.localdomain":             false,
		"https://sts.amazonaws.com":                false,
		"https://127.0.0.1.evil.com":               false,
		"http://127.0.0.1@evil.com":                false,
		"http://127.0.0.1:80@evil.com":             false,
		"http://127.0.0.1%40evil.com":              false,
		"http://evil.com#@127.0.0.1":               false,
		"http://evil.com/@127.0.0.1":               false,
		"http://evil.com?127.0.0.1":                false,
		"http://evil.com\\@127.0.0.1":              false,
		"http://93.184.215.14":                     false,
		"http://169.254.169.254":                   false,
		"http://10.0.0.1":                          false,
		"http://0.0.0.0:5000":                      false,
		"http://[::]":                              false,
		"http://[2001:db8::1]":                     false,
		"http://[::ffff:93.184.215.14]":            false,
		"http://128.0.0.1":                         false,
		"http://2130706433":                        false, // 127.0.0.1 as one number, which resolvers may accept
		"http://0x7f.0.0.1":                        false,
		"http://0177.0.0.1":                        false,
		"http://127.1":                             false,
		"http://127.0.0.1\n.evil.com":              false,
		"127.0.0.1:5000":                           false, // no URL
		"127.0.0.1":                                false,
		"":                                         false,
		"http://":                                  false,
		"unix:///var/run/emulator.sock":            false,
		"http://127.0.0.1:5000, http://evil.com":   false,
		"http://[::1%25eth0].evil.com":             false,
		"https://sts.eu-central-1.amazonaws.com:1": false,
	} {
		if got := isLoopback(raw); got != want {
			t.Errorf("isLoopback(%q) = %t", raw, got)
		}
	}
}

func FuzzIsLoopback(f *testing.F) {
	for _, seed := range []string{"http://127.0.0.1:5000", "http://127.0.0.1@evil.com", "http://[::1]", "http://evil.com#@127.0.0.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if !isLoopback(raw) {
			return
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, raw, nil)
		if err != nil {
			return // nothing can be sent there
		}
		if ip := net.ParseIP(request.URL.Hostname()); ip != nil && !ip.IsLoopback() {
			t.Errorf("%q leads to %s", raw, ip)
		}
	})
}

const here = "http://127.0.0.1:5000"

func TestCheckEndpoints(t *testing.T) {
	for name, c := range map[string]struct {
		environ    []string
		configured map[string]string
		want       []string // parts of the error; none: it is accepted
	}{
		"the emulator":     {environ: []string{"AWS_ENDPOINT_URL=" + here, "HOME=/root", "AWS_REGION=eu-central-1"}},
		"IPv6":             {environ: []string{"AWS_ENDPOINT_URL=http://[::1]:5000"}},
		"a service's own":  {environ: []string{"AWS_ENDPOINT_URL=" + here, "AWS_ENDPOINT_URL_S3=" + here}},
		"a loopback proxy": {environ: []string{"AWS_ENDPOINT_URL=" + here, "HTTP_PROXY=" + here, "https_proxy=" + here}},
		"empty means unset": {environ: []string{
			"AWS_ENDPOINT_URL=" + here, "AWS_ENDPOINT_URL_S3=", "HTTPS_PROXY=", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=",
		}},
		"ignoring switched off": {environ: []string{"AWS_ENDPOINT_URL=" + here, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false"}},
		"a similar name":        {environ: []string{"AWS_ENDPOINT_URL=" + here, "MY_AWS_ENDPOINT_URL=https://example.com", "NO_PROXY=*"}},
		"configured":            {environ: []string{"AWS_ENDPOINT_URL=" + here}, configured: map[string]string{"endpoints[0].ec2": here}},

		"missing": {environ: []string{"HOME=/root"}, want: []string{"AWS_ENDPOINT_URL is not set"}},
		"empty":   {environ: []string{"AWS_ENDPOINT_URL="}, want: []string{"AWS_ENDPOINT_URL is not set"}},
		"only a service's own": {
			environ: []string{"AWS_ENDPOINT_URL_S3=" + here},
			want:    []string{"AWS_ENDPOINT_URL is not set"},
		},
		"AWS": {
			environ: []string{"AWS_ENDPOINT_URL=https://ec2.eu-central-1.amazonaws.com"},
			want:    []string{`AWS_ENDPOINT_URL="https://ec2.eu-central-1.amazonaws.com" is not a loopback address`},
		},
		"a name that may be anything": {
			environ: []string{"AWS_ENDPOINT_URL=http://localhost:5000"},
			want:    []string{`AWS_ENDPOINT_URL="http://localhost:5000" is not a loopback address`},
		},
		"the metadata service": {
			environ: []string{"AWS_ENDPOINT_URL=" + here, "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://169.254.169.254"},
			want:    []string{`AWS_EC2_METADATA_SERVICE_ENDPOINT="http://169.254.169.254" is not a loopback address`},
		},
		"ignored": {
			environ: []string{"AWS_ENDPOINT_URL=" + here, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=True"},
			want:    []string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true, so the endpoint would be ignored; unset it"},
		},
		"everything in one run": {
			environ: []string{
				"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "AWS_ENDPOINT_URL_S3=http://127.0.0.1@evil.com", "AWS_ENDPOINT_URL_STS=https://127.0.0.1.evil.com",
				"HTTP_PROXY=http://proxy.example.com:3128", "https_proxy=http://10.0.0.1:3128", "All_Proxy=socks5://10.0.0.2",
			},
			configured: map[string]string{"endpoints[0].ec2": "https://ec2.amazonaws.com", "httpProxy": "http://10.0.0.3", "endpoints[0].rds": here},
			want: []string{
				"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true",
				`AWS_ENDPOINT_URL_S3="http://127.0.0.1@evil.com" is not`,
				`AWS_ENDPOINT_URL_STS="https://127.0.0.1.evil.com" is not`,
				`HTTP_PROXY="http://proxy.example.com:3128" is not`,
				`https_proxy="http://10.0.0.1:3128" is not`,
				`All_Proxy="socks5://10.0.0.2" is not`,
				`endpoints[0].ec2="https://ec2.amazonaws.com" is not`,
				`httpProxy="http://10.0.0.3" is not`,
				"AWS_ENDPOINT_URL is not set",
				"for a real account install the official plugin (pulumi plugin install resource aws " + version + ")",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkEndpoints(c.environ, c.configured)
			if len(c.want) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in:\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "endpoints[0].rds") {
				t.Errorf("a loopback endpoint is reported:\n%v", err)
			}
		})
	}
}

func TestRefuseRemoteReadsTheEnvironmentAndTheConfiguration(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_ENDPOINT_URL", here)
	if err := refuseRemote(resource.PropertyMap{}, nil); err != nil {
		t.Fatal(err)
	}
	elsewhere := resource.NewPropertyMapFromMap(map[string]any{
		"region":    "eu-central-1",
		"endpoints": []any{map[string]any{"s3": here, "sts": "https://sts.amazonaws.com", "ec2": ""}},
		"httpProxy": "http://10.0.0.1", "ec2MetadataServiceEndpoint": "http://169.254.169.254",
	})
	elsewhere["httpsProxy"] = resource.MakeSecret(resource.NewProperty("http://10.0.0.2"))
	err := refuseRemote(elsewhere, nil)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`ec2MetadataServiceEndpoint="http://169.254.169.254"`, `endpoints[0].sts="https://sts.amazonaws.com"`, `httpProxy="http://10.0.0.1"`, `httpsProxy="http://10.0.0.2"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "endpoints[0].s3") || strings.Contains(err.Error(), "region") {
		t.Errorf("what is no foreign endpoint is reported:\n%v", err)
	}
}

func TestRefuseNames(t *testing.T) {
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	refuseNames()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, name := range []string{"sts.amazonaws.com", "s3.eu-central-1.amazonaws.com", "registry.terraform.io"} {
		if addresses, err := net.DefaultResolver.LookupHost(ctx, name); err == nil || !strings.Contains(err.Error(), errNames.Error()) {
			t.Errorf("%s: %v, %v", name, addresses, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://sts.amazonaws.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{}}
	if response, err := client.Do(request); err == nil {
		t.Errorf("a request to AWS was answered: %s", errors.Join(response.Body.Close(), errors.New(response.Status)))
	}

	emulator := httptest.NewServer(http.NotFoundHandler())
	defer emulator.Close()
	request, err = http.NewRequestWithContext(ctx, http.MethodGet, emulator.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatalf("a literal loopback address needs no resolver: %v", err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
}
