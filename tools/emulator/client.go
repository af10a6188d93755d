// SPDX-License-Identifier: Apache-2.0

package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/fill"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/gateway"
)

// Client speaks to the control API of a running emulator.
type Client struct {
	endpoint string
	http     *http.Client
}

// NewClient makes a client for the emulator at an endpoint such as http://127.0.0.1:41234.
func NewClient(endpoint string) *Client {
	return &Client{endpoint: endpoint, http: &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true},
	}}
}

// Health asks how the emulator is. A gateway whose moto has died answers with OK false and no error.
func (c *Client) Health(ctx context.Context) (*Health, error) {
	health := &Health{}
	err := c.do(ctx, http.MethodGet, "health", nil, nil, health)
	if err != nil && health.ID != "" {
		return health, nil
	}
	return health, err
}

// patientHealth asks again as long as there is no answer, for half a minute. That nobody listens, or somebody else, is an answer.
func (c *Client) patientHealth(ctx context.Context) (*Health, error) {
	for deadline := time.Now().Add(patience); ; {
		short, cancel := context.WithTimeout(ctx, answerTimeout)
		health, err := c.Health(short)
		cancel()
		if err == nil || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, errStranger) || !time.Now().Before(deadline) {
			return health, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Register adds an environment's account, or replaces that environment's.
func (c *Client) Register(ctx context.Context, account Account) error {
	return c.do(ctx, http.MethodPut, "accounts", nil, account, nil)
}

// Unregister forgets an environment; what moto holds of it stays. It is no error when the environment is unknown.
func (c *Client) Unregister(ctx context.Context, env string) error {
	err := c.do(ctx, http.MethodDelete, "accounts", url.Values{"env": {env}}, nil, nil)
	var refused *RefusedError
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return nil
	}
	return err
}

// Empty removes all resources from the account of a registered environment, and from no other.
func (c *Client) Empty(ctx context.Context, env string) error {
	return c.do(ctx, http.MethodDelete, "resources", url.Values{"env": {env}}, nil, nil)
}

// Accounts lists the registered environments.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	var accounts []Account
	err := c.do(ctx, http.MethodGet, "accounts", nil, nil, &accounts)
	return accounts, err
}

// SetFaults puts these rules in the place of all rules and starts counting calls anew.
func (c *Client) SetFaults(ctx context.Context, rules ...Rule) error {
	return c.do(ctx, http.MethodPut, "faults", nil, append([]Rule{}, rules...), nil)
}

// Faults lists the rules in force.
func (c *Client) Faults(ctx context.Context) ([]Rule, error) {
	var rules []Rule
	err := c.do(ctx, http.MethodGet, "faults", nil, nil, &rules)
	return rules, err
}

// ClearFaults ends all faults.
func (c *Client) ClearFaults(ctx context.Context) error {
	return c.do(ctx, http.MethodDelete, "faults", nil, nil, nil)
}

// Calls returns the newest calls of an environment, oldest first, at most 5000. Its record file has all of them.
func (c *Client) Calls(ctx context.Context, env string) ([]Record, error) {
	var calls []Record
	err := c.do(ctx, http.MethodGet, "calls", url.Values{"env": {env}}, nil, &calls)
	return calls, err
}

// Databases describes the instances of an environment whose addresses a function has been given, and the servers behind them.
func (c *Client) Databases(ctx context.Context, env string) ([]fill.DatabaseServer, error) {
	var servers []fill.DatabaseServer
	err := c.do(ctx, http.MethodGet, "databases", url.Values{"env": {env}}, nil, &servers)
	return servers, err
}

// Shutdown asks the emulator to end; it returns before the end.
func (c *Client) Shutdown(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, "shutdown", nil, nil, nil)
}

// errStranger says that another program serves the emulator's address.
var errStranger = errors.New("another program answers")

// RefusedError is the control API's refusal.
type RefusedError struct {
	Status  int    // The HTTP status.
	Message string // What is wrong and how to put it right.
}

// Error says what was refused and why.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("the emulator refused: %s (%d)", e.Message, e.Status)
}

func (c *Client) do(ctx context.Context, method, control string, query url.Values, body, into any) error {
	var reader io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(encoded)
	}
	address := c.endpoint + gateway.ControlPath + control
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request) // #nosec G704 -- the emulator's own address
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if into != nil && json.Unmarshal(answer, into) != nil && response.StatusCode < http.StatusBadRequest {
		return fmt.Errorf("%w: %s does not answer like the emulator", errStranger, address)
	}
	if response.StatusCode >= http.StatusBadRequest {
		var refusal struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(answer, &refusal) // Without a message the status says enough.
		return &RefusedError{Status: response.StatusCode, Message: refusal.Error}
	}
	return nil
}
