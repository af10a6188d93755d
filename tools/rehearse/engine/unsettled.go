// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// updateName names the operation that makes resources, and the file of its events.
const updateName = "up"

// brokenConnection are the words with which the engine reports that a provider has died under it (gRPC code 14, UNAVAILABLE).
var brokenConnection = regexp.MustCompile(`code = Unavailable|error reading from server|transport is closing`)

// Unsettled lists the resources whose making the last update has begun, and of which nobody knows whether they exist: engine
// or provider were killed before the state was written. AWS may have them; the state has not.
func (e *Engine) Unsettled(ctx context.Context) ([]string, error) {
	events, err := readEvents(e.stage.Path("events", updateName+".jsonl"))
	if err != nil {
		return nil, err
	}
	begun := map[string]string{}
	for _, event := range events {
		note(begun, event)
	}
	text, err := e.Query(ctx, "stack", "export")
	if err != nil {
		return nil, err
	}
	var exported struct{ Deployment apitype.DeploymentV3 }
	if err := json.Unmarshal(text, &exported); err != nil {
		return nil, err
	}
	for _, resource := range exported.Deployment.Resources {
		if replaced, found := begun[string(resource.URN)]; found && string(resource.ID) != replaced {
			delete(begun, string(resource.URN))
		}
	}
	for _, pending := range exported.Deployment.PendingOperations {
		if pending.Type == apitype.OperationTypeCreating {
			begun[string(pending.Resource.URN)] = ""
		}
	}
	return slices.Sorted(maps.Keys(begun)), nil
}

// note keeps what an event says about the makings that have begun, by URN: the id of the resource that is replaced, or nothing.
// One that failed in an ordinary way is settled: the answer was no.
func note(begun map[string]string, event apitype.EngineEvent) {
	switch {
	case event.ResourcePreEvent != nil:
		step := event.ResourcePreEvent.Metadata
		if step.New == nil || !step.New.Custom || step.Op != apitype.OpCreate && step.Op != apitype.OpCreateReplacement {
			return
		}
		begun[step.URN] = ""
		if step.Old != nil {
			begun[step.URN] = step.Old.ID
		}
	case event.DiagnosticEvent != nil && event.DiagnosticEvent.Severity == "error":
		if brokenConnection.MatchString(event.DiagnosticEvent.Message) {
			return
		}
		delete(begun, event.DiagnosticEvent.URN)
	}
}

// readEvents reads a log of the engine up to the first line that is not whole: a killed engine stops anywhere. There is no log
// where the engine has stopped before its first event.
func readEvents(log string) ([]apitype.EngineEvent, error) {
	file, err := os.Open(log)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // opened for reading only
	var events []apitype.EngineEvent
	for decoder := json.NewDecoder(bufio.NewReader(file)); ; {
		var event apitype.EngineEvent
		if decoder.Decode(&event) != nil {
			return events, nil
		}
		events = append(events, event)
	}
}
