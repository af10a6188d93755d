// SPDX-License-Identifier: Apache-2.0

package pulumitest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/bulkhead-iac/bulkhead/internal/awstypes"
)

// Outputs computes outputs of a resource from its registration.
type Outputs func(Registration) resource.PropertyMap

// id is the id that AWS would give. A type without a form in the register gets its logical name with a digest.
func (m *monitor) id(r Registration) string {
	template := awstypes.Get(r.Type).ID
	switch {
	case r.ImportID != "":
		return r.ImportID
	case strings.HasPrefix(r.Type, "pulumi:providers:"):
		template = "{uuid}"
	case template == "":
		template = "{auto}"
	}
	return m.expand(template, r, "")
}

// expand fills a form of the register. Every occurrence of {hexN} in one resource is the same digest.
func (m *monitor) expand(form string, r Registration, id string) string {
	sum := sha256.Sum256([]byte(r.Type + "\x00" + r.Parent + "\x00" + r.Name))
	digest := hex.EncodeToString(sum[:])
	auto := r.Name + "-" + digest[:7]
	return awstypes.Fill(form, func(p awstypes.Placeholder) string {
		switch p.Kind {
		case "hex":
			return digest[:p.Length]
		case "HEX":
			return strings.ToUpper(digest[:p.Length])
		case "octet":
			return fmt.Sprint(int(sum[0])%254 + 1)
		case "uuid":
			return digest[:8] + "-" + digest[8:12] + "-4" + digest[13:16] + "-8" + digest[17:20] + "-" + digest[20:32]
		case "id":
			return id
		case "arn":
			return m.expand(awstypes.Get(r.Type).ARN, r, id)
		case "account":
			return m.settings.account
		case "region":
			return m.settings.region
		case "name":
			return r.physical("name", auto)
		case "bucket", "identifier":
			return r.physical(p.Kind, strings.ToLower(auto))
		case "input":
			return r.physical(p.Input, "")
		}
		return auto
	})
}

// physical returns the text of an input, or what the provider would have made up.
func (r Registration) physical(key, otherwise string) string {
	if text := r.String(key); text != "" {
		return text
	}
	return otherwise
}
