// SPDX-License-Identifier: Apache-2.0

// Package secrets is AWS Secrets Manager as the agent needs it.
package secrets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/bulkhead-iac/bulkhead/dbagent/rotate"
)

// Store is the account's Secrets Manager.
type Store struct{ Client *secretsmanager.Client }

// Stages are those of each version that has one.
func (s Store) Stages(ctx context.Context, secret string) (map[string][]string, error) {
	described, err := s.Client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &secret})
	if err != nil {
		return nil, err
	}
	return described.VersionIdsToStages, nil
}

// Value is that of one version with one stage; an empty version is whichever has the stage.
func (s Store) Value(ctx context.Context, secret, version, stage string) (string, error) {
	input := &secretsmanager.GetSecretValueInput{SecretId: &secret, VersionStage: &stage}
	if version != "" {
		input.VersionId = &version
	}
	value, err := s.Client.GetSecretValue(ctx, input)
	if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
		return "", fmt.Errorf("%w: %w", rotate.ErrNoValue, err)
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(value.SecretString), nil
}

// Propose gives a version its value and the stage AWSPENDING.
func (s Store) Propose(ctx context.Context, secret, version, value string) error {
	_, err := s.Client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: &secret, ClientRequestToken: &version, SecretString: &value, VersionStages: []string{"AWSPENDING"},
	})
	if taken := (*types.ResourceExistsException)(nil); errors.As(err, &taken) {
		return rotate.ErrTaken
	}
	return err
}

// Promote moves AWSCURRENT from one version, or none, to another.
func (s Store) Promote(ctx context.Context, secret, to, from string) error {
	input := &secretsmanager.UpdateSecretVersionStageInput{SecretId: &secret, VersionStage: aws.String("AWSCURRENT"), MoveToVersionId: &to}
	if from != "" {
		input.RemoveFromVersionId = &from
	}
	_, err := s.Client.UpdateSecretVersionStage(ctx, input)
	return err
}

// Calendar is what is known of the rotation of a secret.
func (s Store) Calendar(ctx context.Context, secret string) (rotate.Calendar, error) {
	described, err := s.Client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &secret})
	if err != nil {
		return rotate.Calendar{}, err
	}
	last := described.LastRotatedDate
	if last == nil {
		last = described.CreatedDate
	}
	return rotate.Calendar{Enabled: aws.ToBool(described.RotationEnabled), Last: aws.ToTime(last)}, nil
}

// Administrator reads a user and its password from a secret such as RDS keeps for the master user.
func (s Store) Administrator(secret string) func(context.Context) (user, password string, err error) {
	return func(ctx context.Context) (string, string, error) {
		value, err := s.Value(ctx, secret, "", "AWSCURRENT")
		if err != nil {
			return "", "", fmt.Errorf("reading %s: %w", secret, err)
		}
		var login struct{ Username, Password string }
		if json.Unmarshal([]byte(value), &login) != nil || login.Username == "" || login.Password == "" {
			return "", "", fmt.Errorf("%s: the value is not a JSON object with username and password", secret)
		}
		return login.Username, login.Password, nil
	}
}
