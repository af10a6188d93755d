// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Main(m)) }

const topicARN = "arn:aws:sns:eu-central-1:111122223333:alarms"

// account is SNS with one subscription a page, by address.
type account struct {
	addresses []string
	pending   map[string]bool
	clicked   map[string]bool
}

func (a account) ListSubscriptionsByTopic(_ context.Context, in *sns.ListSubscriptionsByTopicInput, _ ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	if aws.ToString(in.TopicArn) != topicARN {
		return nil, errors.New("NotFound: Topic does not exist")
	}
	i := len(aws.ToString(in.NextToken))
	if i >= len(a.addresses) {
		return &sns.ListSubscriptionsByTopicOutput{}, nil
	}
	subscription := topicARN + ":" + a.addresses[i]
	if a.pending[a.addresses[i]] {
		subscription = "PendingConfirmation"
	}
	out := &sns.ListSubscriptionsByTopicOutput{Subscriptions: []types.Subscription{{Endpoint: &a.addresses[i], SubscriptionArn: &subscription}}}
	if i+1 < len(a.addresses) {
		out.NextToken = aws.String(strings.Repeat("x", i+1))
	}
	return out, nil
}

func (a account) GetSubscriptionAttributes(_ context.Context, in *sns.GetSubscriptionAttributesInput, _ ...func(*sns.Options)) (*sns.GetSubscriptionAttributesOutput, error) {
	authenticated := "true"
	if a.clicked[strings.TrimPrefix(aws.ToString(in.SubscriptionArn), topicARN+":")] {
		authenticated = "false"
	}
	return &sns.GetSubscriptionAttributesOutput{Attributes: map[string]string{"ConfirmationWasAuthenticated": authenticated}}, nil
}

func TestEverybodyHears(t *testing.T) {
	var out bytes.Buffer
	client := account{addresses: []string{"pager@elsewhere.example", "a@shop.example", "b@shop.example"}}
	require.NoError(t, report(t.Context(), client, []topic{{"alarms", topicARN, []string{"a@shop.example", "b@shop.example"}}}, &out))
	require.Equal(t, "alarms  a@shop.example  hears\nalarms  b@shop.example  hears\n", out.String())
}

func TestWhoDoesNotHearIsNamedWithWhatToDo(t *testing.T) {
	var out bytes.Buffer
	client := account{
		addresses: []string{"waits@shop.example", "clicked@shop.example", "fine@shop.example"},
		pending:   map[string]bool{"waits@shop.example": true}, clicked: map[string]bool{"clicked@shop.example": true},
	}
	err := report(t.Context(), client, []topic{{"alarms", topicARN, []string{"gone@shop.example", "waits@shop.example", "clicked@shop.example", "fine@shop.example"}}}, &out)
	require.EqualError(t, err, "3 of the subscriptions above are not as they should be")
	for _, want := range []string{
		"gone@shop.example     is not subscribed any more", "waits@shop.example    has not confirmed", "clicked@shop.example  hears until somebody clicks",
		"confirm-subscription --topic-arn " + topicARN + " --authenticate-on-unsubscribe true", "fine@shop.example     hears\n",
	} {
		require.Contains(t, out.String(), want)
	}
	require.ErrorContains(t, report(t.Context(), client, []topic{{"records", topicARN + "-gone", nil}}, &out), "topic "+topicARN+"-gone: ")
}

func TestTheTopicsAreThoseOfTheStack(t *testing.T) {
	settings := &stacks.Settings{Environment: "staging", Audit: stacks.Audit{AlarmEmails: []string{"a@shop.example"}}}
	topics, err := read(strings.NewReader(`{"alarmTopicArn":"`+topicARN+`","recordsTopicArn":"`+topicARN+`-records","other":[1]}`), settings)
	require.NoError(t, err)
	require.Equal(t, []topic{{"alarms", topicARN, []string{"a@shop.example"}}, {"records", topicARN + "-records", []string{"a@shop.example"}}}, topics)

	settings.Audit.RecordEmails = []string{"audit@shop.example"}
	topics, err = read(strings.NewReader(`{"alarmTopicArn":"`+topicARN+`","recordsTopicArn":"`+topicARN+`-records"}`), settings)
	require.NoError(t, err)
	require.Equal(t, []string{"audit@shop.example"}, topics[1].want)

	for given, want := range map[string]string{
		"": "standard input", "{}": "deploy it first, make up ENV=staging", `{"alarmTopicArn":"soon"}`: `output "soon"`, "<html>": "pulumi stack output --json",
	} {
		_, err := read(strings.NewReader(given), settings)
		require.ErrorContains(t, err, want, given)
	}
	require.ErrorContains(t, run(t.Context(), nil, nil, nil), "name the environment")
	require.ErrorContains(t, run(t.Context(), []string{"nowhere"}, nil, nil), "nowhere")
}
