// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Reply is an HTTP answer held in memory.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// RequestID is put into the answers that the gateway makes itself.
const RequestID = "00000000-0000-4000-8000-bulkhead0000"

// Error makes the error answer of the call's protocol, so that an SDK sees the code and message as from AWS.
func (c *Call) Error(status int, code, message string) *Reply {
	reply := &Reply{Status: status, Header: http.Header{"X-Amzn-Requestid": {RequestID}}}
	switch c.Protocol {
	case JSON:
		reply.setJSON("application/x-amz-json-1.1", map[string]any{"__type": code, "message": message})
	case RESTJSON:
		reply.Header.Set("X-Amzn-Errortype", code)
		reply.setJSON("application/json", map[string]any{"message": message, "code": code})
	case CBOR:
		reply.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		reply.Header.Set("Content-Type", "application/cbor")
		reply.Body, _ = encoder.Marshal(map[string]any{"__type": code, "message": message})
	case EC2:
		reply.setXML(`<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>`, code, message)
	case S3:
		reply.setXML(`<Error><Code>%s</Code><Message>%s</Message><RequestId>%s</RequestId></Error>`, code, message)
	default:
		side := "Sender"
		if status >= http.StatusInternalServerError {
			side = "Receiver"
		}
		reply.setXML(`<ErrorResponse><Error><Type>`+side+`</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>`,
			code, message)
	}
	return reply
}

func (r *Reply) setJSON(contentType string, body map[string]any) {
	r.Header.Set("Content-Type", contentType)
	r.Body, _ = json.Marshal(body)
}

func (r *Reply) setXML(format, code, message string) {
	r.Header.Set("Content-Type", "text/xml")
	r.Body = []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + fmt.Sprintf(format, Escape(code), Escape(message), RequestID))
}

// Escape makes text safe inside XML.
func Escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // A bytes.Buffer does not fail.
	return b.String()
}

// throttling holds the services whose code for "too many requests" is not the common one, with its HTTP status.
var throttling = map[string]struct {
	code   string
	status int
}{
	"ec2":            {"RequestLimitExceeded", http.StatusServiceUnavailable},
	"s3":             {"SlowDown", http.StatusServiceUnavailable},
	"s3control":      {"SlowDown", http.StatusServiceUnavailable},
	"wafv2":          {"ThrottlingException", http.StatusBadRequest},
	"lambda":         {"TooManyRequestsException", http.StatusTooManyRequests},
	"route53":        {"Throttling", http.StatusBadRequest},
	"secretsmanager": {"ThrottlingException", http.StatusBadRequest},
}

// Throttle makes the service's own "too many requests" error, which every SDK retries with backoff.
func (c *Call) Throttle() *Reply {
	if own, found := throttling[c.Service]; found {
		return c.Error(own.status, own.code, "Rate exceeded")
	}
	switch c.Protocol {
	case JSON, CBOR:
		return c.Error(http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
	case RESTJSON:
		return c.Error(http.StatusTooManyRequests, "ThrottlingException", "Rate exceeded")
	case S3:
		return c.Error(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
	}
	return c.Error(http.StatusBadRequest, "Throttling", "Rate exceeded")
}

// InternalError makes the service's own internal failure, which every SDK retries.
func (c *Call) InternalError() *Reply {
	code := "InternalFailure"
	switch c.Protocol {
	case EC2, S3:
		code = "InternalError"
	case JSON, CBOR, RESTJSON:
		code = "InternalServerException"
	}
	return c.Error(http.StatusInternalServerError, code, "We encountered an internal error. Please try again.")
}

var (
	xmlCode  = regexp.MustCompile(`<Code>([^<]+)</Code>`)
	jsonCode = regexp.MustCompile(`"(?:__type|code|Code)"\s*:\s*"(?:[^"#]*#)?([^"]+)"`)
)

// ErrorCode reads the error code of an answer; empty for a success or where there is none.
func (c *Call) ErrorCode(reply *Reply) string {
	if reply.Status < http.StatusBadRequest {
		return ""
	}
	if header := reply.Header.Get("X-Amzn-Errortype"); header != "" {
		code, _, _ := strings.Cut(header, ":")
		return code
	}
	if c.Protocol == CBOR {
		if body, err := decodeCBOR(reply.Body); err == nil {
			code, _ := body["__type"].(string)
			return lastPart(code, "#")
		}
	}
	for _, pattern := range []*regexp.Regexp{xmlCode, jsonCode} {
		if found := pattern.FindSubmatch(reply.Body); found != nil {
			return string(found[1])
		}
	}
	return http.StatusText(reply.Status)
}

// IsAWS tells whether an error answer has the shape of an AWS error rather than a web server's own page.
func (c *Call) IsAWS(reply *Reply) bool {
	if c.Method == http.MethodHead {
		return true
	}
	return !strings.HasPrefix(reply.Header.Get("Content-Type"), "text/html") || xmlCode.Match(reply.Body) || jsonCode.Match(reply.Body)
}

var jsonMessage = regexp.MustCompile(`"[Mm]essage"\s*:\s*("(?:[^"\\]|\\.)*")`)

// ErrorMessage reads the message of a JSON error answer; where there is none, the status stands for it.
func (c *Call) ErrorMessage(reply *Reply) string {
	var message string
	if found := jsonMessage.FindSubmatch(reply.Body); found != nil && json.Unmarshal(found[1], &message) == nil {
		return message
	}
	return http.StatusText(reply.Status)
}

// Refusal makes the service's own error for a caller without the permission, which no SDK retries.
func (c *Call) Refusal() *Reply {
	code := "AccessDenied"
	switch c.Protocol {
	case EC2:
		code = "UnauthorizedOperation"
	case JSON, CBOR, RESTJSON:
		code = "AccessDeniedException"
	}
	return c.Error(http.StatusForbidden, code, "You are not authorized to perform "+c.Service+":"+c.Action+".")
}
