// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

// seed gives the account what a real one has before the first deployment: the public hosted zone
// that the registrar delegates to.
func seed(ctx context.Context, a *engine.Account, s *stacks.Settings) error {
	if s.Edge.Zone == "" {
		return nil
	}
	client := route53.NewFromConfig(a.Config())
	zones, err := client.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: aws.String(s.Edge.Zone)})
	if err != nil {
		return err
	}
	for _, zone := range zones.HostedZones {
		if strings.TrimSuffix(aws.ToString(zone.Name), ".") == strings.TrimSuffix(s.Edge.Zone, ".") {
			return nil
		}
	}
	var reference [8]byte
	if _, err := rand.Read(reference[:]); err != nil {
		return err
	}
	_, err = client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{
		Name:            aws.String(s.Edge.Zone),
		CallerReference: aws.String(hex.EncodeToString(reference[:])),
	})
	return err
}
