// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/function"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// rotation is what Secrets Manager knows of the rotation of a secret.
type rotation struct {
	function string // The ARN.
	rules    map[string]any
	enabled  bool
	last     time.Time // Of the last one that has come to its end; zero before.
	failure  string    // Of the last one, empty if it has not failed or not been run.
}

// rotationSteps are what the function is called with, in this order (Secrets Manager user guide, "Rotation by Lambda function").
var rotationSteps = []string{"createSecret", "setSecret", "testSecret", "finishSecret"}

// secretRotations run the function of a secret when it is told to rotate; moto would ask Docker. Secrets that a service manages are moto's.
type secretRotations struct {
	store[rotation] // By the secret's ARN.

	archives *store[[]byte]
	servers  *databaseServers
}

func newSecretRotations(t *Table, archives *store[[]byte]) {
	r := &secretRotations{archives: archives, servers: t.servers}
	t.on("secretsmanager", r.rotate, "RotateSecret")
	t.on("secretsmanager", r.cancel, "CancelRotateSecret")
	t.on("secretsmanager", currentValue, "GetSecretValue")
	t.on("secretsmanager", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		return editJSON(reply, err, func(body map[string]any) {
			if arn, _ := body["ARN"].(string); arn != "" {
				known, found := r.get(x.place(), arn)
				if found {
					known.describe(body)
				}
			}
		})
	}, "DescribeSecret")
	t.on("secretsmanager", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		return editJSON(reply, err, func(body map[string]any) {
			if arn, _ := body["ARN"].(string); arn != "" {
				r.remove(x.place(), arn)
				r.servers.rotated.remove(x.place(), arn)
			}
		})
	}, "DeleteSecret")
}

// currentValue asks for AWSCURRENT where a call names neither version nor stage, as Secrets Manager does
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html); moto answers with an older value once a stage has moved.
func currentValue(x *Exchange) (*wire.Reply, error) {
	if body := x.Call.JSONBody(); body["VersionId"] == nil && body["VersionStage"] == nil {
		body["VersionStage"] = "AWSCURRENT"
		if err := x.Call.SetJSONBody(body); err != nil {
			return nil, err
		}
	}
	return x.Pass()
}

// describe adds what DescribeSecret says of a rotation.
func (r rotation) describe(body map[string]any) {
	body["RotationEnabled"], body["RotationLambdaARN"], body["RotationRules"] = r.enabled, r.function, r.rules
	delete(body, "LastRotatedDate")
	if !r.last.IsZero() {
		body["LastRotatedDate"] = r.last.Unix()
	}
}

// described is the part of DescribeSecret's answer that matters here.
type described struct{ ARN, Name, OwningService string }

// secret asks moto for the secret that a call names. A reply is moto's refusal.
func (x *Exchange) secret() (of described, refusal *wire.Reply, err error) {
	reply, err := x.elsewhere("secretsmanager", "secretsmanager.DescribeSecret", map[string]any{"SecretId": x.Call.JSONBody()["SecretId"]})
	if err != nil || reply.Status != http.StatusOK {
		return of, reply, err
	}
	return of, nil, json.Unmarshal(reply.Body, &of)
}

func (r *secretRotations) rotate(x *Exchange) (*wire.Reply, error) {
	secret, refusal, err := x.secret()
	if refusal != nil || err != nil {
		return refusal, err
	}
	if secret.OwningService != "" {
		return x.Pass()
	}
	body := x.Call.JSONBody()
	now, _ := r.get(x.place(), secret.ARN)
	if arn, given := body["RotationLambdaARN"].(string); given {
		now.function = arn
	}
	if rules, given := body["RotationRules"].(map[string]any); given {
		now.rules = rules
	}
	if now.function == "" {
		return x.Call.Error(http.StatusBadRequest, "InvalidRequestException", "No Lambda rotation function ARN is associated with this secret."), nil
	}
	if refusal, err := x.mayCall(now.function, secret.ARN); refusal != nil || err != nil {
		return refusal, err
	}
	now.enabled = true
	version, given := body["ClientRequestToken"].(string)
	if !given {
		version = uuid.NewString()
	}
	if immediately, given := body["RotateImmediately"].(bool); immediately || !given {
		now.failure = ""
		if err := r.run(x, secret.ARN, version, &now); err != nil {
			return nil, err
		}
	}
	r.set(x.place(), secret.ARN, now)
	return jsonReply(map[string]any{"ARN": secret.ARN, "Name": secret.Name, "VersionId": version})
}

// run calls the function with each step, as AWS does after it has answered. A failure is not the caller's.
func (r *secretRotations) run(x *Exchange, secret, version string, now *rotation) error {
	for _, step := range rotationSteps {
		event, err := json.Marshal(map[string]string{"Step": step, "SecretId": secret, "ClientRequestToken": version})
		if err != nil {
			return err
		}
		result, refusal, err := x.callFunction(r.archives, r.servers, functionName(now.function), event)
		switch {
		case errors.Is(err, errUnable):
			return nil // Without a server the user has no password that could be another.
		case err != nil:
			return err
		case refusal != nil:
			now.failure = fmt.Sprintf("%s: %s", step, x.Call.ErrorMessage(refusal))
		case result.Failed:
			now.failure = fmt.Sprintf("%s: %s", step, failureOf(result))
		}
		if now.failure != "" {
			break
		}
	}
	if now.failure == "" {
		now.last = time.Now()
	}
	return r.note(x, secret, *now)
}

// failureOf is what a function says of its failure.
func failureOf(result *function.Result) string {
	var said struct{ ErrorMessage string }
	if json.Unmarshal(result.Payload, &said) != nil || said.ErrorMessage == "" {
		return string(result.Payload)
	}
	return said.ErrorMessage
}

// note tells the databases' servers about whose secret it was, if it is that of a database user.
func (r *secretRotations) note(x *Exchange, secret string, now rotation) error {
	reply, err := x.elsewhere("secretsmanager", "secretsmanager.GetSecretValue", map[string]any{"SecretId": secret, "VersionStage": "AWSCURRENT"})
	if err != nil || reply.Status != http.StatusOK {
		return err
	}
	var of struct{ SecretString string }
	var login rotatedLogin
	if json.Unmarshal(reply.Body, &of) != nil || json.Unmarshal([]byte(of.SecretString), &login) != nil || login.User == "" {
		return nil
	}
	login.last, login.failure = now.last, now.failure
	r.servers.rotated.set(x.place(), secret, login)
	return nil
}

func (r *secretRotations) cancel(x *Exchange) (*wire.Reply, error) {
	secret, refusal, err := x.secret()
	if refusal != nil || err != nil {
		return refusal, err
	}
	now, known := r.get(x.place(), secret.ARN)
	if !known {
		return x.Pass()
	}
	now.enabled = false
	r.set(x.place(), secret.ARN, now)
	return jsonReply(map[string]any{"ARN": secret.ARN, "Name": secret.Name})
}

// mayCall returns Secrets Manager's refusal if the policy of a function does not let it call that for a secret.
func (x *Exchange) mayCall(arn, secret string) (refusal *wire.Reply, err error) {
	denied := x.Call.Error(http.StatusBadRequest, "AccessDeniedException", "Secrets Manager cannot invoke the specified Lambda function. "+
		"Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com")
	call := x.foreign("lambda", wire.RESTJSON, http.MethodGet, functionsPath+functionName(arn)+"/policy")
	call.Action = "GetPolicy"
	reply, err := x.Forward(call)
	if err != nil || reply.Status != http.StatusOK {
		return denied, err
	}
	var of struct{ Policy string }
	var policy struct {
		Statement []struct {
			Effect    string
			Principal map[string]string
			Condition map[string]map[string]string
		}
	}
	if err := errors.Join(json.Unmarshal(reply.Body, &of), json.Unmarshal([]byte(of.Policy), &policy)); err != nil {
		return nil, fmt.Errorf("the policy of %s: %w", arn, err)
	}
	for _, s := range policy.Statement {
		conditions := map[string]string{}
		for _, of := range s.Condition {
			for key, value := range of {
				conditions[strings.ToLower(key)] = value
			}
		}
		account, hasAccount := conditions["aws:sourceaccount"]
		source, hasSource := conditions["aws:sourcearn"]
		if s.Effect == "Allow" && s.Principal["Service"] == "secretsmanager.amazonaws.com" &&
			(!hasAccount || account == x.Account) && (!hasSource || source == secret) {
			return nil, nil
		}
	}
	return denied, nil
}
