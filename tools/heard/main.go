// SPDX-License-Identifier: Apache-2.0

// Command heard asks AWS who hears the alarms of an environment: `make heard ENV=staging`. It reads the outputs of the stack from
// standard input, and the addresses that the configuration names from the stack file.
//
// It exits with 1 when somebody does not hear: an address that is subscribed no longer, one that has not confirmed, which AWS
// forgets after two days, and one whose subscription ends at a click on the link in a forwarded mail.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"text/tabwriter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/bulkhead-iac/bulkhead/stacks"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "heard:", err)
		os.Exit(1) //nolint:gocritic // the handler of signals is gone already
	}
}

func run(ctx context.Context, args []string, outputs io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("name the environment: pulumi stack output --json | heard staging")
	}
	settings, err := stacks.CheckFiles(".", args[0])
	if err != nil {
		return err
	}
	topics, err := read(outputs, settings)
	if err != nil {
		return err
	}
	aws, err := config.LoadDefaultConfig(ctx, config.WithRegion(settings.Region))
	if err != nil {
		return err
	}
	return report(ctx, sns.NewFromConfig(aws), topics, out)
}

// topic is one topic and who shall hear it.
type topic struct {
	name, arn string
	want      []string
}

// read takes the topics from the outputs of the stack.
func read(outputs io.Reader, settings *stacks.Settings) ([]topic, error) {
	var given struct {
		Alarms  string `json:"alarmTopicArn"`
		Records string `json:"recordsTopicArn"`
	}
	if err := json.NewDecoder(outputs).Decode(&given); err != nil {
		return nil, fmt.Errorf("standard input: %w; give the outputs of the stack: pulumi stack output --json", err)
	}
	topics := []topic{{"alarms", given.Alarms, settings.Audit.AlarmEmails}}
	if given.Records != "" {
		records := topic{"records", given.Records, settings.Audit.RecordEmails}
		if len(records.want) == 0 {
			records.want = settings.Audit.AlarmEmails
		}
		topics = append(topics, records)
	}
	for _, t := range topics {
		if !arn.IsARN(t.arn) {
			return nil, fmt.Errorf("the stack has no topic of its %s (output %q): deploy it first, make up ENV=%s", t.name, t.arn, settings.Environment)
		}
	}
	return topics, nil
}

// subscriptions is what heard asks of SNS.
type subscriptions interface {
	sns.ListSubscriptionsByTopicAPIClient
	GetSubscriptionAttributes(context.Context, *sns.GetSubscriptionAttributesInput, ...func(*sns.Options)) (*sns.GetSubscriptionAttributesOutput, error)
}

// report lists who hears each topic, and returns an error when anybody does not.
func report(ctx context.Context, client subscriptions, topics []topic, out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	deaf := 0
	for _, t := range topics {
		found, err := states(ctx, client, t)
		if err != nil {
			return fmt.Errorf("topic %s: %w", t.arn, err)
		}
		for _, address := range t.want {
			state, subscribed := found[address]
			if !subscribed {
				state = "is not subscribed any more: AWS has forgotten it, or somebody has ended it; run make up"
			}
			if state != hears {
				deaf++
			}
			fmt.Fprintf(table, "%s\t%s\t%s\n", t.name, address, state)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if deaf > 0 {
		return fmt.Errorf("%d of the subscriptions above are not as they should be", deaf)
	}
	return nil
}

const hears = "hears"

// states says of each address that is subscribed to a topic whether it hears, or what is to be done. One that nobody asked for
// is none of it: a pager may hear as well.
func states(ctx context.Context, client subscriptions, t topic) (map[string]string, error) {
	found := map[string]string{}
	pages := sns.NewListSubscriptionsByTopicPaginator(client, &sns.ListSubscriptionsByTopicInput{TopicArn: &t.arn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, subscription := range page.Subscriptions {
			address := aws.ToString(subscription.Endpoint)
			if !slices.Contains(t.want, address) {
				continue
			}
			if found[address], err = state(ctx, client, t, aws.ToString(subscription.SubscriptionArn)); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// state is that of one subscription. One that waits has no ARN yet, but the words "PendingConfirmation" in its place
// (https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html).
func state(ctx context.Context, client subscriptions, t topic, subscription string) (string, error) {
	confirm := "aws sns confirm-subscription --topic-arn " + t.arn + " --authenticate-on-unsubscribe true --token …"
	if !arn.IsARN(subscription) {
		return "has not confirmed, and AWS forgets it after two days: " + confirm, nil
	}
	answer, err := client.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &subscription})
	if err != nil {
		return "", err
	}
	if answer.Attributes["ConfirmationWasAuthenticated"] != "true" {
		return "hears until somebody clicks the link in one of its mails: aws sns unsubscribe --subscription-arn " + subscription + ", make up, then " + confirm, nil
	}
	return hears, nil
}
