// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// defaultRotation is KMS's rotation period in days (https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html).
const defaultRotation = 365

// keyRotation keeps the rotation period of KMS keys, which moto does not.
func keyRotation(t *Table) {
	periods := &store[any]{}
	t.on("kms", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		if succeeded(reply, err) {
			body := x.Call.JSONBody()
			if days, given := body["RotationPeriodInDays"]; given {
				periods.set(x.place(), keyID(body), days)
			}
		}
		return reply, err
	}, "EnableKeyRotation")
	t.on("kms", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		if succeeded(reply, err) {
			periods.remove(x.place(), keyID(x.Call.JSONBody()))
		}
		return reply, err
	}, "DisableKeyRotation")
	t.on("kms", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		return editJSON(reply, err, func(body map[string]any) {
			key := keyID(x.Call.JSONBody())
			body["KeyId"] = key
			if on, _ := body["KeyRotationEnabled"].(bool); !on {
				return
			}
			body["RotationPeriodInDays"] = defaultRotation
			if days, found := periods.get(x.place(), key); found {
				body["RotationPeriodInDays"] = days
			}
		})
	}, "GetKeyRotationStatus")
}

// keyID is a key's id, whether the call names it by id or by ARN.
func keyID(body map[string]any) string {
	key, _ := body["KeyId"].(string)
	return key[strings.LastIndex(key, "/")+1:]
}
