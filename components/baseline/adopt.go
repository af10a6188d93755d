// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/accessanalyzer"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/costexplorer"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/guardduty"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/securityhub"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// prove adopts a part: its id is known once what was read does its duty; otherwise the deployment fails and says what is wrong.
func (b *Baseline) prove(part Part, wrong string, duty func([]any) bool, read ...any) pulumi.StringOutput {
	proved := pulumi.All(read...).ApplyT(func(values []any) (string, error) {
		if !duty(values) {
			return "", fmt.Errorf("baseline %q: Parts: %s: Adopt: %s %s; mend it, or leave the part out", b.name, part.Name, part.Adopt, wrong)
		}
		return part.Adopt, nil
	}).(pulumi.StringOutput)
	b.adopted[string(part.Name)] = proved
	return proved
}

// exists is the duty of what does its own by being there.
func exists([]any) bool { return true }

// on is the duty of what has switches, all of which have to be on; one that AWS does not tell is on.
func on(values []any) bool {
	for _, value := range values {
		switch v := value.(type) {
		case bool:
			if !v {
				return false
			}
		case *bool:
			if v != nil && !*v {
				return false
			}
		}
	}
	return true
}

func (b *Baseline) adoptGuardDuty(ctx *pulumi.Context, part Part) error {
	found, err := guardduty.GetDetector(ctx, b.name+"-guardduty", pulumi.ID(part.Adopt), nil, b.child())
	if err == nil {
		b.prove(part, "is suspended", on, found.Enable)
	}
	return err
}

func (b *Baseline) adoptSecurityHub(ctx *pulumi.Context, part Part) error {
	found, err := securityhub.GetAccount(ctx, b.name+"-hub", pulumi.ID(part.Adopt), nil, b.child())
	if err == nil {
		b.prove(part, "is not there", exists, found.Arn)
	}
	return err
}

func (b *Baseline) adoptConfig(ctx *pulumi.Context, part Part) error {
	found, err := cfg.GetRecorderStatus(ctx, b.name+"-config-on", pulumi.ID(part.Adopt), nil, b.child())
	if err == nil {
		b.prove(part, "does not record", on, found.IsEnabled)
	}
	return err
}

func (b *Baseline) adoptAnalyzer(ctx *pulumi.Context, part Part) error {
	found, err := accessanalyzer.GetAnalyzer(ctx, b.name+"-analyzer", pulumi.ID(part.Adopt), nil, b.child())
	if err == nil {
		b.prove(part, "looks for access that nobody uses, not for access from outside", looksOutside, found.Type)
	}
	return err
}

func looksOutside(values []any) bool {
	kind, known := values[0].(*string)
	return !known || kind == nil || *kind == "ACCOUNT" || *kind == "ORGANIZATION"
}

func (b *Baseline) adoptTrail(ctx *pulumi.Context, part Part) error {
	found, err := cloudtrail.GetTrail(ctx, b.name+"-trail", pulumi.ID(part.Adopt), nil, b.child())
	if err == nil {
		b.prove(part, "is off, or records one region only", on, found.EnableLogging, found.IsMultiRegionTrail)
	}
	return err
}

func (b *Baseline) adoptMonitor(ctx *pulumi.Context, part Part) error {
	found, err := costexplorer.GetAnomalyMonitor(ctx, b.name+"-anomalies", pulumi.ID(part.Adopt), nil, b.child())
	if err != nil {
		return err
	}
	return b.mailAnomalies(ctx, b.prove(part, "watches no services", func(values []any) bool { return values[0] == "DIMENSIONAL" }, found.MonitorType))
}
