// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/function"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

const (
	functionsPath       = "/2015-03-31/functions/"
	invalidFunctionCode = "InvalidParameterValueException"
)

// functions run the programs of Lambda functions when they are called; moto would ask Docker. moto keeps their settings.
func functions(t *Table) {
	archives := &store[[]byte]{}
	functionSettings(t)
	t.on("lambda", func(x *Exchange) (*wire.Reply, error) {
		body := x.Call.JSONBody()
		code, _ := body["Code"].(map[string]any)
		name, _ := body["FunctionName"].(string)
		return keepArchive(x, archives, name, code)
	}, "CreateFunction")
	t.on("lambda", func(x *Exchange) (*wire.Reply, error) {
		return keepArchive(x, archives, x.Call.Resource(), x.Call.JSONBody())
	}, "UpdateFunctionCode")
	t.on("lambda", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		if err == nil && reply.Status < http.StatusBadRequest {
			archives.remove(x.place(), functionName(x.Call.Resource()))
		}
		return reply, err
	}, "DeleteFunction")
	t.on("lambda", func(x *Exchange) (*wire.Reply, error) { return invoke(x, archives, t.servers) }, "Invoke")
	newSecretRotations(t, archives)
}

// functionName is the name of a function that a call names by it, or by an ARN with or without a version.
func functionName(named string) string {
	if _, rest, isARN := strings.Cut(named, ":function:"); isARN {
		named = rest
	}
	name, _, _ := strings.Cut(named, ":")
	return name
}

// keepArchive notes the code that a call brings, once moto has taken it.
func keepArchive(x *Exchange, archives *store[[]byte], named string, code map[string]any) (*wire.Reply, error) {
	text, inCall := code["ZipFile"].(string)
	var archive []byte
	if inCall {
		var err error
		if archive, err = base64.StdEncoding.DecodeString(text); err != nil {
			return x.Call.Error(http.StatusBadRequest, "SerializationException", "ZipFile: "+err.Error()), nil
		}
		if err := function.CheckArchive(archive); err != nil {
			return x.Call.Error(http.StatusBadRequest, invalidFunctionCode,
				"Could not unzip uploaded file. Please check your file, then try to upload again."), nil
		}
	}
	reply, err := x.Pass()
	if err != nil || reply.Status >= http.StatusBadRequest {
		return reply, err
	}
	if dry, _ := code["DryRun"].(bool); dry {
		return reply, nil
	}
	name := functionName(named)
	if inCall {
		archives.set(x.place(), name, archive)
	} else {
		archives.remove(x.place(), name)
	}
	return reply, nil
}

// invoke calls the program and answers as Lambda does (Lambda API, Invoke).
func invoke(x *Exchange, archives *store[[]byte], servers *databaseServers) (*wire.Reply, error) {
	named := functionName(x.Call.Resource())
	switch kind := x.Call.Header.Get("X-Amz-Invocation-Type"); kind {
	case "", "RequestResponse":
	case "DryRun":
		if reply, err := configurationOf(x, named); err != nil || reply.Status != http.StatusOK {
			return reply, err
		}
		return &wire.Reply{Status: http.StatusNoContent, Header: http.Header{}}, nil
	default:
		return x.cannotRun("it answers calls that wait for the answer; %q does not", kind), nil
	}
	event := x.Call.Body
	if len(event) == 0 {
		event = []byte("{}")
	}
	if !json.Valid(event) {
		return x.Call.Error(http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json"), nil
	}
	result, refusal, err := x.callFunction(archives, servers, named, event)
	if errors.Is(err, errUnable) {
		return notCalled(err)
	}
	if refusal != nil || err != nil {
		return refusal, err
	}
	header := http.Header{"Content-Type": {"application/json"}, "X-Amz-Executed-Version": {"$LATEST"}, "X-Amzn-Requestid": {wire.RequestID}}
	if result.Failed {
		header.Set("X-Amz-Function-Error", "Unhandled")
	}
	if x.Call.Header.Get("X-Amz-Log-Type") == "Tail" {
		header.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(result.Log))
	}
	return &wire.Reply{Status: http.StatusOK, Header: header, Body: result.Payload}, nil
}

// callFunction calls a function's program with an event, led to the database's server. The error is an errUnable if there is none; a
// refusal is the answer to whoever wanted to call it.
func (x *Exchange) callFunction(archives *store[[]byte], servers *databaseServers, name string, event []byte) (result *function.Result, refusal *wire.Reply, err error) {
	reply, err := configurationOf(x, name)
	if err != nil || reply.Status != http.StatusOK {
		return nil, reply, err
	}
	called, refusal, err := x.function(reply.Body, archives)
	if refusal != nil || err != nil {
		return nil, refusal, err
	}
	if err := servers.connect(x, called); err != nil {
		return nil, nil, err
	}
	result, err = called.Call(x.Context, event)
	if errors.Is(err, function.ErrMachine) {
		return nil, x.cannotRun("%v", err), nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("calling the function %s: %w", name, err)
	}
	return result, nil, nil
}

// notCalled is the answer of a function that has no database to connect to: a deployment goes on, and reads in the answer that nothing
// was done.
func notCalled(reason error) (*wire.Reply, error) {
	payload, err := json.Marshal(map[string]string{"notCalled": reason.Error()})
	return &wire.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}, "X-Amz-Executed-Version": {"$LATEST"}}, Body: payload}, err
}

// configurationOf asks moto for the settings of a function.
func configurationOf(x *Exchange, name string) (*wire.Reply, error) {
	call := x.foreign("lambda", wire.RESTJSON, http.MethodGet, functionsPath+name+"/configuration")
	call.Action = "GetFunctionConfiguration"
	return x.Forward(call)
}

// cannotRun is the answer for what Lambda can do and the gateway cannot. No SDK retries it.
func (x *Exchange) cannotRun(format string, args ...any) *wire.Reply {
	return x.Call.Error(http.StatusNotImplemented, "NotImplemented", "the emulator cannot run this function: "+fmt.Sprintf(format, args...))
}

// function reads what moto knows of a function. Its calls of AWS go to the gateway, as calls of the account.
func (x *Exchange) function(configuration []byte, archives *store[[]byte]) (called *function.Function, refusal *wire.Reply, err error) {
	var of struct {
		FunctionName, FunctionArn, Runtime string
		Architectures                      []string
		Timeout, MemorySize                int
		Environment                        struct{ Variables map[string]string }
	}
	if err := json.Unmarshal(configuration, &of); err != nil {
		return nil, nil, fmt.Errorf("moto's answer: %w", err)
	}
	archive, inCall := archives.get(x.place(), of.FunctionName)
	switch {
	case !strings.HasPrefix(of.Runtime, "provided."):
		return nil, x.cannotRun("its runtime is %q; programs of the runtimes provided.* are run", of.Runtime), nil
	case !inCall:
		return nil, x.cannotRun("its code was not in the call that created it; send it as ZipFile"), nil
	}
	called = &function.Function{
		Name: of.FunctionName, ARN: of.FunctionArn, MemoryMB: of.MemorySize, Timeout: time.Duration(of.Timeout) * time.Second, Archive: archive,
		Environment: map[string]string{
			"AWS_REGION": x.Call.Region, "AWS_DEFAULT_REGION": x.Call.Region, "AWS_ENDPOINT_URL": x.Gateway,
			"AWS_ACCESS_KEY_ID": x.Call.AccessKey, "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true",
		},
	}
	if len(of.Architectures) == 1 {
		called.Architecture = of.Architectures[0]
	}
	for name, value := range of.Environment.Variables {
		if _, reserved := called.Environment[name]; !reserved {
			called.Environment[name] = value
		}
	}
	return called, nil, nil
}
