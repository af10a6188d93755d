// SPDX-License-Identifier: Apache-2.0

// Package wire reads and writes AWS API calls as they are on the wire: which service and operation an HTTP request is,
// and how an error or an answer looks in that service's protocol.
package wire

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Protocol is one of the ways AWS services encode calls (https://smithy.io/2.0/aws/protocols/).
type Protocol string

// The protocols.
const (
	Query    Protocol = "query"     // Form in, XML out: RDS, IAM, STS, SNS, ELB, Auto Scaling.
	EC2      Protocol = "ec2"       // Form in, XML out, with EC2's own error shape.
	JSON     Protocol = "json"      // X-Amz-Target and JSON: KMS, WAF, CloudTrail, logs, ACM, Secrets Manager.
	CBOR     Protocol = "cbor"      // Smithy RPC v2 CBOR: CloudWatch.
	RESTXML  Protocol = "rest-xml"  // Method and path, XML: Route 53, S3 Control.
	S3       Protocol = "s3"        // REST XML with S3's own error shape.
	RESTJSON Protocol = "rest-json" // Method and path, JSON: Backup, GuardDuty, Lambda.
)

// Call is one AWS API call.
type Call struct {
	Service   string // The AWS CLI's name of the service, such as "elbv2" or "logs".
	Action    string // The operation, such as "CreateVpc"; for an unknown REST path, method and path.
	Region    string // From the signature; empty for an unsigned call.
	AccessKey string // From the signature; empty for an unsigned call.
	Protocol  Protocol
	Method    string
	Path      string // Still escaped, as on the wire.
	RawQuery  string
	Header    http.Header
	Body      []byte
	Form      url.Values // The parameters of a Query or EC2 call, from body and query string.
}

// Parse identifies a request whose body was read already. It never fails: what it cannot tell stays empty.
func Parse(request *http.Request, body []byte) *Call {
	c := &Call{
		Method: request.Method, Path: request.URL.EscapedPath(), RawQuery: request.URL.RawQuery,
		Header: request.Header.Clone(), Body: body,
	}
	signedService := c.readSignature(request)
	switch target := c.Header.Get("X-Amz-Target"); {
	case c.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		c.Protocol = CBOR
		c.Service = serviceNames[signedService]
		c.Action = lastPart(c.Path, "/")
	case target != "":
		c.Protocol = JSON
		c.Action = lastPart(target, ".")
	case isForm(c):
		c.readForm(request)
	}
	if c.Service == "" {
		c.Service = serviceName(signedService, c)
	}
	if c.Protocol == "" {
		c.readREST()
	}
	if c.Action == "" {
		c.Action = c.Method + " " + c.Path
	}
	return c
}

// isForm tells a form call: a form-encoded POST, or a GET with action and version in its query string.
func isForm(c *Call) bool {
	if strings.HasPrefix(c.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return c.Method == http.MethodPost && (c.Path == "/" || c.Path == "")
	}
	return c.Method == http.MethodGet && strings.Contains(c.RawQuery, "Action=") && strings.Contains(c.RawQuery, "Version=")
}

func (c *Call) readForm(request *http.Request) {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		form = url.Values{}
	}
	for key, values := range request.URL.Query() {
		form[key] = append(form[key], values...)
	}
	c.Form, c.Action, c.Protocol = form, form.Get("Action"), Query
	if form.Get("Version") == ec2Version {
		c.Protocol = EC2
	}
}

// readSignature reads access key, region and service from a SigV4 or SigV4A header or a presigned query string
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html).
func (c *Call) readSignature(request *http.Request) (service string) {
	scope := request.URL.Query().Get("X-Amz-Credential")
	if header := request.Header.Get("Authorization"); strings.HasPrefix(header, "AWS4-") {
		if _, after, found := strings.Cut(header, "Credential="); found {
			scope, _, _ = strings.Cut(after, ",")
		}
	}
	parts := strings.Split(strings.TrimSpace(scope), "/")
	switch len(parts) {
	case 5: // key/date/region/service/aws4_request
		c.AccessKey, c.Region, service = parts[0], parts[2], parts[3]
	case 4: // SigV4A signs for a set of regions: key/date/service/aws4_request
		c.AccessKey, c.Region, service = parts[0], request.Header.Get("X-Amz-Region-Set"), parts[2]
	}
	return strings.ToLower(service)
}

// SetForm replaces the body by the form.
func (c *Call) SetForm() {
	c.Body = []byte(c.Form.Encode())
	c.RawQuery = ""
	c.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	c.Method = http.MethodPost
}

// JSONBody decodes the body of a JSON call; an empty or broken body is an empty object.
func (c *Call) JSONBody() map[string]any {
	body := map[string]any{}
	if json.Unmarshal(c.Body, &body) != nil || body == nil {
		return map[string]any{}
	}
	return body
}

// SetJSONBody replaces the body.
func (c *Call) SetJSONBody(body map[string]any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	c.Body = encoded
	return nil
}

// Clone copies the call so that the copy can be changed and sent beside the original.
func (c *Call) Clone() *Call {
	copied := *c
	copied.Header = c.Header.Clone()
	copied.Form = url.Values{}
	for key, values := range c.Form {
		copied.Form[key] = append([]string(nil), values...)
	}
	return &copied
}

func lastPart(s, separator string) string {
	return s[strings.LastIndex(s, separator)+1:]
}
