// SPDX-License-Identifier: Apache-2.0

package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ErrEndsEarly is returned for an event log without the event that ends every preview and update.
var ErrEndsEarly = errors.New("the event log has no summaryEvent, so it ends before the engine did; what it shows may not be all")

// event is one line of what "pulumi up --event-log FILE" writes, sdk/go/common/apitype.EngineEvent.
type event struct {
	Sequence *int           `json:"sequence"`
	Before   *resourceEvent `json:"resourcePreEvent"`
	After    *resourceEvent `json:"resOutputsEvent"`
	Said     *said          `json:"diagnosticEvent"`
	Prelude  *struct{}      `json:"preludeEvent"`
	Summary  *struct {
		Result       string `json:"result"`
		IsPreview    bool   `json:"isPreview"`
		MaybeCorrupt bool   `json:"maybeCorrupt"`
	} `json:"summaryEvent"`
}

type resourceEvent struct {
	Metadata struct {
		New *state `json:"new"`
		Op  string `json:"op"`
		URN string `json:"urn"`
	} `json:"metadata"`
}

// readEvents reads an event log, of which the last preview or update counts. It reports whether the text is one, and whether it
// ends with a preview.
func readEvents(text []byte) (steps []step, preview, isLog bool, err error) {
	var messages []said
	corrupt, ended := false, false
	asked := map[string]*state{}
	lines := json.NewDecoder(bytes.NewReader(text))
	for {
		var e event
		err := lines.Decode(&e)
		if errors.Is(err, io.EOF) {
			break
		}
		if !isLog && (err != nil || e.Sequence == nil) {
			return nil, false, false, nil
		}
		isLog = true
		if err != nil {
			return nil, false, true, ErrEndsEarly
		}
		if e.Prelude != nil {
			steps, messages, corrupt, ended = nil, nil, false, false
		}
		if e.Before != nil {
			steps = append(steps, e.Before.step())
			asked[e.Before.Metadata.URN] = e.Before.Metadata.New
		}
		if e.After != nil {
			e.After.keep(asked[e.After.Metadata.URN])
			steps = append(steps, e.After.step())
		}
		if e.Said != nil {
			messages = append(messages, *e.Said)
		}
		if e.Summary != nil {
			ended, preview = true, e.Summary.IsPreview
			corrupt = e.Summary.MaybeCorrupt || e.Summary.Result == "failed"
		}
	}
	if isLog && !ended {
		return nil, false, true, ErrEndsEarly
	}
	return steps, preview, isLog, failed(messages, corrupt)
}

// keep puts the inputs with which a step began into its end: where a refresh ends, they are what the provider has read, which
// is not what the program says.
func (r *resourceEvent) keep(asked *state) {
	if asked != nil && r.Metadata.New != nil && len(asked.Inputs) > 0 {
		r.Metadata.New.Inputs = asked.Inputs
	}
}

// step is the event as a step of a preview. Events leave "custom" out where it is false.
func (r *resourceEvent) step() step {
	m := r.Metadata
	if m.New != nil && m.New.Custom == nil {
		m.New.Custom = new(bool)
	}
	return step{NewState: m.New, Op: m.Op, URN: m.URN}
}
