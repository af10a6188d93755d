// SPDX-License-Identifier: Apache-2.0

package baseline_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/baseline"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

const (
	providerType = "pulumi:providers:aws"
	detectorID   = "12abc34d567e8fa901bc2d34e56789f0"
	trailARN     = "arn:aws:cloudtrail:eu-central-1:999988887777:trail/organization"
	monitorARN   = "arn:aws:ce::111122223333:anomalymonitor/0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8"
)

var contact = baseline.Contact{Name: "Security on call", Title: "CISO", Email: "security@example.com", Phone: "+49 30 1234567"}

func args(changes ...func(*baseline.Args)) *baseline.Args {
	a := &baseline.Args{
		AccountID: pulumitest.AccountID, Region: pulumitest.Region, Emails: []string{"ops@example.com", "security@example.com"},
		SecurityContact: contact, MonthlyBudgetUSD: 400,
	}
	for _, change := range changes {
		change(a)
	}
	return a
}

func program(a *baseline.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		b, err := baseline.New(ctx, "account", a)
		if err == nil {
			b.Export(ctx)
		}
		return err
	}
}

func built(t *testing.T, changes ...func(*baseline.Args)) *pulumitest.Recording {
	t.Helper()
	return pulumitest.Run(t, program(args(changes...)))
}

func without(parts ...baseline.Part) func(*baseline.Args) {
	return func(a *baseline.Args) { a.Parts = parts }
}

// skipped are all parts but some.
func skipped(but ...baseline.PartName) func(*baseline.Args) {
	return func(a *baseline.Args) {
		for _, name := range baseline.PartNames() {
			keep := false
			for _, b := range but {
				keep = keep || b == name
			}
			if !keep {
				a.Parts = append(a.Parts, baseline.Part{Name: name, SkipReason: "the organization sees to it"})
			}
		}
	}
}

func TestOneProviderBoundToTheAccount(t *testing.T) {
	for name, how := range map[string][]pulumitest.Option{"deployed": nil, "previewed": {pulumitest.Preview()}} {
		t.Run(name, func(t *testing.T) {
			rec := pulumitest.Run(t, program(args()), how...)
			provider := rec.Only(t, providerType)
			require.Equal(t, []any{pulumitest.AccountID}, provider.Value("allowedAccountIds"))
			require.Equal(t, map[string]any{"Project": pulumitest.Project, "Environment": "account", "ManagedBy": "Pulumi"}, provider.Value("defaultTags.tags"))
			require.Empty(t, rec.WithoutProvider())
		})
	}
}

// Whoever destroys the stack takes the account's guards and records from nobody.
func TestSettingsOfTheAccountOutliveTheStack(t *testing.T) {
	rec := built(t)
	for _, token := range []string{
		"aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess",
		"aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess", "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults",
		"aws:ebs/encryptionByDefault:EncryptionByDefault", "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
		"aws:account/alternativeContact:AlternativeContact", "aws:iam/serviceLinkedRole:ServiceLinkedRole",
	} {
		require.True(t, rec.Only(t, token).RetainOnDelete, token)
	}
	for _, bucket := range rec.ByType("aws:s3/bucketV2:BucketV2") {
		require.True(t, bucket.RetainOnDelete, bucket.Name)
	}
}

func TestNothingIsPublicAndLaunchesAreSafe(t *testing.T) {
	rec := built(t)
	require.Equal(t, "block-all-sharing", rec.Only(t, "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess").Value("state"))
	require.Equal(t, "block-new-sharing", rec.Only(t, "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess").Value("state"))
	metadata := rec.Only(t, "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults")
	require.Equal(t, "required", metadata.Value("httpTokens"))
	require.EqualValues(t, 1, metadata.Value("httpPutResponseHopLimit"))
	require.Equal(t, true, rec.Only(t, "aws:ebs/encryptionByDefault:EncryptionByDefault").Value("enabled"))
}

func TestDefaultVPCIsEmptiedIfThereIsOne(t *testing.T) {
	group := built(t).Only(t, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
	require.Equal(t, "vpc-0123456789abcdef0", group.Value("vpcId"))
	require.Equal(t, []any{}, group.Value("ingress"), "absent lists would leave rules alone")
	require.Equal(t, []any{}, group.Value("egress"))
	none := pulumitest.Run(t, program(args()), pulumitest.Answer("aws:ec2/getVpcs:getVpcs", pulumitest.Fixed(map[string]any{"id": "x", "ids": []any{}})))
	require.Empty(t, none.ByType("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"))
	var asked []any
	for _, call := range none.Invocations() {
		asked = append(asked, call.Args.Mappable()["filters"])
	}
	require.Equal(t, []any{[]any{map[string]any{"name": "is-default", "values": []any{"true"}}}}, asked)
}

func TestGuardDutyWatchesWithoutMakingDoors(t *testing.T) {
	rec := built(t)
	detector := rec.Only(t, "aws:guardduty/detector:Detector")
	require.Equal(t, true, detector.Value("enable"))
	require.Equal(t, "FIFTEEN_MINUTES", detector.Value("findingPublishingFrequency"))
	on := map[any]any{}
	for _, feature := range rec.ByType("aws:guardduty/detectorFeature:DetectorFeature") {
		require.Equal(t, detector.ID, feature.Value("detectorId"))
		on[feature.Value("name")] = feature.Value("status")
	}
	require.Equal(t, map[any]any{
		"S3_DATA_EVENTS": "ENABLED", "EKS_AUDIT_LOGS": "ENABLED", "EBS_MALWARE_PROTECTION": "ENABLED", "RDS_LOGIN_EVENTS": "ENABLED",
		"LAMBDA_NETWORK_LOGS": "ENABLED", "RUNTIME_MONITORING": "ENABLED",
	}, on)
	for i := range 3 {
		at := fmt.Sprintf("additionalConfigurations.%d.status", i)
		require.Equal(t, "DISABLED", rec.Get(t, "aws:guardduty/detectorFeature:DetectorFeature", "account-guardduty-runtime-monitoring").Value(at))
	}
}

func TestSecurityHubJudgesByFSBPAndCIS(t *testing.T) {
	rec := built(t)
	hub := rec.Only(t, "aws:securityhub/account:Account")
	require.Equal(t, false, hub.Value("enableDefaultStandards"))
	require.Equal(t, "SECURITY_CONTROL", hub.Value("controlFindingGenerator"))
	var standards []any
	for _, standard := range rec.ByType("aws:securityhub/standardsSubscription:StandardsSubscription") {
		require.Contains(t, standard.DependsOn, hub.URN)
		standards = append(standards, standard.Value("standardsArn"))
	}
	require.Equal(t, []any{
		"arn:aws:securityhub:eu-central-1::standards/cis-aws-foundations-benchmark/v/5.0.0",
		"arn:aws:securityhub:eu-central-1::standards/aws-foundational-security-best-practices/v/1.0.0",
	}, standards)
}

// Config starts when it can deliver, into a bucket and with a key that admit it.
func TestConfigRecordsEverything(t *testing.T) {
	rec := built(t)
	role := rec.Only(t, "aws:iam/serviceLinkedRole:ServiceLinkedRole")
	require.Equal(t, "config.amazonaws.com", role.Value("awsServiceName"))
	recorder := rec.Only(t, "aws:cfg/recorder:Recorder")
	require.Contains(t, recorder.DependsOn, role.URN)
	require.Equal(t, map[string]any{"allSupported": true, "includeGlobalResourceTypes": true}, recorder.Value("recordingGroup"))
	channel := rec.Only(t, "aws:cfg/deliveryChannel:DeliveryChannel")
	status := rec.Only(t, "aws:cfg/recorderStatus:RecorderStatus")
	require.Equal(t, true, status.Value("isEnabled"))
	require.Equal(t, recorder.Value("name"), channel.Value("name"))
	require.Subset(t, rec.Before(status), []string{
		channel.URN, recorder.URN, rec.Get(t, "aws:s3/bucketPolicy:BucketPolicy", "account-config-policy").URN,
	})
	key := rec.Get(t, "aws:kms/key:Key", "account-logs-key")
	require.Contains(t, channel.Value("s3KmsKeyArn"), key.ID)
	require.Contains(t, pulumitest.Statements(t, key.String("policy")), "UseForConfig")
	require.Contains(t, pulumitest.Statements(t, rec.Get(t, "aws:s3/bucketPolicy:BucketPolicy", "account-config-policy").String("policy")), "WriteConfigHistory")
}

func TestInspectorReadsCodeWhereItCan(t *testing.T) {
	types := func(region string) any {
		return built(t, func(a *baseline.Args) { a.Region = region }).Only(t, "aws:inspector2/enabler:Enabler").Value("resourceTypes")
	}
	require.Equal(t, []any{"EC2", "ECR", "LAMBDA", "LAMBDA_CODE"}, types("eu-central-1"))
	require.Equal(t, []any{"EC2", "ECR", "LAMBDA"}, types("eu-south-1"))
}

func TestAnalyzerLooksForAccessFromOutside(t *testing.T) {
	require.Equal(t, "ACCOUNT", built(t).Only(t, "aws:accessanalyzer/analyzer:Analyzer").Value("type"))
}

// A finding of high severity arrives at the humans: the rule, its target, the topic's policy and the key's.
func TestFindingsReachAHuman(t *testing.T) {
	rec := built(t)
	target := rec.Only(t, "aws:cloudwatch/eventTarget:EventTarget")
	topic := rec.Only(t, "aws:sns/topic:Topic")
	require.Equal(t, topic.ID, target.Value("arn"))
	require.Contains(t, rec.Before(target), rec.Only(t, "aws:sns/topicPolicy:TopicPolicy").URN, "no finding before the policy admits it")
	require.Contains(t, pulumitest.Statements(t, rec.Only(t, "aws:sns/topicPolicy:TopicPolicy").String("policy")), "PublishEvents")
	require.Contains(t, pulumitest.Statements(t, rec.Get(t, "aws:kms/key:Key", "account-alarms-key").String("policy")), "UseForEvents")
	require.Len(t, rec.ByType("aws:sns/topicSubscription:TopicSubscription"), 2)
	source := func(rec *pulumitest.Recording) any {
		var pattern map[string]any
		require.NoError(t, json.Unmarshal([]byte(rec.Only(t, "aws:cloudwatch/eventRule:EventRule").String("eventPattern")), &pattern))
		return pattern["source"]
	}
	require.Contains(t, rec.Only(t, "aws:cloudwatch/eventRule:EventRule").String("eventPattern"), `"RecordState":["ACTIVE"],"Severity":{"Label":["HIGH","CRITICAL"]},"Workflow":{"Status":["NEW"]}`)
	require.Equal(t, []any{"aws.securityhub"}, source(rec))
	require.Equal(t, []any{"aws.guardduty"}, source(built(t, without(baseline.Part{Name: baseline.SecurityHub, SkipReason: "another tool collects"}))))
	for _, r := range []*pulumitest.Recording{rec, built(t, skipped(baseline.GuardDuty))} {
		transformer := r.Only(t, "aws:cloudwatch/eventTarget:EventTarget")
		for path := range transformer.Value("inputTransformer.inputPaths").(map[string]any) {
			require.Contains(t, transformer.String("inputTransformer.inputTemplate"), "<"+path+">")
		}
	}
	require.Empty(t, built(t, skipped()).ByType("aws:cloudwatch/eventRule:EventRule"))
}

func TestSupportNeedsASecondFactorOrThePermissionSet(t *testing.T) {
	trust := func(changes ...func(*baseline.Args)) string {
		return pulumitest.Statements(t, built(t, changes...).Get(t, "aws:iam/role:Role", "account-support-role").String("assumeRolePolicy"))["AssumeForSupport"]["Condition"].(map[string]any)["Bool"].(map[string]any)["aws:MultiFactorAuthPresent"].(string)
	}
	require.Equal(t, "true", trust())
	rec := built(t, func(a *baseline.Args) { a.SupportPermissionSet = "Operators" })
	require.Contains(t, rec.Get(t, "aws:iam/role:Role", "account-support-role").String("assumeRolePolicy"), "AWSReservedSSO_Operators_")
	attached := rec.Get(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "account-support-AWSSupportAccess")
	require.Equal(t, "arn:aws:iam::aws:policy/AWSSupportAccess", attached.Value("policyArn"))
}

func TestContactsAndCosts(t *testing.T) {
	rec := built(t, func(a *baseline.Args) { a.BillingContact = &contact })
	kinds := []any{}
	for _, c := range rec.ByType("aws:account/alternativeContact:AlternativeContact") {
		kinds = append(kinds, c.Value("alternateContactType"))
	}
	require.Equal(t, []any{"BILLING", "SECURITY"}, kinds)
	budget := rec.Only(t, "aws:budgets/budget:Budget")
	require.Equal(t, "400", budget.Value("limitAmount"))
	for i, kind := range []string{"ACTUAL", "FORECASTED"} {
		at := fmt.Sprintf("notifications.%d.", i)
		require.Equal(t, kind, budget.Value(at+"notificationType"))
		require.Equal(t, []any{"ops@example.com", "security@example.com"}, budget.Value(at+"subscriberEmailAddresses"))
	}
	subscription := rec.Only(t, "aws:costexplorer/anomalySubscription:AnomalySubscription")
	require.Equal(t, []any{"40"}, subscription.Value("thresholdExpression.dimension.values"))
	require.Equal(t, []any{rec.Only(t, "aws:costexplorer/anomalyMonitor:AnomalyMonitor").ID}, subscription.Value("monitorArnLists"))
}

// Each part but what the others stand on can be left to somebody else, and then nothing of it is made.
func TestEveryPartCanBeSkipped(t *testing.T) {
	all := built(t)
	for _, name := range baseline.PartNames() {
		rec := built(t, without(baseline.Part{Name: name, SkipReason: "the organization sees to it"}))
		require.Less(t, len(rec.Registrations()), len(all.Registrations()), name)
		require.Contains(t, fmt.Sprint(rec.Only(t, "bulkhead:baseline:Baseline").Value("parts")), "the organization sees to it", "the state says why")
	}
	for _, r := range built(t, skipped()).Registrations() {
		if r.Custom && r.Type != providerType {
			require.Truef(t, strings.HasPrefix(r.Name, "account-logs-") || strings.HasPrefix(r.Name, "account-alarms-") || strings.HasPrefix(r.Name, "account-boundary-"), "%s %s", r.Type, r.Name)
		}
	}
}

// adoptions are the parts that can be adopted: what is read, and what it looks like when it does not do its duty.
var adoptions = []struct {
	part  baseline.Part
	token string
	bad   map[string]any
}{
	{baseline.Part{Name: baseline.GuardDuty, Adopt: detectorID}, "aws:guardduty/detector:Detector", map[string]any{"enable": false}},
	{baseline.Part{Name: baseline.SecurityHub, Adopt: pulumitest.AccountID}, "aws:securityhub/account:Account", nil},
	{baseline.Part{Name: baseline.Config, Adopt: "organization"}, "aws:cfg/recorderStatus:RecorderStatus", map[string]any{"isEnabled": false}},
	{baseline.Part{Name: baseline.AccessAnalyzer, Adopt: "outside"}, "aws:accessanalyzer/analyzer:Analyzer", map[string]any{"type": "ACCOUNT_UNUSED_ACCESS"}},
	{baseline.Part{Name: baseline.Trail, Adopt: trailARN}, "aws:cloudtrail/trail:Trail", map[string]any{"isMultiRegionTrail": false}},
	{baseline.Part{Name: baseline.CostAnomalies, Adopt: monitorARN}, "aws:costexplorer/anomalyMonitor:AnomalyMonitor", map[string]any{"monitorType": "CUSTOM"}},
}

func reads(token string, state map[string]any) pulumitest.Option {
	return pulumitest.WithOutputs(token, func(pulumitest.Registration) resource.PropertyMap { return resource.NewPropertyMapFromMap(state) })
}

// What is adopted is read, made by nobody, and refused when it does not do its duty.
func TestWhatIsAdoptedHasToDoItsDuty(t *testing.T) {
	good := map[string]any{"enable": true, "isEnabled": true, "enableLogging": true, "isMultiRegionTrail": true, "monitorType": "DIMENSIONAL", "type": "ACCOUNT"}
	adopted := map[baseline.PartName]bool{}
	for _, c := range adoptions {
		adopted[c.part.Name] = true
		t.Run(string(c.part.Name), func(t *testing.T) {
			rec := pulumitest.Run(t, program(args(without(c.part))), reads(c.token, good))
			found := rec.Only(t, c.token)
			require.True(t, found.Read)
			require.Equal(t, c.part.Adopt, found.ID)
			if c.bad != nil {
				err := pulumitest.RunError(t, program(args(without(c.part))), reads(c.token, c.bad))
				require.ErrorContains(t, err, fmt.Sprintf("Parts: %s: Adopt: %s ", c.part.Name, c.part.Adopt))
			}
		})
	}
	for _, name := range baseline.PartNames() {
		if err := (baseline.Part{Name: name, Adopt: "?"}).Check(); !adopted[name] {
			require.ErrorContains(t, err, "has no id to be adopted by", "%s can be adopted and has no case here", name)
		}
	}
}

// An adopted hub is heard; an adopted monitor has the mails.
func TestWhatIsAdoptedIsBuiltOn(t *testing.T) {
	rec := built(t, without(baseline.Part{Name: baseline.SecurityHub, Adopt: pulumitest.AccountID}))
	require.Contains(t, rec.Only(t, "aws:cloudwatch/eventRule:EventRule").String("eventPattern"), "aws.securityhub")
	require.Empty(t, rec.ByType("aws:securityhub/standardsSubscription:StandardsSubscription"))
	rec = pulumitest.Run(t, program(args(without(baseline.Part{Name: baseline.CostAnomalies, Adopt: monitorARN}))),
		reads("aws:costexplorer/anomalyMonitor:AnomalyMonitor", map[string]any{"monitorType": "DIMENSIONAL"}))
	require.Equal(t, []any{monitorARN}, rec.Only(t, "aws:costexplorer/anomalySubscription:AnomalySubscription").Value("monitorArnLists"))
}

func TestEveryProblemIsNamed(t *testing.T) {
	err := pulumitest.RunError(t, program(&baseline.Args{
		Region: "Frankfurt", Emails: []string{"ops"}, LogRetentionDays: 2, SupportPermissionSet: "no spaces", BillingContact: &baseline.Contact{},
		Parts: []baseline.Part{
			{Name: "macie"},
			{Name: baseline.GuardDuty},
			{Name: baseline.GuardDuty, Adopt: detectorID, SkipReason: "and a reason as well"},
			{Name: baseline.GuardDuty, Adopt: "mine"},
			{Name: baseline.Budget, Adopt: "mine"},
			{Name: baseline.Trail, SkipReason: "why"},
			{Name: baseline.SecurityHub, Adopt: "999988887777"},
			{Name: baseline.SecurityHub, Adopt: "999988887777"},
		},
	}))
	for _, want := range []string{
		"AccountID", "Frankfurt", "Emails[0]", "LogRetentionDays", "SupportPermissionSet", "SecurityContact", "BillingContact", "MonthlyBudgetUSD: 0",
		`Parts[0]: "macie" is no part of the baseline; choose from accessAnalyzer, budget`, "Parts[1]: guardDuty: give Adopt or SkipReason", "Parts[2]: guardDuty: give Adopt or SkipReason, and not both",
		`Parts[3]: guardDuty: Adopt: "mine"`, "Parts[4]: budget: Adopt: it has no id", "Parts[5]: trail: SkipReason", "Parts[7]: securityHub is listed twice", "999988887777 is not AccountID",
	} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, pulumitest.RunError(t, program(nil)), "Emails: 0 addresses; give 1 to 10")
	require.NotContains(t, pulumitest.RunError(t, program(args(skipped(), func(a *baseline.Args) { a.Region, a.SecurityContact, a.MonthlyBudgetUSD = "", baseline.Contact{}, 0 }))).Error(), "Contact")
}
