// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

type object = map[string]any

// call makes a call of a service whose SDK is not among the modules. An operation is a method and a path, or a target of a JSON service.
func call(t *testing.T, a *emulatortest.Account, service, operation string, body object) (status int, answer object) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	method, path, rest := strings.Cut(operation, " ")
	if !rest {
		method, path = http.MethodPost, "/"
	}
	var content io.Reader = strings.NewReader(string(text))
	if body == nil {
		content = nil
	}
	request, err := http.NewRequestWithContext(t.Context(), method, a.Endpoint+path, content)
	require.NoError(t, err)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+a.AccessKey+"/20260101/eu-central-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	request.Header.Set("Content-Type", "application/json")
	if !rest {
		request.Header.Set("X-Amz-Target", operation)
		request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	read, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	if len(read) > 0 {
		require.NoError(t, json.Unmarshal(read, &answer), "%s", read)
	}
	return response.StatusCode, answer
}

// does makes a call that has to succeed.
func does(t *testing.T, a *emulatortest.Account, service, operation string, body object) object {
	t.Helper()
	status, answer := call(t, a, service, operation, body)
	require.Equal(t, http.StatusOK, status, "%s %s: %v", service, operation, answer)
	return answer
}

// refuses makes a call that has to fail with these words.
func refuses(t *testing.T, a *emulatortest.Account, service, operation string, body object, words string) {
	t.Helper()
	status, answer := call(t, a, service, operation, body)
	require.GreaterOrEqual(t, status, 400, operation)
	require.Contains(t, fmt.Sprint(answer), words)
}

func TestFeaturesOfADetectorChangeOneByOne(t *testing.T) {
	t.Parallel()
	a := emulatortest.NewAccount(t)
	id, _ := does(t, a, "guardduty", "POST /detector", object{"enable": true, "findingPublishingFrequency": "FIFTEEN_MINUTES"})["detectorId"].(string)
	refuses(t, a, "guardduty", "POST /detector", object{"enable": true}, "a detector already exists for the current account")
	agents := []any{object{"name": "EC2_AGENT_MANAGEMENT", "status": "DISABLED"}}
	for _, feature := range []object{{"name": "RUNTIME_MONITORING", "status": "ENABLED", "additionalConfiguration": agents}, {"name": "RDS_LOGIN_EVENTS", "status": "DISABLED"}} {
		does(t, a, "guardduty", "POST /detector/"+id, object{"features": []any{feature}})
	}
	does(t, a, "guardduty", "POST /detector/"+id, object{"enable": true, "findingPublishingFrequency": "ONE_HOUR"})
	refuses(t, a, "guardduty", "POST /detector/"+id, object{"features": []any{object{"name": "TELEPATHY", "status": "ENABLED"}}}, "Member must satisfy enum value set")
	detector := does(t, a, "guardduty", "GET /detector/"+id, nil)
	require.Equal(t, "ONE_HOUR", detector["findingPublishingFrequency"])
	status := map[any]any{}
	for _, one := range detector["features"].([]any) {
		feature := one.(object)
		status[feature["name"]] = feature["status"]
		if feature["name"] == "RUNTIME_MONITORING" {
			require.Equal(t, agents, feature["additionalConfiguration"])
		}
	}
	require.Equal(t, map[any]any{
		"S3_DATA_EVENTS": "ENABLED", "EKS_AUDIT_LOGS": "ENABLED", "EBS_MALWARE_PROTECTION": "ENABLED", "LAMBDA_NETWORK_LOGS": "ENABLED",
		"RDS_LOGIN_EVENTS": "DISABLED", "RUNTIME_MONITORING": "ENABLED",
	}, status)
	does(t, a, "guardduty", "DELETE /detector/"+id, nil)
	refuses(t, a, "guardduty", "GET /detector/"+id, nil, "is not owned by the current account")
	does(t, a, "guardduty", "POST /detector", object{"enable": true})
}

func TestSecurityHubKeepsSettingsAndStandards(t *testing.T) {
	t.Parallel()
	a := emulatortest.NewAccount(t)
	refuses(t, a, "securityhub", "GET /accounts", nil, "is not subscribed to AWS Security Hub")
	does(t, a, "securityhub", "POST /accounts", object{"EnableDefaultStandards": false, "ControlFindingGenerator": "STANDARD_CONTROL"})
	refuses(t, a, "securityhub", "POST /accounts", object{}, "already subscribed")
	does(t, a, "securityhub", "PATCH /accounts", object{"AutoEnableControls": false})
	hub := does(t, a, "securityhub", "GET /accounts", nil)
	require.Equal(t, false, hub["AutoEnableControls"])
	require.Equal(t, "STANDARD_CONTROL", hub["ControlFindingGenerator"])
	require.Equal(t, "arn:aws:securityhub:eu-central-1:"+a.ID+":hub/default", hub["HubArn"])
	request := func(version string) object {
		return object{"StandardsSubscriptionRequests": []any{object{"StandardsArn": "arn:aws:securityhub:eu-central-1::standards/cis-aws-foundations-benchmark/v/" + version}}}
	}
	refuses(t, a, "securityhub", "POST /standards/register", request("9.0.0"), "does not exist")
	made := does(t, a, "securityhub", "POST /standards/register", request("5.0.0"))
	subscription := made["StandardsSubscriptions"].([]any)[0].(object)["StandardsSubscriptionArn"]
	named := object{"StandardsSubscriptionArns": []any{subscription}}
	require.Equal(t, made, does(t, a, "securityhub", "POST /standards/get", named))
	require.Equal(t, made, does(t, a, "securityhub", "POST /standards/get", object{}))
	does(t, a, "securityhub", "POST /standards/deregister", named)
	require.Empty(t, does(t, a, "securityhub", "POST /standards/get", named)["StandardsSubscriptions"])
	does(t, a, "securityhub", "DELETE /accounts", nil)
	refuses(t, a, "securityhub", "POST /standards/get", object{}, "is not subscribed to AWS Security Hub")
}

func TestAnalyzersComeAndGo(t *testing.T) {
	t.Parallel()
	a, other := emulatortest.NewAccount(t), emulatortest.NewAccount(t)
	does(t, a, "access-analyzer", "PUT /analyzer", object{"analyzerName": "account", "type": "ACCOUNT", "tags": object{"Name": "account"}})
	refuses(t, a, "access-analyzer", "PUT /analyzer", object{"analyzerName": "second", "type": "ACCOUNT"}, "Analyzer limit of 1 reached")
	analyzer := does(t, a, "access-analyzer", "GET /analyzer/account", nil)["analyzer"].(object)
	require.Equal(t, "arn:aws:access-analyzer:eu-central-1:"+a.ID+":analyzer/account", analyzer["arn"])
	require.Equal(t, object{"Name": "account"}, analyzer["tags"])
	require.Len(t, does(t, a, "access-analyzer", "GET /analyzer", nil)["analyzers"], 1)
	require.Empty(t, does(t, other, "access-analyzer", "GET /analyzer", nil)["analyzers"])
	does(t, a, "access-analyzer", "DELETE /analyzer/account", nil)
	refuses(t, a, "access-analyzer", "GET /analyzer/account", nil, "not found")
}

func TestPublicSharingAndMetadataDefaults(t *testing.T) {
	t.Parallel()
	client := ec2.NewFromConfig(emulatortest.NewAccount(t).Config)
	snapshots := func() ec2types.SnapshotBlockPublicAccessState {
		found, err := client.GetSnapshotBlockPublicAccessState(t.Context(), &ec2.GetSnapshotBlockPublicAccessStateInput{})
		require.NoError(t, err)
		return found.State
	}
	require.Equal(t, ec2types.SnapshotBlockPublicAccessStateUnblocked, snapshots())
	_, err := client.EnableSnapshotBlockPublicAccess(t.Context(), &ec2.EnableSnapshotBlockPublicAccessInput{State: ec2types.SnapshotBlockPublicAccessStateBlockAllSharing})
	require.NoError(t, err)
	require.Equal(t, ec2types.SnapshotBlockPublicAccessStateBlockAllSharing, snapshots())
	_, err = client.DisableSnapshotBlockPublicAccess(t.Context(), &ec2.DisableSnapshotBlockPublicAccessInput{})
	require.NoError(t, err)
	require.Equal(t, ec2types.SnapshotBlockPublicAccessStateUnblocked, snapshots())

	images := func() string {
		found, err := client.GetImageBlockPublicAccessState(t.Context(), &ec2.GetImageBlockPublicAccessStateInput{})
		require.NoError(t, err)
		return aws.ToString(found.ImageBlockPublicAccessState)
	}
	_, err = client.EnableImageBlockPublicAccess(t.Context(), &ec2.EnableImageBlockPublicAccessInput{ImageBlockPublicAccessState: ec2types.ImageBlockPublicAccessEnabledStateBlockNewSharing})
	require.NoError(t, err)
	require.Equal(t, "block-new-sharing", images())
	_, err = client.DisableImageBlockPublicAccess(t.Context(), &ec2.DisableImageBlockPublicAccessInput{})
	require.NoError(t, err)
	require.Equal(t, "unblocked", images())

	for _, change := range []struct {
		input *ec2.ModifyInstanceMetadataDefaultsInput
		want  *ec2types.InstanceMetadataDefaultsResponse
	}{
		{&ec2.ModifyInstanceMetadataDefaultsInput{HttpTokens: "required"}, &ec2types.InstanceMetadataDefaultsResponse{HttpTokens: "required"}},
		{&ec2.ModifyInstanceMetadataDefaultsInput{HttpPutResponseHopLimit: aws.Int32(1)}, &ec2types.InstanceMetadataDefaultsResponse{HttpTokens: "required", HttpPutResponseHopLimit: aws.Int32(1)}},
		{&ec2.ModifyInstanceMetadataDefaultsInput{HttpTokens: "no-preference"}, &ec2types.InstanceMetadataDefaultsResponse{HttpPutResponseHopLimit: aws.Int32(1)}},
	} {
		_, err = client.ModifyInstanceMetadataDefaults(t.Context(), change.input)
		require.NoError(t, err)
		found, err := client.GetInstanceMetadataDefaults(t.Context(), &ec2.GetInstanceMetadataDefaultsInput{})
		require.NoError(t, err)
		require.Equal(t, change.want, found.AccountLevel)
	}
}

func TestCostAnomaliesHaveOneMonitorOfServices(t *testing.T) {
	t.Parallel()
	a := emulatortest.NewAccount(t)
	do := func(action string, body object) object {
		return does(t, a, "ce", "AWSInsightsIndexService."+action, body)
	}
	monitor := object{"AnomalyMonitor": object{"MonitorName": "services", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}, "ResourceTags": []any{object{"Key": "Name", "Value": "x"}}}
	arn := do("CreateAnomalyMonitor", monitor)["MonitorArn"]
	refuses(t, a, "ce", "AWSInsightsIndexService.CreateAnomalyMonitor", monitor, "Limit exceeded on dimensional spend monitor creation")
	do("UpdateAnomalyMonitor", object{"MonitorArn": arn, "MonitorName": "all services"})
	found := do("GetAnomalyMonitors", object{"MonitorArnList": []any{arn}})["AnomalyMonitors"].([]any)[0].(object)
	require.Equal(t, []any{"all services", "SERVICE"}, []any{found["MonitorName"], found["MonitorDimension"]})
	require.Equal(t, monitor["ResourceTags"], do("ListTagsForResource", object{"ResourceArn": arn})["ResourceTags"])

	subscription := do("CreateAnomalySubscription", object{"AnomalySubscription": object{
		"SubscriptionName": "mail", "MonitorArnList": []any{arn}, "Frequency": "DAILY", "Subscribers": []any{object{"Type": "EMAIL", "Address": "ops@example.com"}},
	}})["SubscriptionArn"]
	do("UpdateAnomalySubscription", object{"SubscriptionArn": subscription, "Frequency": "WEEKLY"})
	list := object{"SubscriptionArnList": []any{subscription}}
	require.Equal(t, "WEEKLY", do("GetAnomalySubscriptions", list)["AnomalySubscriptions"].([]any)[0].(object)["Frequency"])
	do("DeleteAnomalySubscription", object{"SubscriptionArn": subscription})
	refuses(t, a, "ce", "AWSInsightsIndexService.GetAnomalySubscriptions", list, "anomalysubscription")
	do("DeleteAnomalyMonitor", object{"MonitorArn": arn})
	do("CreateAnomalyMonitor", monitor)
}

func TestBudgetsKeepWhoHears(t *testing.T) {
	t.Parallel()
	a := emulatortest.NewAccount(t)
	notification := object{"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0, "ThresholdType": "PERCENTAGE"}
	subscribers := []any{object{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}}
	tags := []any{object{"Key": "Name", "Value": "account"}}
	does(t, a, "budgets", "AWSBudgetServiceGateway.CreateBudget", object{
		"AccountId": a.ID, "Budget": object{"BudgetName": "month", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": object{"Amount": "400", "Unit": "USD"}},
		"NotificationsWithSubscribers": []any{object{"Notification": notification, "Subscribers": subscribers}}, "ResourceTags": tags,
	})
	about := object{"AccountId": a.ID, "BudgetName": "month", "Notification": notification}
	require.Equal(t, subscribers, does(t, a, "budgets", "AWSBudgetServiceGateway.DescribeSubscribersForNotification", about)["Subscribers"])
	arn := object{"ResourceARN": "arn:aws:budgets::" + a.ID + ":budget/month"}
	require.Equal(t, tags, does(t, a, "budgets", "AWSBudgetServiceGateway.ListTagsForResource", arn)["ResourceTags"])
	notification["Threshold"] = 90.0
	refuses(t, a, "budgets", "AWSBudgetServiceGateway.DescribeSubscribersForNotification", about, "the notification doesn't exist")
}
