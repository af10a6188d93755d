// SPDX-License-Identifier: Apache-2.0

package ecs

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/credential"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// containerList reads the container definitions of a task, a JSON string, as values of their own, so that
// the checks read them like any other property.
func containerList(k *pack.Case) []pack.Value {
	v := k.Get("containerDefinitions")
	if v.IsUnknown() {
		k.Defer(v)
		return nil
	}
	definitions := pack.Memo(k, v, func() document.Parsed {
		list := document.JSON(v, `{"containerDefinitions":`+camel(v.Str())+`}`)
		list.Ok = list.Ok && v.Str() != ""
		return list
	})
	if !definitions.Ok {
		k.Report(v, "containerDefinitions is not a JSON list")
		return nil
	}
	return slices.Collect(definitions.Get("containerDefinitions").Items())
}

// camel writes the names in container definitions as the API does. The provider also takes those of CloudFormation, which begin with a
// capital letter.
func camel(definitions string) string {
	var list []any
	if !strings.Contains(definitions, `"Image"`) || json.Unmarshal([]byte(definitions), &list) != nil {
		return definitions
	}
	text, err := json.Marshal(small(list))
	if err != nil {
		return definitions
	}
	return string(text)
}

func small(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = small(v[i])
		}
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, item := range v {
			first, size := utf8.DecodeRuneInString(key)
			object[string(unicode.ToLower(first))+key[size:]] = small(item)
		}
		return object
	}
	return v
}

// eachContainer judges every container of a task definition. Details of a secret definition are not shown.
func eachContainer(check func(k *pack.Case, c pack.Value)) func(*pack.Case) {
	return func(k *pack.Case) {
		for _, c := range containerList(k) {
			check(k, c)
		}
	}
}

// eachLinuxContainer is eachContainer for rules that Windows containers cannot follow: Amazon ECS supports
// neither a user id nor a read-only root file system for them.
func eachLinuxContainer(check func(k *pack.Case, c pack.Value)) func(*pack.Case) {
	return func(k *pack.Case) {
		switch system := k.Get("runtimePlatform.operatingSystemFamily"); {
		case system.IsUnknown():
			k.Defer(system)
		case strings.HasPrefix(system.Str(), "WINDOWS"):
			k.Skip("the task runs Windows containers")
		default:
			eachContainer(check)(k)
		}
	}
}

func containers() []*pack.Control {
	running := []string{aws.ECSService, aws.ECSTaskSet}
	task := []string{aws.ECSTaskDefinition}
	label := func(c pack.Value) string {
		if c.Secret() { // the definition is sealed with the name in it
			return c.Path()
		}
		return "container " + c.Get("name").String()
	}
	return []*pack.Control{
		{
			ID: "ecs-insights", Title: "Clusters are measured", Severity: pack.Low, Concern: pack.Operations, Types: []string{aws.ECSCluster},
			Why: "Container Insights shows which task uses what.", Fix: "Add the setting containerInsights with value enabled or enhanced.",
			Maps: standard.Meets("FSBP:ECS.12", standard.Monitoring), Check: func(k *pack.Case) {
				k.Require(k.Get("settings").Any(func(s pack.Value) pack.Fact {
					return s.Get("name").OneOf("containerInsights").And(s.Get("value").OneOf("enabled", "enhanced"))
				}), "the setting containerInsights is not enabled")
			},
		},
		{
			ID: "ecs-exec-logged", Title: "Commands run in containers are logged", Severity: pack.Medium, Types: []string{aws.ECSCluster},
			Why:  "A shell in a container is access that leaves no other trace.",
			Fix:  "Leave executeCommandConfiguration.logging out, or set DEFAULT or OVERRIDE.",
			Maps: standard.Meets(standard.Logging), Check: want.NoneOf("configuration.executeCommandConfiguration.logging", "NONE"),
		},
		{
			ID: "ecs-exec-log-encrypted", Title: "Recorded commands are logged with encryption", Severity: pack.Medium,
			Types: []string{aws.ECSCluster}, Why: "The log holds what was typed, passwords included, also where the session itself has a key.",
			Fix: "Set cloudWatchEncryptionEnabled of logConfiguration to true with an encrypted log group, or s3BucketEncryptionEnabled with a " +
				"bucket.", Maps: standard.Meets(standard.LogSafety, standard.AtRest), Check: func(k *pack.Case) {
				exec := k.Get("configuration.executeCommandConfiguration")
				own := exec.Get("logging").OneOf("OVERRIDE")
				log := exec.Get("logConfiguration")
				k.Forbid(own.And(log.Get("cloudWatchLogGroupName").IsSet()).And(log.Get("cloudWatchEncryptionEnabled").IsFalse()), "%s is %s",
					log.Get("cloudWatchEncryptionEnabled").Path(), log.Get("cloudWatchEncryptionEnabled"))
				k.Forbid(own.And(log.Get("s3BucketName").IsSet()).And(log.Get("s3BucketEncryptionEnabled").IsFalse()), "%s is %s",
					log.Get("s3BucketEncryptionEnabled").Path(), log.Get("s3BucketEncryptionEnabled"))
			},
		},
		{
			ID: "ecs-exec-encrypted", Title: "Command sessions are encrypted with a key of yours", Severity: pack.Low, Level: pack.Disabled,
			Types: []string{aws.ECSCluster},
			Why:   "The session carries what is typed, passwords included. Clusters that do not use it need none, so this is off by default.",
			Fix:   "Set executeCommandConfiguration.kmsKeyId.", Maps: standard.Meets(standard.InTransit),
			Check: want.IsSet("configuration.executeCommandConfiguration.kmsKeyId"),
		},
		{
			ID: "ecs-no-public-ip", Public: true, Title: "Services have no public addresses", Severity: pack.High, Types: running,
			Why: "A task with a public address is one security group rule away from the internet.", Fix: "Leave assignPublicIp out.",
			Maps:  standard.Meets("FSBP:ECS.2 FSBP:ECS.16", standard.Exposure),
			Check: want.IsFalse("networkConfiguration.assignPublicIp"), Remedy: func(e *pack.Edit) {
				if v := e.Get("networkConfiguration.assignPublicIp"); v.Exists() {
					e.Set("networkConfiguration.assignPublicIp", false)
				}
			},
		},
		{
			ID: "ecs-latest-platform", Title: "Fargate services use the latest platform", Severity: pack.Medium, Types: running,
			Why: "Old platform versions miss security fixes.", Fix: "Leave platformVersion out or set LATEST.", // 1.4.0 is that of Linux
			Maps: standard.Meets("FSBP:ECS.10", standard.Patching), Check: func(k *pack.Case) {
				v := k.Get("platformVersion")
				k.Require(want.Absent(v).Or(v.OneOf("LATEST", "1.4.0", "")), "platformVersion is %s", v)
			},
		},
		{
			ID: "ecs-circuit-breaker", Title: "Failed rollouts stop and go back", Severity: pack.Low, Concern: pack.Resilience,
			Types: []string{aws.ECSService}, Why: "Without it a rollout that cannot start tries forever.",
			Fix:  "Set deploymentCircuitBreaker.enable and rollback to true.",
			Maps: standard.Meets(standard.Spreading), Check: func(k *pack.Case) {
				other := k.Get("deploymentController.type").OneOf("CODE_DEPLOY", "EXTERNAL")
				k.Require(other.Or(k.Get("deploymentCircuitBreaker.enable").IsTrue().And(k.Get("deploymentCircuitBreaker.rollback").IsTrue())),
					"deploymentCircuitBreaker is not set")
			},
		},
		{
			ID: "ecs-not-privileged", Title: "Containers are not privileged", Severity: pack.Critical, Types: task,
			Why: "A privileged container is root on its host.", Fix: "Leave privileged out.", Maps: standard.Meets("FSBP:ECS.4", standard.Isolation),
			Check: eachContainer(func(k *pack.Case, c pack.Value) {
				k.Forbid(c.Get("privileged").IsTrue(), "%s is privileged", label(c))
			}),
		},
		{
			ID: "ecs-host-process", Title: "Tasks do not see the processes of the host", Severity: pack.High, Types: task,
			Why: "A task in the host's process space can read the memory of others.", Fix: "Leave pidMode and ipcMode out.",
			Maps: standard.Meets("FSBP:ECS.3", standard.Isolation),
			Check: func(k *pack.Case) {
				k.Forbid(k.Get("pidMode").OneOf("host"))
				k.Forbid(k.Get("ipcMode").OneOf("host"))
			},
		},
		{
			ID: "ecs-host-network", Title: "Tasks do not share the network of the host", Severity: pack.Medium, Types: task,
			Why: "In the host's network a task reaches the host's own services and credentials.", Fix: "Set networkMode to awsvpc.",
			Maps: standard.Meets("FSBP:ECS.17", standard.Isolation), Check: want.NoneOf("networkMode", "host"),
		},
		{
			ID: "ecs-read-only-root", Title: "Containers cannot change their own files", Severity: pack.Medium, Types: task,
			Why: "An intruder then cannot leave a program behind.", Fix: "Set readonlyRootFilesystem to true and mount volumes for what is written.",
			Maps: standard.Meets("FSBP:ECS.5", standard.Isolation),
			Check: eachLinuxContainer(func(k *pack.Case, c pack.Value) {
				k.Require(c.Get("readonlyRootFilesystem").IsTrue(), "%s can write to its root file system", label(c))
			}),
		},
		{
			ID: "ecs-no-root-user", Title: "Containers do not run as root", Severity: pack.Medium, Types: task,
			Why: "A hole in the container runtime is worse for root.", Fix: "Set user to a number above 0.",
			Maps: standard.Meets("FSBP:ECS.20", standard.Isolation),
			Check: eachLinuxContainer(func(k *pack.Case, c pack.Value) {
				if c.Get("firelensConfiguration").Exists() {
					return // reads the log sockets of the others, which takes root
				}
				k.Require(c.Get("user").IsSet().And(c.Get("user").Matches(func(s string) bool {
					name, _, _ := strings.Cut(s, ":")
					return name != "root" && name != "0"
				})), "%s runs as root: user is %s", label(c), c.Get("user"))
			}),
		},
		{
			ID: "ecs-no-windows-administrator", Title: "Windows containers do not run as the administrator", Severity: pack.Medium,
			Level: pack.Disabled, Types: task,
			Why: "A hole in the container runtime is worse for the administrator. ECS's reference says that it passes over the user of Windows " +
				"containers, so this is off by default.",
			Fix: "Set user to ContainerUser, in the image as well.", Maps: standard.Meets("FSBP:ECS.21", standard.Isolation),
			Check: eachContainer(func(k *pack.Case, c pack.Value) {
				windows := k.Get("runtimePlatform.operatingSystemFamily").Matches(func(s string) bool { return strings.HasPrefix(s, "WINDOWS") })
				user := c.Get("user")
				k.Require(windows.Not().Or(user.IsSet().And(user.OneOf("ContainerAdministrator").Not())), "%s runs as the administrator: user is %s",
					label(c), user)
			}),
		},
		{
			ID: "ecs-env-secrets", Title: "Environment variables hold no secrets", Severity: pack.High, Types: task,
			Why: "Everybody who may describe the task can read its environment.", Fix: "Use secrets with valueFrom.",
			Maps: standard.Meets("FSBP:ECS.8", standard.Identity),
			Check: eachContainer(func(k *pack.Case, c pack.Value) {
				for e := range c.Get("environment").Items() {
					key := e.Get("name").Str()
					if credential.Setting(key, e.Get("value")).Is == pack.True {
						k.Report(k.Get("containerDefinitions").Place(), "%s has %q in its environment", label(c), key)
					}
				}
			}),
		},
		{
			ID: "ecs-logs", Title: "Containers send their logs somewhere", Severity: pack.Medium, Types: task,
			Why: "What a container wrote is gone with it.", Fix: "Set logConfiguration.", Maps: standard.Meets("FSBP:ECS.9", standard.Logging),
			Check: eachContainer(func(k *pack.Case, c pack.Value) {
				k.Require(c.Get("logConfiguration.logDriver").IsSet(), "%s has no log driver", label(c))
			}),
		},
		{
			ID: "ecs-efs-encrypted", Title: "File systems are mounted with encryption", Severity: pack.High, Types: task,
			Why: "NFS without TLS can be read on the way.", Fix: "Set efsVolumeConfiguration.transitEncryption to ENABLED.",
			Maps: standard.Meets("FSBP:ECS.18", standard.InTransit), Check: func(k *pack.Case) {
				for v := range k.Get("volumes").Items() {
					e := v.Get("efsVolumeConfiguration")
					k.Require(want.Exists(e).Not().Or(e.Get("transitEncryption").OneOf("ENABLED")), "%s is mounted without encryption", v.Path())
				}
			},
		},
		{
			ID: "ecs-roles-apart", Title: "Tasks do not work with the role that starts them", Severity: pack.Medium, Types: task,
			Why:  "The execution role can read every secret and image the task needs; the program should not.",
			Fix:  "Use different roles for taskRoleArn and executionRoleArn.",
			Maps: standard.Meets(standard.Privilege), Check: func(k *pack.Case) {
				a, b := k.Get("taskRoleArn"), k.Get("executionRoleArn")
				if !a.Exists() || !b.Exists() {
					k.Skip("the task has at most one role")
					return
				}
				k.Forbid(want.SameText(a, b), "taskRoleArn and executionRoleArn are the same")
			},
		},
		{
			ID: "ecs-container-limits", Title: "Images are pinned", Severity: pack.Low, Types: task,
			Why: "The tag latest is another program every time a task starts.", Fix: "Name a version or a digest.",
			Maps: standard.Meets(standard.Hygiene),
			Check: eachContainer(func(k *pack.Case, c pack.Value) {
				k.Forbid(c.Get("image").Matches(func(s string) bool {
					name := s[strings.LastIndexByte(s, '/')+1:]
					return strings.HasSuffix(name, ":latest") || !strings.ContainsAny(name, ":@")
				}), "%s uses image %s", label(c), c.Get("image"))
			}),
		},
	}
}
