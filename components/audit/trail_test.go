// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/storage"
)

const (
	topicARN     = "arn:aws:sns:eu-central-1:111122223333:alarms"
	alarmType    = "aws:cloudwatch/metricAlarm:MetricAlarm"
	filterType   = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	logGroupType = "aws:cloudwatch/logGroup:LogGroup"
	lockType     = "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2"
	trailType    = "aws:cloudtrail/trail:Trail"
)

func surroundings() *account.Account {
	return &account.Account{
		ID: pulumitest.AccountID, Region: pulumitest.Region, LogRetentionDays: 90,
		BoundaryARN: pulumi.String(pulumitest.BoundaryARN), LogKeyARN: pulumi.String(pulumitest.LogKeyARN),
	}
}

// watched makes the trail with everything around it.
func watched(ctx *pulumi.Context) error {
	access, err := storage.NewLogBucket(ctx, "access", &storage.LogBucketArgs{Writers: []storage.Writer{storage.S3AccessLogs(pulumitest.AccountID, "")}})
	if err != nil {
		return err
	}
	trail, err := audit.NewTrail(ctx, "audit", &audit.TrailArgs{
		Account: surroundings(), ArchiveDays: 400, AccessLogs: access, DisposableReason: "a test of the trail",
	})
	if err != nil {
		return err
	}
	_, err = audit.NewTrailAlarms(ctx, "watch", &audit.TrailAlarmsArgs{LogGroup: trail.LogGroup, TopicARN: pulumi.String(topicARN)})
	return err
}

func TestTrail(t *testing.T) {
	rec := pulumitest.Run(t, watched)
	trail := rec.Get(t, trailType, "audit-trail")
	component := rec.Get(t, "bulkhead:audit:Trail", "audit")
	require.Equal(t, component.URN, trail.Parent)
	require.Equal(t, map[string]any{"archiveDays": 400.0, "disposableReason": "a test of the trail"}, component.Values())
	for _, setting := range []string{"enableLogging", "enableLogFileValidation", "includeGlobalServiceEvents", "isMultiRegionTrail"} {
		require.Equal(t, true, trail.Value(setting), setting)
	}
	require.Equal(t, pulumitest.LogKeyARN, trail.String("kmsKeyId"))
	require.Equal(t, "bulkhead-audit", trail.String("name"), "an account has each name once, whatever project it is of")
	require.Nil(t, trail.Value("eventSelectors"), "without selectors CloudTrail records all management events")

	group := rec.Get(t, logGroupType, "audit-events-logs")
	require.EqualValues(t, 90, group.Value("retentionInDays"))
	groupARN := "arn:aws:logs:eu-central-1:111122223333:log-group:" + group.ID
	require.Equal(t, groupARN+":*", trail.String("cloudWatchLogsGroupArn"))

	bucket := rec.Get(t, "aws:s3/bucketV2:BucketV2", "audit-files-bucket")
	require.Equal(t, bucket.ID, trail.String("s3BucketName"))
	policy := rec.Get(t, "aws:s3/bucketPolicy:BucketPolicy", "audit-files-policy")
	encryption := rec.Get(t, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "audit-files-encryption")
	require.Subset(t, trail.DependsOn, []string{policy.URN, encryption.URN}, "CloudTrail tests the bucket at once")
	require.Contains(t, policy.String("policy"), trail.ID, "the policy names this trail alone")
	require.Equal(t, pulumitest.LogKeyARN, encryption.String("rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId"))
	require.Equal(t, false, encryption.Value("rules.0.bucketKeyEnabled"), "the key policy wants the trail in the context, not the bucket")
	require.EqualValues(t, 400, rec.Get(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "audit-files-lifecycle").
		Value("rules.0.expiration.days"))
	require.Equal(t, rec.Get(t, "aws:s3/bucketV2:BucketV2", "access-bucket").ID, rec.Only(t, "aws:s3/bucketLoggingV2:BucketLoggingV2").String("targetBucket"))
	require.Empty(t, rec.ByType(lockType), "what may be deleted with the stack is not locked")

	role := rec.Get(t, "aws:iam/role:Role", "audit-delivery-role")
	require.Equal(t, "arn:aws:iam::111122223333:role/"+role.ID, trail.String("cloudWatchLogsRoleArn"))
	require.Equal(t, pulumitest.BoundaryARN, role.String("permissionsBoundary"))
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Sid":"AssumeByService","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
		"Action":"sts:AssumeRole"}]}`, role.String("assumeRolePolicy"), "CloudTrail cannot assume a role that asks for the source")
	inline := rec.Get(t, "aws:iam/rolePolicy:RolePolicy", "audit-delivery-write-events")
	require.Contains(t, trail.DependsOn, inline.URN, "CloudTrail tests the role at once")
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Sid":"WriteEvents","Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],
		"Resource":"`+groupARN+`:log-stream:111122223333_CloudTrail_eu-central-1*"}]}`, inline.String("policy"))
}

func TestTrailKeepsItsFilesAsLongAsTheAccountKeepsItsLogs(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := audit.NewTrail(ctx, "audit", &audit.TrailArgs{Account: surroundings()})
		return err
	}, pulumitest.InStack("shop", "production"))
	require.EqualValues(t, 90, rec.Get(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "audit-files-lifecycle").
		Value("rules.0.expiration.days"))
	require.True(t, rec.Get(t, "aws:s3/bucketV2:BucketV2", "audit-files-bucket").RetainOnDelete)
	require.Equal(t, map[string]any{"mode": "GOVERNANCE", "days": 90.0}, rec.Only(t, lockType).Value("rule.defaultRetention"), "nobody shortens the account's memory")
	require.Empty(t, rec.ByType("aws:s3/bucketLoggingV2:BucketLoggingV2"))
	require.Equal(t, "shop-audit", rec.Only(t, trailType).String("name"))
	require.Contains(t, rec.Get(t, "aws:s3/bucketPolicy:BucketPolicy", "audit-files-policy").String("policy"),
		`"arn:aws:cloudtrail:eu-central-1:111122223333:trail/shop-audit"`)
}

func TestTrailAlarms(t *testing.T) {
	rec := pulumitest.Run(t, watched)
	group := rec.Get(t, logGroupType, "audit-events-logs")
	require.Len(t, rec.ByType(filterType), 25)
	require.Len(t, rec.ByType(alarmType), 25)
	for _, check := range audit.TrailChecks() {
		filter := rec.Get(t, filterType, "watch-"+check.Name+"-filter")
		require.Equal(t, group.ID, filter.String("logGroupName"))
		require.Equal(t, check.Pattern, filter.String("pattern"))
		require.Equal(t, "1", filter.String("metricTransformation.value"))
		alarm := rec.Get(t, alarmType, "watch-"+check.Name+"-alarm")
		require.Equal(t, filter.String("metricTransformation.name"), alarm.String("metricName"))
		require.Equal(t, filter.String("metricTransformation.namespace"), alarm.String("namespace"))
		require.Equal(t, []any{topicARN}, alarm.Value("alarmActions"))
		require.EqualValues(t, 1, alarm.Value("threshold"))
		require.Equal(t, "GreaterThanOrEqualToThreshold", alarm.String("comparisonOperator"))
		require.Equal(t, "Sum", alarm.String("statistic"))
		require.Equal(t, check.CIS != "", strings.Contains(alarm.String("alarmDescription"), " (CIS AWS Foundations 5.0, "+check.CIS+"). "))
	}
}

// An operator whom every deployment wakes hears nothing in the end.
func TestADeploymentWakesNobody(t *testing.T) {
	var wakes []string
	for _, check := range audit.TrailChecks() {
		for _, event := range []string{
			"PutRolePolicy", "AttachRolePolicy", "PutBucketPolicy", "AuthorizeSecurityGroupIngress", "CreateNetworkAclEntry", "CreateRoute",
			"CreateInternetGateway", "CreateVpc", "AccessDenied*",
		} {
			if strings.Contains(check.Pattern, event+")") || strings.Contains(check.Pattern, `"`+event+`"`) {
				require.True(t, check.Recorded(), "%s rings at %s", check.Name, event)
			}
		}
		if !check.Recorded() {
			wakes = append(wakes, check.Name)
		}
	}
	require.Subset(t, wakes, []string{"root-use", "trail-changes", "key-disabled", "alarms-silenced", "copies-shared", "guards-lowered"})
}

func TestEverythingWorksInAPreview(t *testing.T) {
	rec := pulumitest.Run(t, watched, pulumitest.Preview())
	require.Equal(t, pulumitest.Unknown, rec.Only(t, trailType).Value("s3BucketName"))
}

func TestTrailChecks(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[string]bool{}
	for _, check := range audit.TrailChecks() {
		require.Regexp(t, name, check.Name)
		require.False(t, seen[check.Name] || seen[check.CIS] && check.CIS != "", check.Name)
		seen[check.Name], seen[check.CIS] = true, true
		require.LessOrEqual(t, len(check.Pattern), 1024, "the limit of CloudWatch Logs")
		require.Equal(t, strings.Count(check.Pattern, "("), strings.Count(check.Pattern, ")"), check.Name)
		require.True(t, strings.HasPrefix(check.Pattern, "{") && strings.HasSuffix(check.Pattern, "}"), check.Name)
		require.NotEmpty(t, check.Meaning)
	}
	require.Equal(t, `{($.eventSource=kms.amazonaws.com) && (($.eventName=DisableKey) || ($.eventName=ScheduleKeyDeletion))}`, audit.TrailChecks()[6].Pattern)
	require.Equal(t, `{($.eventName=CreateTrail) || ($.eventName=UpdateTrail) || ($.eventName=DeleteTrail) || ($.eventName=StartLogging) || ($.eventName=StopLogging)}`,
		audit.TrailChecks()[4].Pattern)
}

func TestEvasionsOfTheTrailAreHeard(t *testing.T) {
	for event, name := range map[string]string{
		"PutEventSelectors": "trail-narrowed", "PutKeyPolicy": "key-opened", "CreateGrant": "key-opened", "CreateUser": "new-credentials",
		"CreateAccessKey": "new-credentials", "CreateLoginProfile": "new-credentials", "UpdateAssumeRolePolicy": "trust-changes",
		"ModifySnapshotAttribute": "copies-shared", "ModifyDBSnapshotAttribute": "copies-shared", "DeleteFlowLogs": "logs-erased",
		"DeleteAlarms": "alarms-silenced", "Unsubscribe": "alarms-silenced", "DisableEbsEncryptionByDefault": "guards-lowered",
		"DeleteAccountPublicAccessBlock": "guards-lowered", "PutBucketObjectLockConfiguration": "guards-lowered",
		"RotationFailed": "rotation-failed", "CancelRotateSecret": "rotation-failed",
	} {
		var heard []string
		for _, check := range audit.TrailChecks() {
			if strings.Contains(check.Pattern, "($.eventName="+event+")") {
				heard = append(heard, check.Name)
			}
		}
		require.Equal(t, []string{name}, heard, event)
	}
	checks := audit.TrailChecks()
	named := func(name string) string {
		return checks[slices.IndexFunc(checks, func(c audit.Check) bool { return c.Name == name })].Pattern
	}
	require.Equal(t, `{($.eventSource=kms.amazonaws.com) && (($.eventName=PutKeyPolicy) || ($.eventName=ReplicateKey) || `+
		`($.eventName=DeleteImportedKeyMaterial) || ($.eventName=DisableKeyRotation) || `+
		`(($.eventName=CreateGrant) && ($.userIdentity.invokedBy NOT EXISTS)))}`, named("key-opened"))
	require.Equal(t, `{($.eventSource=rds.amazonaws.com) && ($.requestParameters.publiclyAccessible IS TRUE)}`, named("database-public"))
}

func TestTrailNamesEveryProblem(t *testing.T) {
	attempt := func(args *audit.TrailArgs) error {
		return pulumitest.RunError(t, func(ctx *pulumi.Context) error {
			_, err := audit.NewTrail(ctx, "Audit", args)
			return err
		})
	}
	err := attempt(&audit.TrailArgs{Account: &account.Account{LogRetentionDays: 2}, ArchiveDays: -1})
	for _, want := range []string{
		`trail "Audit"`, "the name becomes the trail's", `AccountID: ""`, `Region: ""`, "LogKeyARN: missing; give", "BoundaryARN: missing; give",
		"LogRetentionDays: 2 is not a retention that CloudWatch Logs accepts; the next longer one is 3", "ArchiveDays -1",
	} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, attempt(&audit.TrailArgs{}), "Account: missing")
	require.ErrorContains(t, attempt(nil), "Account: missing")

	for _, args := range []*audit.TrailAlarmsArgs{nil, {}} {
		err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
			_, err := audit.NewTrailAlarms(ctx, "watch", args)
			return err
		})
		require.ErrorContains(t, err, "LogGroup: missing")
		require.ErrorContains(t, err, "TopicARN: missing")
	}
}
