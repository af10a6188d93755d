// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

var (
	newKey      = regexp.MustCompile(`<AccessKeyId>([^<]+)</AccessKeyId>`)
	assumedRole = regexp.MustCompile(`<Arn>([^<]+)</Arn>`)
)

// learnKeys notes the access keys that STS and IAM give out, so that they work like the ones registered.
func (g *Gateway) learnKeys(a *answered) {
	if a.reply == nil || a.reply.Status != http.StatusOK || (a.call.Service != "sts" && a.call.Action != "CreateAccessKey") {
		return
	}
	key := newKey.FindSubmatch(a.reply.Body)
	if key == nil {
		return
	}
	owner, _, _ := g.accounts.caller(a.call)
	id := owner.AccountID
	if role := assumedRole.FindSubmatch(a.reply.Body); role != nil {
		id = accountOfARN(string(role[1]))
	}
	g.accounts.adopt(string(key[1]), id)
}

func accountOfARN(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

func unknownKey(call *wire.Call) *wire.Reply {
	if call.AccessKey == "" {
		return call.Error(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	code := "InvalidClientTokenId"
	switch call.Protocol {
	case wire.S3:
		code = "InvalidAccessKeyId"
	case wire.JSON, wire.CBOR, wire.RESTJSON:
		code = "UnrecognizedClientException"
	case wire.EC2:
		code = "AuthFailure"
	}
	return call.Error(http.StatusForbidden, code,
		"The security token included in the request is invalid: access key "+call.AccessKey+" is not registered with this emulator.")
}
