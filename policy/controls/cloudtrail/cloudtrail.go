// SPDX-License-Identifier: Apache-2.0

// Package cloudtrail holds the controls of AWS CloudTrail, and of the alarms on what it records.
package cloudtrail

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/access"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(trails(), trailAlarms())
}

func trails() []*pack.Control {
	trail := []string{aws.CloudTrailTrail}
	return []*pack.Control{
		{
			ID: "trail-multi-region", Title: "Trails record every Region", Severity: pack.High, Types: trail,
			Why: "Intruders work in Regions that nobody watches.", Fix: "Set isMultiRegionTrail to true.",
			Maps: standard.Meets("FSBP:CloudTrail.1 CIS:3.1", standard.Logging), Check: want.IsTrue("isMultiRegionTrail"),
			Remedy: want.Put("isMultiRegionTrail", true),
		},
		{
			ID: "trail-validation", Title: "Trails prove that logs are unchanged", Severity: pack.Medium, Types: trail,
			Why: "Without digests, a log that was edited looks like one that was not.", Fix: "Set enableLogFileValidation to true.",
			Maps: standard.Meets("FSBP:CloudTrail.4 CIS:3.2", standard.LogSafety), Check: want.IsTrue("enableLogFileValidation"),
			Remedy: want.Put("enableLogFileValidation", true),
		},
		{
			ID: "trail-encrypted", Title: "Trails encrypt with a customer managed key", Severity: pack.Medium, Types: trail,
			Why: "Reading the log then needs the key as well as the bucket.", Fix: "Set kmsKeyId.",
			Maps: standard.Meets("FSBP:CloudTrail.2 CIS:3.5", standard.LogSafety, standard.AtRest), Check: want.IsSet("kmsKeyId"),
		},
		{
			ID: "trail-cloudwatch", Title: "Trails also write to CloudWatch Logs", Severity: pack.Medium, Types: trail,
			Why: "Alarms on single events need the log there within minutes.", Fix: "Set cloudWatchLogsGroupArn and cloudWatchLogsRoleArn.",
			Maps: standard.Meets("FSBP:CloudTrail.5", standard.Monitoring), Check: want.IsSet("cloudWatchLogsGroupArn"),
		},
		{
			ID: "trail-logging", Title: "Trails are on", Severity: pack.Critical, Types: trail,
			Why: "A trail that is off records nothing and looks like one that does.", Fix: "Leave enableLogging out.",
			Maps: standard.Meets("FSBP:CloudTrail.3", standard.Logging), Check: want.NotFalse("enableLogging"),
			Remedy: want.Put("enableLogging", true),
		},
		{
			ID: "trail-global-events", Title: "Trails record global services", Severity: pack.High, Types: trail,
			Why: "IAM and sign-in events are global; without them logins are missing.", Fix: "Leave includeGlobalServiceEvents out.",
			Maps: standard.Meets("CIS:3.1", standard.Logging), Check: want.NotFalse("includeGlobalServiceEvents"),
			Remedy: want.Put("includeGlobalServiceEvents", true),
		},
		{
			ID: "trail-management-events", Title: "Trails record management events of every kind", Severity: pack.High, Types: trail,
			Why:  "A trail of data events alone misses every change of rights.",
			Fix:  "Leave includeManagementEvents true and readWriteType All in one event selector.",
			Maps: standard.Meets("FSBP:CloudTrail.1 CIS:3.1", standard.Logging), Check: managementEvents,
		},
		{
			ID: "trail-every-source", Title: "Trails leave out no source of management events", Severity: pack.Medium, Types: trail,
			Why:  "Without the events of KMS and of the RDS data API nobody sees who decrypted what, or who asked a database.",
			Fix:  "Remove excludeManagementEventSources, and the field eventSource from selectors of management events.",
			Maps: standard.Meets("FSBP:CloudTrail.1 CIS:3.1", standard.Logging), Check: everySource,
		},
		{
			ID: "trail-s3-data-events", Title: "Trails record reads and writes of objects", Severity: pack.Low, Level: pack.Disabled, Types: trail,
			Why: "Only data events show who read which object. They can cost a lot, so this is off by default.",
			Fix: "Add an event selector with readWriteType All for AWS::S3::Object and arn:aws:s3, or an advanced one for the resources.type " +
				"AWS::S3::Object without any other field.", Maps: standard.Meets("CIS:3.8 CIS:3.9", standard.Logging), Check: func(k *pack.Case) {
				k.Require(objectEvents(k, "WriteOnly", "false"), "no event selector records writes of the objects of every bucket")
				k.Require(objectEvents(k, "ReadOnly", "true"), "no event selector records reads of the objects of every bucket")
			},
		},
		{
			ID: "trail-topic", Title: "Trails announce new log files", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Operations,
			Types: trail, Why: "Some tools wait for the announcement. Most do not, so this is off by default.",
			Fix: "Set snsTopicName.", Maps: standard.Meets(standard.Monitoring), Check: want.IsSet("snsTopicName"),
		},
		{
			ID: "trail-store-cmk", Title: "Event data stores use a customer managed key", Severity: pack.Low,
			Types: []string{aws.CloudTrailEventDataStore}, Why: "Reading the events then needs the key as well.", Fix: "Set kmsKeyId.",
			Maps: standard.Meets(standard.AtRest, standard.KeyCare), Check: want.IsSet("kmsKeyId"),
		},
		{
			ID: "trail-store-protected", Title: "Event data stores are protected from deletion", Severity: pack.Medium,
			Types: []string{aws.CloudTrailEventDataStore}, Why: "An intruder would delete it.", Fix: "Leave terminationProtectionEnabled out.",
			Maps: standard.Meets(standard.LogSafety), Check: want.NotFalse("terminationProtectionEnabled"),
			Remedy: want.Put("terminationProtectionEnabled", true),
		},
		{
			ID: "trail-bucket-private", Title: "The trail's bucket has a public access block", Severity: pack.Critical, Types: trail,
			Joins: append([]string{aws.S3BucketPublicAccessBlock}, aws.Buckets...), Stack: true,
			Why:  "The trail's log tells an intruder everything about the account.",
			Fix:  "Add a BucketPublicAccessBlock with all four flags for the bucket.",
			Maps: standard.Meets("FSBP:CloudTrail.6", standard.LogSafety, standard.Exposure),
			Check: func(k *pack.Case) {
				bucket := trailBucket(k)
				if bucket == nil {
					return
				}
				blocked := want.AnyPointing(k.Stack, bucket, "bucket", []string{aws.S3BucketPublicAccessBlock},
					func(b *pack.Resource) pack.Fact { return access.Blocked(b.Inputs()) })
				k.Require(pack.No(k.Get("s3BucketName")).Or(blocked), "bucket %q has no public access block with all four flags", bucket.Name)
			},
		},
		{
			ID: "trail-bucket-locked", Title: "The trail's log files are locked", Severity: pack.Medium, Level: pack.Disabled, Types: trail,
			Joins: slices.Concat(aws.BucketObjectLocks, aws.Buckets), Stack: true,
			Why:  "An intruder who is an administrator deletes the versions in which the traces are.",
			Fix:  "Add a BucketObjectLockConfigurationV2 for the bucket with rule.defaultRetention: mode, and days for which files are kept.",
			Maps: standard.Meets("FSBP:S3.15", standard.LogSafety, standard.KeepSafe), Check: func(k *pack.Case) {
				bucket := trailBucket(k)
				if bucket == nil {
					return
				}
				locks := func(v pack.Value) pack.Fact {
					kept := v.Get("defaultRetention")
					return kept.Get("mode").OneOf("GOVERNANCE", "COMPLIANCE").And(kept.Get("days").AtLeast(1).Or(kept.Get("years").AtLeast(1)))
				}
				locked := locks(bucket.Get("objectLockConfiguration.rule")).Or(want.AnyPointing(k.Stack, bucket, "bucket", aws.BucketObjectLocks,
					func(l *pack.Resource) pack.Fact { return locks(l.Get("rule")) }))
				k.Require(locked, "the files in bucket %q are not locked", bucket.Name)
			},
		},
		{
			ID: "trail-bucket-logged", Title: "The trail's bucket logs access", Severity: pack.Low, Level: pack.Disabled, Types: trail,
			Joins: slices.Concat(aws.BucketLoggings, aws.Buckets), Stack: true,
			Why: "Whoever reads the trail learns what is watched, and the trail itself does not show it unless it records reads of objects. That " +
				"is the other way to know, so this is off by default.",
			Fix:  "Add a BucketLoggingV2 for the bucket that delivers to another one.",
			Maps: standard.Meets("FSBP:CloudTrail.7 CIS:3.4", standard.LogSafety), Check: func(k *pack.Case) {
				bucket := trailBucket(k)
				if bucket == nil {
					return
				}
				logged := bucket.Get("loggings").IsSet().Or(bucket.Get("logging").IsSet()).
					Or(want.AnyPointing(k.Stack, bucket, "bucket", aws.BucketLoggings, want.Present))
				k.Require(logged, "bucket %q has no access log", bucket.Name)
			},
		},
	}
}

// objectEvents is the fact that the trail records one half of the events of the objects of every bucket: reads or
// writes, as the simple and the advanced event selectors call them.
func objectEvents(k *pack.Case, half, readOnly string) pack.Fact {
	const objects = "AWS::S3::Object"
	simple := k.Get("eventSelectors").Any(func(s pack.Value) pack.Fact {
		kind := s.Get("readWriteType")
		everywhere := s.Get("dataResources").Any(func(d pack.Value) pack.Fact {
			return d.Get("type").OneOf(objects).And(d.Get("values").Any(func(v pack.Value) pack.Fact { return v.Matches(everyBucket) }))
		})
		return everywhere.And(want.Absent(kind).Or(kind.OneOf("All", half)))
	})
	return simple.Or(k.Get("advancedEventSelectors").Any(func(s pack.Value) pack.Fact {
		fields := s.Get("fieldSelectors")
		ofObjects := fields.Any(func(f pack.Value) pack.Fact {
			return f.Get("field").OneOf("resources.type").And(f.Get("equals").Contains(objects))
		})
		return ofObjects.And(fields.All(func(f pack.Value) pack.Fact {
			name := f.Get("field")
			return name.OneOf("eventCategory", "resources.type").Or(name.OneOf("readOnly").And(f.Get("equals").Contains(readOnly)))
		}))
	}))
}

// everyBucket reports whether a prefix of ARNs in an event selector stands for all buckets (API reference of
// CloudTrail, DataResource).
func everyBucket(prefix string) bool {
	service := strings.TrimRight(prefix, ":")
	return strings.HasPrefix(service, "arn:aws") && strings.Count(service, ":") == 2 && strings.HasSuffix(service, ":s3")
}

// trailBucket is the bucket of the stack that a trail writes to. Without one, the case is put off or does not apply.
func trailBucket(k *pack.Case) *pack.Resource {
	bucket, found := k.Stack.Target(k.Resource, "s3BucketName", k.Get("s3BucketName"), aws.Buckets...)
	switch {
	case bucket != nil:
	case found.Is == pack.Deferred:
		k.Defer(found.At)
	default:
		k.Skip("the bucket is not part of the stack")
	}
	return bucket
}

func managementEvents(k *pack.Case) {
	simple, advanced := k.Get("eventSelectors"), k.Get("advancedEventSelectors")
	answer := simple.IsSet().Not().And(advanced.IsSet().Not())
	answer = answer.Or(simple.Any(func(s pack.Value) pack.Fact {
		kind := s.Get("readWriteType")
		return s.Get("includeManagementEvents").Is(true, true).And(want.Absent(kind).Or(kind.OneOf("All")))
	}))
	answer = answer.Or(records(advanced, "true").And(records(advanced, "false")))
	k.Require(answer, "no event selector records all management events")
}

// ofManagement is the fact that an advanced selector is about management events.
func ofManagement(selector pack.Value) pack.Fact {
	return selector.Get("fieldSelectors").Any(func(f pack.Value) pack.Fact {
		return f.Get("field").OneOf("eventCategory").And(f.Get("equals").Contains("Management"))
	})
}

// records is the fact that an advanced selector takes the management events with this value of readOnly. One that
// narrows them by anything but the source of the event, which everySource judges, takes only some.
func records(advanced pack.Value, readOnly string) pack.Fact {
	return advanced.Any(func(s pack.Value) pack.Fact {
		return ofManagement(s).And(s.Get("fieldSelectors").All(func(f pack.Value) pack.Fact {
			name := f.Get("field")
			return name.OneOf("eventCategory", "eventSource").Or(name.OneOf("readOnly").And(f.Get("equals").Contains(readOnly)))
		}))
	})
}

// everySource wants the selectors of a trail to leave out no source of management events, and to pick none. Those of
// network activity must name their source.
func everySource(k *pack.Case) {
	for s := range k.Get("eventSelectors").Items() {
		v := s.Get("excludeManagementEventSources")
		k.Forbid(v.IsSet(), "%s is %s", v.Path(), v)
	}
	for s := range k.Get("advancedEventSelectors").Items() {
		management := ofManagement(s)
		for f := range s.Get("fieldSelectors").Items() {
			narrow := pack.No(f)
			for _, kind := range []string{"equals", "startsWiths", "endsWiths", "notEquals", "notStartsWiths", "notEndsWiths"} {
				narrow = narrow.Or(f.Get(kind).IsSet())
			}
			k.Forbid(management.And(f.Get("field").OneOf("eventSource")).And(narrow), "%s leaves out a source of events", f.Path())
		}
	}
}

// watched are the events that CIS wants an alarm for, and what a filter pattern must mention.
var watched = []struct {
	id, title, why, cis string
	terms               []string
}{
	{"unauthorized", "calls that were refused", "A row of refusals is somebody trying out a stolen credential.", "4.1",
		[]string{"unauthorizedoperation", "accessdenied"}},
	{"no-mfa", "console logins without a second factor", "A login without a second factor is a password away from anybody.", "4.2",
		[]string{"consolelogin", "mfaused"}},
	{"root", "use of the root user", "The root user has no limits and no daily work.", "4.3", []string{"useridentity.type", "root"}},
	{"iam-changes", "changes of IAM policies", "A changed policy is how one foothold becomes control.", "4.4",
		[]string{"putrolepolicy", "attachrolepolicy", "createpolicyversion", "deletepolicy", "putuserpolicy", "attachuserpolicy"}},
	{"trail-changes", "changes of the trail", "Stopping the trail is the first thing an intruder does.", "4.5",
		[]string{"createtrail", "updatetrail", "deletetrail", "startlogging", "stoplogging"}},
	{"login-failures", "failed console logins", "A row of failures is somebody guessing.", "4.6",
		[]string{"consolelogin", "failedauthentication"}},
	{"key-deletion", "keys disabled or scheduled for deletion", "What the key protects is about to be lost.", "4.7",
		[]string{"kms.amazonaws.com", "disablekey", "schedulekeydeletion"}},
	{"bucket-policies", "changes of bucket policies", "A changed policy can open a bucket.", "4.8",
		[]string{"putbucketpolicy", "putbucketacl", "deletebucketpolicy"}},
	{"config-changes", "changes of AWS Config", "Switching Config off hides what is changed next.", "4.9",
		[]string{"stopconfigurationrecorder", "deletedeliverychannel", "putconfigurationrecorder"}},
	{"security-groups", "changes of security groups", "One rule can open a server to the world.", "4.10",
		[]string{"authorizesecuritygroupingress", "authorizesecuritygroupegress", "revokesecuritygroupingress", "createsecuritygroup",
			"deletesecuritygroup"}},
	{"network-acls", "changes of network ACLs", "The ACL is the layer below the security groups.", "4.11",
		[]string{"createnetworkacl", "createnetworkaclentry", "deletenetworkacl", "replacenetworkaclentry"}},
	{"gateways", "changes of gateways", "A new internet gateway is a new way out.", "4.12",
		[]string{"createcustomergateway", "attachinternetgateway", "createinternetgateway", "deleteinternetgateway", "detachinternetgateway"}},
	{"route-tables", "changes of route tables", "One route can make a private subnet public.", "4.13",
		[]string{"createroute", "replaceroute", "deleteroute", "replaceroutetableassociation"}},
	{"vpcs", "changes of VPCs", "A peering can join your network with a stranger's.", "4.14",
		[]string{"createvpc", "deletevpc", "modifyvpcattribute", "createvpcpeeringconnection", "acceptvpcpeeringconnection"}},
	{"organizations", "changes of the organisation", "An account that leaves the organisation leaves its guards behind.", "4.15",
		[]string{"organizations.amazonaws.com", "leaveorganization", "removeaccountfromorganization", "detachpolicy",
			"inviteaccounttoorganization"}},
}

// trailAlarms want, for a stack with a trail, a metric filter for each kind of event and an alarm on its
// metric. They are off by default: one of an organisation's accounts usually has them for all.
func trailAlarms() []*pack.Control {
	list := make([]*pack.Control, 0, len(watched))
	for _, w := range watched {
		list = append(list, &pack.Control{
			ID: "trail-alarm-" + w.id, Title: "An alarm reports " + w.title, Severity: pack.Low, Level: pack.Disabled,
			Types: []string{aws.CloudTrailTrail}, Joins: []string{aws.LogMetricFilter, aws.MetricAlarm}, Stack: true,
			Why: w.why, Fix: "Add a LogMetricFilter on the trail's log group for these events and a MetricAlarm on its metric that notifies " +
				"somebody.",
			Maps: standard.Meets("CIS:"+w.cis, standard.Monitoring), Check: alarmed(w.terms, w.title),
		})
	}
	return list
}

func alarmed(terms []string, what string) func(*pack.Case) {
	mentions := func(s string) bool {
		plain := strings.ToLower(strings.ReplaceAll(s, " ", ""))
		for _, t := range terms {
			if !strings.Contains(plain, t) {
				return false
			}
		}
		return true
	}
	return func(k *pack.Case) {
		answer := pack.No(pack.Value{})
		for _, f := range k.Stack.Of(aws.LogMetricFilter) {
			rings := pack.No(f.Get("metricTransformation.name"))
			for _, a := range k.Stack.Of(aws.MetricAlarm) {
				rings = rings.Or(want.SameText(a.Get("metricName"), f.Get("metricTransformation.name")).
					And(want.SameText(a.Get("namespace"), f.Get("metricTransformation.namespace"))).
					And(a.Get("alarmActions").IsSet()).And(a.Get("actionsEnabled").Is(true, true)))
			}
			counts := f.Get("metricTransformation.value").OneOf("0").Not()
			answer = answer.Or(f.Get("pattern").Matches(mentions).And(counts).And(readsTrail(k.Resource, f)).And(rings))
		}
		k.Require(answer, "no metric filter with an alarm is for %s", what)
	}
}

// readsTrail is the fact that a metric filter reads the log group that the trail writes to. A trail without one is
// another control's business.
func readsTrail(trail, filter *pack.Resource) pack.Fact {
	group, arn := filter.Get("logGroupName"), trail.Get("cloudWatchLogsGroupArn")
	if !arn.Exists() {
		return pack.Yes(arn)
	}
	for _, urn := range trail.PropertyDependencies["cloudWatchLogsGroupArn"] {
		if slices.Contains(filter.PropertyDependencies["logGroupName"], urn) {
			return pack.Yes(group)
		}
	}
	if arn.IsUnknown() {
		return pack.Wait(arn)
	}
	return group.Matches(func(name string) bool { return strings.Contains(arn.Str()+":", ":log-group:"+name+":") })
}
