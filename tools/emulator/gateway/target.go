// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// accountLabel is what S3 Control puts before the endpoint's host name
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutPublicAccessBlock.html).
var accountLabel = regexp.MustCompile(`^\d{12}\.`)

// refusal says why a request is not served: the gateway serves this machine only, and as a proxy it leads nowhere but to itself.
func refusal(r *http.Request) string {
	switch {
	case r.Method == http.MethodConnect:
		return "the emulator's gateway is not a way out: it refuses to connect to " + r.Host
	case !loopbackName(r.Host):
		return "the emulator's gateway is not a way out: it serves loopback addresses only, not " + r.Host
	case r.URL.Host != "" && !ownPort(r):
		return "the emulator's gateway is no proxy to other ports: " + r.URL.Host
	case r.Header.Get("Origin") != "":
		return "the emulator's gateway does not serve web pages"
	}
	return ""
}

// ownPort tells whether a proxy-style request is meant for the gateway itself.
func ownPort(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && r.URL.Port() == strconv.Itoa(local.Port)
}

// loopbackName tells whether a host, with or without port, is this machine: a loopback address or localhost,
// alone, after an account id, or after a bucket's name.
func loopbackName(hostPort string) bool {
	host := withoutPort(hostPort)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(accountLabel.ReplaceAllString(host, ""))
	return ip != nil && ip.IsLoopback()
}

// localHost drops the account id from a host name.
func localHost(hostPort string) string {
	return accountLabel.ReplaceAllString(hostPort, "")
}

func withoutPort(hostPort string) string {
	if host, _, err := net.SplitHostPort(hostPort); err == nil {
		return host
	}
	return strings.Trim(hostPort, "[]")
}
