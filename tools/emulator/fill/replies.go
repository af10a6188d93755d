// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// queryReply wraps a result the way the Query protocol does.
func queryReply(namespace, action string, result ...*wire.Node) *wire.Reply {
	root := wire.Parent(action+"Response",
		wire.Parent(action+"Result", result...),
		wire.Parent("ResponseMetadata", wire.Element("RequestId", wire.RequestID)),
	)
	root.Attrs = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}
	return xmlReply(root)
}

func xmlReply(root *wire.Node) *wire.Reply {
	return &wire.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/xml"}}, Body: root.Bytes()}
}

// editXML changes a successful XML answer; errors pass unchanged.
func editXML(reply *wire.Reply, err error, edit func(root *wire.Node)) (*wire.Reply, error) {
	if err != nil || reply.Status != http.StatusOK {
		return reply, err
	}
	root, err := wire.ParseXML(reply.Body)
	if err != nil {
		return nil, fmt.Errorf("moto's answer: %w", err)
	}
	edit(root)
	reply.Body = root.Bytes()
	return reply, nil
}

// editJSON changes a successful JSON answer; errors pass unchanged.
func editJSON(reply *wire.Reply, err error, edit func(body map[string]any)) (*wire.Reply, error) {
	if err != nil || reply.Status != http.StatusOK {
		return reply, err
	}
	body := map[string]any{}
	if len(reply.Body) > 0 {
		if err := json.Unmarshal(reply.Body, &body); err != nil {
			return nil, fmt.Errorf("moto's answer: %w", err)
		}
	}
	edit(body)
	if reply.Body, err = json.Marshal(body); err != nil {
		return nil, err
	}
	return reply, nil
}

// jsonReply is a successful JSON answer.
func jsonReply(body any) (*wire.Reply, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return &wire.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: encoded}, nil
}
