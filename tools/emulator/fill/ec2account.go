// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// ec2Account keeps what EC2 has once in a region of an account and moto lacks: whether snapshots and images may be public, what
// an instance's metadata service is like where its launch does not choose, and the key of disks that name none, which moto sets and does
// not tell. Nothing obeys.
func ec2Account(t *Table) {
	block := func(what, member, parameter, off string) {
		states := &store[string]{}
		reply := func(x *Exchange, name, state string) (*wire.Reply, error) {
			return xmlReply(wire.Parent(x.Call.Action+"Response", wire.Element("requestId", wire.RequestID), wire.Element(name, state))), nil
		}
		t.on("ec2", func(x *Exchange) (*wire.Reply, error) {
			states.set(x.place(), "", x.Call.Form.Get(parameter))
			return reply(x, member, x.Call.Form.Get(parameter))
		}, "Enable"+what+"BlockPublicAccess")
		t.on("ec2", func(x *Exchange) (*wire.Reply, error) {
			states.remove(x.place(), "")
			return reply(x, member, "unblocked")
		}, "Disable"+what+"BlockPublicAccess")
		t.on("ec2", func(x *Exchange) (*wire.Reply, error) {
			state, on := states.get(x.place(), "")
			if !on {
				state = off
			}
			return reply(x, member, state)
		}, "Get"+what+"BlockPublicAccessState")
	}
	block("Snapshot", "state", "State", "unblocked")
	block("Image", "imageBlockPublicAccessState", "ImageBlockPublicAccessState", "unblocked")

	keys := &store[string]{}
	key := func(x *Exchange, id string) *wire.Reply {
		return xmlReply(wire.Parent(x.Call.Action+"Response", wire.Element("requestId", wire.RequestID), wire.Element("kmsKeyId", id)))
	}
	t.on("ec2", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		return editXML(reply, err, func(root *wire.Node) { keys.set(x.place(), "", root.Get("kmsKeyId")) })
	}, "ModifyEbsDefaultKmsKeyId")
	t.on("ec2", func(x *Exchange) (*wire.Reply, error) {
		keys.remove(x.place(), "")
		return key(x, ebsKey), nil
	}, "ResetEbsDefaultKmsKeyId")
	t.on("ec2", func(x *Exchange) (*wire.Reply, error) {
		id, chosen := keys.get(x.place(), "")
		if !chosen {
			id = ebsKey
		}
		return key(x, id), nil
	}, "GetEbsDefaultKmsKeyId")

	defaults := &store[map[string]string]{}
	t.on("ec2", func(x *Exchange) (*wire.Reply, error) {
		defaults.update(x.place(), "", func(old map[string]string) map[string]string {
			fresh := map[string]string{}
			for name := range metadataDefaults {
				value := x.Call.Form.Get(name)
				if value == "" {
					value = old[name]
				}
				if value != "" && value != "no-preference" && value != "-1" {
					fresh[name] = value
				}
			}
			return fresh
		})
		return xmlReply(wire.Parent(x.Call.Action+"Response", wire.Element("requestId", wire.RequestID), wire.Element("return", "true"))), nil
	}, "ModifyInstanceMetadataDefaults")
	t.on("ec2", func(x *Exchange) (*wire.Reply, error) {
		kept, _ := defaults.get(x.place(), "")
		level := wire.Parent("accountLevel")
		for _, name := range sortedKeys(kept) {
			level.Set(wire.Element(metadataDefaults[name], kept[name]))
		}
		return xmlReply(wire.Parent(x.Call.Action+"Response", wire.Element("requestId", wire.RequestID), level)), nil
	}, "GetInstanceMetadataDefaults")
}

// ebsKey is the key of disks where the account has chosen none (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetEbsDefaultKmsKeyId.html).
const ebsKey = "alias/aws/ebs"

// metadataDefaults are the parameters of ModifyInstanceMetadataDefaults, and their names in the answer.
var metadataDefaults = map[string]string{
	"HttpTokens": "httpTokens", "HttpPutResponseHopLimit": "httpPutResponseHopLimit", "HttpEndpoint": "httpEndpoint", "InstanceMetadataTags": "instanceMetadataTags",
}
