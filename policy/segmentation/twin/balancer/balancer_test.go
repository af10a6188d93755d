// SPDX-License-Identifier: Apache-2.0

package balancer_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/balancer"
)

// answers are those of AWS about a load balancer with a secure listener and one that leads to it.
var answers = map[string]string{
	"Listeners": `[
		{"ListenerArn": "https", "Protocol": "HTTPS", "Port": 443, "SslPolicy": "modern", "Certificates": [{"CertificateArn": "c"}], "Attributes": [
			{"Key": "routing.http.response.strict_transport_security.header_value", "Value": "max-age=1"}, {"Key": "routing.http.response.server.enabled", "Value": "false"}]},
		{"ListenerArn": "http", "Protocol": "HTTP", "Port": 80}, {"ListenerArn": "tcp", "Protocol": "TCP", "Port": 22}, {"ListenerArn": "tls", "Protocol": "TLS", "Port": 23}]`,
	"Rules": `[
		{"ListenerArn": "https", "RuleArn": "d", "Priority": "default", "IsDefault": true, "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "Not found"}}]},
		{"ListenerArn": "https", "RuleArn": "b", "Priority": "20", "Conditions": [{"Field": "host-header", "Values": ["shop.example"]}, {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}}], "Actions": [{"Type": "forward", "TargetGroupArn": "api"}]},
		{"ListenerArn": "https", "RuleArn": "a", "Priority": "9", "Conditions": [{"Field": "source-ip", "SourceIpConfig": {"Values": ["203.0.113.9/32"]}}], "Actions": [{"Type": "forward", "TargetGroupArn": "held"}]},
		{"ListenerArn": "https", "RuleArn": "c", "Priority": "100", "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example"]}}], "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "web", "Weight": 2}, {"TargetGroupArn": "never", "Weight": 0}]}}]},
		{"ListenerArn": "http", "RuleArn": "r", "Priority": "default", "IsDefault": true, "Actions": [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}", "StatusCode": "HTTP_301"}}]}]`,
	"Certificates": `[{"CertificateArn": "c", "DomainName": "shop.example", "SubjectAlternativeNames": ["shop.example", "*.shop.example"]}]`,
	"SslPolicies":  `[{"Name": "modern", "SslProtocols": ["TLSv1.3", "TLSv1.2"], "Ciphers": [{"Name": "TLS_AES_128_GCM_SHA256"}, {"Name": "ECDHE-RSA-AES128-GCM-SHA256"}, {"Name": "ECDHE-RSA-AES256-SHA384"}]}]`,
	"TargetGroups": `[{"TargetGroupArn": "web", "Protocol": "HTTPS", "HealthCheckPath": "/healthz", "Matcher": {"HttpCode": "200-204,299"}}, {"TargetGroupArn": "api", "Protocol": "HTTP"}]`,
}

// folder has answers, some of them replaced.
func folder(t *testing.T, other map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range answers {
		if o, replaced := other[name]; replaced {
			text = o
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".json"), []byte(text), 0o600))
	}
	return dir
}

func known(t *testing.T) *balancer.Known {
	t.Helper()
	k, err := balancer.Read(folder(t, nil))
	require.NoError(t, err)
	return k
}

func TestAListenerIsReadWithItsNamesAndVersions(t *testing.T) {
	k := known(t)
	require.Len(t, k.Listeners, 2, "one of TCP is none of an application")
	require.True(t, k.Passed["tls"])
	require.False(t, k.Passed["tcp"] || k.Passed["https"])
	l := k.Listeners["https"]
	require.Equal(t, [][]string{{"shop.example", "*.shop.example"}}, l.Names)
	require.Equal(t, []string{"RSA_2048"}, l.Keys)
	require.Equal(t, [2]uint16{tls.VersionTLS12, tls.VersionTLS13}, [2]uint16{l.Least, l.Most})
	require.Equal(t, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}, l.Suites)
	require.Equal(t, []string{"without ECDHE-RSA-AES256-SHA384", "with TLS_AES_256_GCM_SHA384", "with TLS_CHACHA20_POLY1305_SHA256"}, l.Unsaid)
	require.Equal(t, map[string]balancer.Example{"api": {Host: "shop.example", Path: "/api/a"}, "web": {Host: "a.example", Path: "/"}}, l.Examples(),
		"nobody comes from where a rule holds a target group, and a weight of 0 is none")
}

// The names of policies are those of https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html, where
// ciphers have OpenSSL's names (https://docs.openssl.org/3.0/man1/openssl-ciphers).
func TestPoliciesAreSpokenAsFarAsTheyCan(t *testing.T) {
	for name, id := range map[string]uint16{
		"ECDHE-ECDSA-AES128-GCM-SHA256": tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES256-GCM-SHA384": tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		"ECDHE-RSA-AES128-SHA256": tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, "ECDHE-ECDSA-AES256-SHA": tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
		"ECDHE-RSA-CHACHA20-POLY1305": tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "AES128-GCM-SHA256": tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
		"AES128-SHA": tls.TLS_RSA_WITH_AES_128_CBC_SHA, "DES-CBC3-SHA": tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, "RC4-SHA": tls.TLS_RSA_WITH_RC4_128_SHA,
	} {
		require.Equal(t, id, balancer.Suites[name], name)
	}
	read := func(policy, protocols, ciphers string) (*balancer.Listener, error) {
		listener := strings.ReplaceAll(answers["Listeners"], `"modern"`, fmt.Sprintf("%q", policy))
		k, err := balancer.Read(folder(t, map[string]string{"Listeners": listener, "SslPolicies": fmt.Sprintf(`[{"Name": %q, "SslProtocols": [%s], "Ciphers": [%s]}]`, policy, protocols, ciphers)}))
		return k.Listeners["https"], err
	}
	const all13 = `{"Name": "TLS_AES_128_GCM_SHA256"}, {"Name": "TLS_AES_256_GCM_SHA384"}, {"Name": "TLS_CHACHA20_POLY1305_SHA256"}`
	l, err := read("ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", `"TLSv1.3"`, all13)
	require.NoError(t, err)
	require.Empty(t, l.Unsaid)
	c := l.Config(nil)
	require.Equal(t, [2]uint16{tls.VersionTLS13, tls.VersionTLS13}, [2]uint16{c.MinVersion, c.MaxVersion})
	require.Subset(t, c.CurvePreferences, balancer.Hybrid)
	require.Contains(t, c.NextProtos, "h2")

	l, err = read("ELBSecurityPolicy-FS-1-2-Res-2020-10", `"TLSv1.2"`, `{"Name": "ECDHE-RSA-AES256-GCM-SHA384"}`)
	require.NoError(t, err)
	require.Empty(t, l.Unsaid)
	c = l.Config(nil)
	require.Equal(t, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}, c.CipherSuites)
	require.NotContains(t, c.CurvePreferences, tls.X25519MLKEM768)
	require.Equal(t, []string{"http/1.1"}, c.NextProtos, "net/http serves nothing where HTTP/2 lacks the suite that it needs")
	spoken, refused := l.Spoken(true)
	require.Equal(t, []string{"ECDHE-RSA-AES256-GCM-SHA384"}, spoken)
	require.Len(t, refused, len(balancer.Suites)-1)
	spoken, _ = l.Spoken(false)
	require.Empty(t, spoken, "a key of another kind signs for nobody")

	_, err = read("ELBSecurityPolicy-odd", `"TLSv1.2"`, `{"Name": "AES256-SHA256"}`)
	require.ErrorContains(t, err, `listener https: crypto/tls has none of the cipher suites of its policy of TLS "ELBSecurityPolicy-odd" (SslPolicies.json)`)
}

func TestWhatAListenerDoesThatNobodyKnowsIsAnErrorThatNamesAll(t *testing.T) {
	_, err := balancer.Read(folder(t, map[string]string{
		"Rules":        `[{"ListenerArn": "https", "Priority": "5", "Conditions": [{"Field": "phase-of-the-moon"}], "Actions": [{"Type": "authenticate-oidc"}, {"Type": "forward", "TargetGroupArn": "web"}]}]`,
		"Certificates": `[]`, "SslPolicies": `[]`, "TargetGroups": `[{"TargetGroupArn": "calls", "ProtocolVersion": "GRPC"}]`,
	}))
	for _, part := range []string{
		"listener http: its rules are not among the answers", "listener https: its rules are not", "listener https: the names of its certificate are not", `its policy of TLS "modern" is not`,
		"target group calls: it speaks gRPC", `rule 5: its condition "phase-of-the-moon" is none that is known`, "rule 5: it does not do one thing with a request",
	} {
		require.ErrorContains(t, err, part)
	}
	_, err = balancer.Read(folder(t, map[string]string{"Rules": `{`}))
	require.ErrorContains(t, err, "Rules.json: ")
}

func TestAHealthCheckIsThatOfItsTargetGroup(t *testing.T) {
	to := netip.MustParseAddrPort("10.0.0.4:8443")
	groups := known(t).Groups
	require.Equal(t, balancer.Health{At: to, Scheme: "https", Path: "/healthz", Healthy: 200}, balancer.CheckOf(groups["web"], to))
	other := *groups["api"]
	other.HealthCheckPort, other.HealthCheckProtocol, other.Matcher = aws.String("9000"), elb.ProtocolEnumHttps, &elb.Matcher{HttpCode: aws.String("404,301-302")}
	require.Equal(t, balancer.Health{At: netip.MustParseAddrPort("10.0.0.4:9000"), Scheme: "https", Path: "/", Healthy: 301}, balancer.CheckOf(&other, to))
}

// target is a server that counts health checks, and its address.
func target(t *testing.T, secure bool, health int) (netip.AddrPort, *http.Header) {
	t.Helper()
	var asked http.Header
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			w.WriteHeader(health)
			return
		}
		asked = r.Header.Clone()
		w.Header().Set("Server", "shop")
		w.Header().Set("Strict-Transport-Security", "max-age=0")
		_, _ = fmt.Fprintf(w, "%s %s", r.Host, r.URL)
	})
	s := httptest.NewUnstartedServer(answer)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return netip.MustParseAddrPort(s.Listener.Addr().String()), &asked
}

func pool(k *balancer.Known, group string, targets ...netip.AddrPort) *balancer.Pool {
	return &balancer.Pool{Group: k.Groups[group], Targets: targets, Dial: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
	}}
}

func TestRequestsGoWhereTheRulesSay(t *testing.T) {
	k := known(t)
	well, asked := target(t, true, 204)
	ill, _ := target(t, true, 500)
	plain, _ := target(t, false, 200)
	web := pool(k, "web", ill, well)
	web.Check(t.Context())
	require.Equal(t, []netip.AddrPort{well}, web.Healthy())
	handler := k.Listeners["https"].Handler(map[string]*balancer.Pool{"web": web, "api": pool(k, "api", plain)})
	ask := func(host, path string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, "http://"+host+path, nil)
		r.Header.Set("X-Forwarded-For", "198.51.100.1")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Result() //nolint:bodyclose // a recorder has none to close
	}
	for _, c := range []struct {
		host, path string
		status     int
		target     string
		body       string
	}{
		{"www.example:443", "/a?b=c", 200, well.String(), "www.example:443 /a?b=c"},
		{"SHOP.example", "/API/x", 200, well.String(), "SHOP.example /API/x"}, // hosts do not mind the case, paths do
		{"shop.example", "/api/x", 200, plain.String(), "shop.example /api/x"},
		{"stranger.invalid", "/", 404, "", "Not found"},
	} {
		a := ask(c.host, c.path)
		body, err := io.ReadAll(a.Body)
		require.NoError(t, err)
		require.Equal(t, []any{c.status, c.target, c.body}, []any{a.StatusCode, a.Header.Get(balancer.TargetHeader), string(body)}, c.host+c.path)
		require.Equal(t, "max-age=1", a.Header.Get("Strict-Transport-Security"))
		require.Empty(t, a.Header.Get("Server"))
	}
	require.Equal(t, "198.51.100.1, 192.0.2.1", (*asked).Get("X-Forwarded-For"), "192.0.2.1 is httptest's client")
}

func TestNobodyBehindARuleIs503AndNobodyHealthyIsAskedAllTheSame(t *testing.T) {
	k := known(t)
	ill, _ := target(t, true, 500)
	web := pool(k, "web", ill)
	web.Check(t.Context())
	require.Empty(t, web.Healthy())
	gone := pool(k, "api", netip.MustParseAddrPort("127.0.0.1:1"))
	handler := k.Listeners["https"].Handler(map[string]*balancer.Pool{"web": web, "api": gone})
	for host, status := range map[string]int{"www.example/": 200, "shop.example/api/": 502} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://"+host, nil))
		require.Equal(t, status, w.Code)
	}
	w := httptest.NewRecorder()
	k.Listeners["https"].Handler(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://www.example/", nil))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
}

func TestAPlainListenerLeadsToTheSecureOne(t *testing.T) {
	w := httptest.NewRecorder()
	known(t).Listeners["http"].Handler(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://shop.example:80/a/b?c=d", nil))
	require.Equal(t, http.StatusMovedPermanently, w.Code)
	require.Equal(t, "https://shop.example:443/a/b?c=d", w.Header().Get("Location"))
	require.Equal(t, "awselb/2.0", w.Header().Get("Server"))
}

func TestConditionsAreAsTheirDocumentationSays(t *testing.T) {
	rule := func(c elb.RuleCondition) *balancer.Listener {
		return &balancer.Listener{Rules: []elb.Rule{
			{Priority: aws.String("1"), Conditions: []elb.RuleCondition{c}, Actions: []elb.Action{{Type: elb.ActionTypeEnumFixedResponse, FixedResponseConfig: &elb.FixedResponseActionConfig{StatusCode: aws.String("200")}}}},
			{IsDefault: aws.Bool(true), Actions: []elb.Action{{Type: elb.ActionTypeEnumFixedResponse, FixedResponseConfig: &elb.FixedResponseActionConfig{StatusCode: aws.String("404")}}}},
		}}
	}
	for name, c := range map[string]struct {
		condition elb.RuleCondition
		yes, no   string // method, URL and header
	}{
		"method":         {elb.RuleCondition{Field: aws.String("http-request-method"), HttpRequestMethodConfig: &elb.HttpRequestMethodConditionConfig{Values: []string{"PUT"}}}, "PUT / x", "GET / x"},
		"header":         {elb.RuleCondition{Field: aws.String("http-header"), HttpHeaderConfig: &elb.HttpHeaderConditionConfig{HttpHeaderName: aws.String("X-Kind"), Values: []string{"a?c*"}}}, "GET / ABCD", "GET / ac"},
		"query":          {elb.RuleCondition{Field: aws.String("query-string"), QueryStringConfig: &elb.QueryStringConditionConfig{Values: []elb.QueryStringKeyValuePair{{Key: aws.String("v"), Value: aws.String("1*")}}}}, "GET /?v=12 x", "GET /?w=12 x"},
		"any key":        {elb.RuleCondition{Field: aws.String("query-string"), QueryStringConfig: &elb.QueryStringConditionConfig{Values: []elb.QueryStringKeyValuePair{{Value: aws.String("1")}}}}, "GET /?w=1 x", "GET /?w=2 x"},
		"source":         {elb.RuleCondition{Field: aws.String("source-ip"), SourceIpConfig: &elb.SourceIpConditionConfig{Values: []string{"192.0.2.0/24"}}}, "GET / x", ""},
		"a dot is a dot": {elb.RuleCondition{Field: aws.String("path-pattern"), Values: []string{"/a.b"}}, "GET /a.b x", "GET /axb x"},
	} {
		t.Run(name, func(t *testing.T) {
			l := rule(c.condition)
			require.NoError(t, l.Check())
			for request, want := range map[string]int{c.yes: 200, c.no: 404} {
				if parts := strings.Fields(request); len(parts) == 3 {
					r := httptest.NewRequest(parts[0], parts[1], nil)
					r.Header.Set("X-Kind", parts[2])
					w := httptest.NewRecorder()
					l.Handler(nil).ServeHTTP(w, r)
					require.Equal(t, want, w.Code, request)
				}
			}
		})
	}
}
