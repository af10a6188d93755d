// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"maps"
	"net/http"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// forgottenSettings are those of a function that moto forgets, or does not change in UpdateFunctionConfiguration.
var forgottenSettings = []string{"DeadLetterConfig", "EphemeralStorage", "KMSKeyArn", "LoggingConfig", "TracingConfig"}

// functionSettings keeps the settings of functions that moto forgets, and adds them to what it says of a function.
func functionSettings(t *Table) {
	settings := &store[map[string]any]{}
	remember := func(x *Exchange, name string) {
		body := x.Call.JSONBody()
		settings.update(x.place(), name, func(old map[string]any) map[string]any {
			fresh := maps.Clone(old)
			if fresh == nil { // Lambda API, LoggingConfig: a log group of the function's name gets plain text.
				fresh = map[string]any{"LoggingConfig": map[string]any{"LogFormat": "Text", "LogGroup": "/aws/lambda/" + name}}
			}
			for _, member := range forgottenSettings {
				if value, given := body[member]; given {
					fresh[member] = value
				}
			}
			return fresh
		})
	}
	add := func(x *Exchange, name string, reply *wire.Reply, err error) (*wire.Reply, error) {
		if err != nil || reply.Status >= http.StatusBadRequest {
			return reply, err
		}
		status := reply.Status
		reply.Status = http.StatusOK // CreateFunction answers 201.
		defer func() { reply.Status = status }()
		return editJSON(reply, nil, func(body map[string]any) {
			of := body
			if inner, found := body["Configuration"].(map[string]any); found {
				of = inner
			}
			known, _ := settings.get(x.place(), name)
			maps.Copy(of, known)
		})
	}
	t.on("lambda", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		name, _ := x.Call.JSONBody()["FunctionName"].(string)
		name = functionName(name)
		if err == nil && reply.Status < http.StatusBadRequest {
			settings.remove(x.place(), name)
			remember(x, name)
		}
		return add(x, name, reply, err)
	}, "CreateFunction")
	t.on("lambda", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		name := functionName(x.Call.Resource())
		if x.Call.Action == "UpdateFunctionConfiguration" && succeeded(reply, err) {
			remember(x, name)
		}
		return add(x, name, reply, err)
	}, "UpdateFunctionConfiguration", "UpdateFunctionCode", "GetFunction", "GetFunctionConfiguration")
}
