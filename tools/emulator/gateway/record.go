// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Record is one call as the gateway writes it down.
type Record struct {
	Time       time.Time `json:"time"`
	Env        string    `json:"env"`
	Account    string    `json:"account"`
	Region     string    `json:"region"`
	Service    string    `json:"service"`  // The AWS CLI's name, such as "elbv2".
	Action     string    `json:"action"`   // The operation, such as "CreateLoadBalancer".
	Resource   string    `json:"resource"` // A name, an id, an ARN or bucket/key, as well as the request tells; may be empty.
	Status     int       `json:"status"`   // The HTTP status that the caller got; 0 when the connection was reset.
	Error      string    `json:"error,omitempty"`
	DurationMS float64   `json:"duration_ms"`
	Fault      string    `json:"fault,omitempty"` // The kind of the injected fault.
	FilledBy   string    `json:"filled_by"`       // "moto" or "gateway": who produced the answer.
}

// keptCalls is how many calls of each environment the gateway keeps in memory for its control API; the file keeps all.
const keptCalls = 5000

// journal keeps the calls of one environment.
type journal struct {
	path  string
	mutex sync.Mutex
	kept  []Record
}

// add writes a call down. The file is opened each time, so that it may be moved or removed at will.
func (j *journal) add(record Record) error {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if len(j.kept) >= 2*keptCalls {
		j.kept = append([]Record(nil), j.kept[len(j.kept)-keptCalls:]...)
	}
	j.kept = append(j.kept, record)
	if j.path == "" {
		return nil
	}
	line, err := json.Marshal(record)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Clean(j.path), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}

// calls returns the newest calls, oldest first.
func (j *journal) calls() []Record {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return append([]Record(nil), j.kept[max(0, len(j.kept)-keptCalls):]...)
}
