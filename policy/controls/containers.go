// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	ecrType     = "aws:ecr/repository:Repository"
	ecrPolicy   = "aws:ecr/repositoryPolicy:RepositoryPolicy"
	ecrRegistry = "aws:ecr/registryPolicy:RegistryPolicy"
	ecrCleanup  = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
	ecsCluster  = "aws:ecs/cluster:Cluster"
	ecsService  = "aws:ecs/service:Service"
	ecsTaskSet  = "aws:ecs/taskSet:TaskSet"
	ecsTask     = "aws:ecs/taskDefinition:TaskDefinition"
)

func registries() []*pack.Control {
	return []*pack.Control{
		{
			ID: "ecr-scan-on-push", Title: "Images are scanned when they are pushed", Severity: pack.Medium, Types: []string{ecrType}, Why: "An image with known holes should be known before it runs.", Fix: "Set imageScanningConfiguration.scanOnPush to true.",
			Maps: meets("FSBP:ECR.1", patching), Check: isTrue("imageScanningConfiguration.scanOnPush"), Remedy: put("imageScanningConfiguration.scanOnPush", true),
		},
		{
			ID: "ecr-immutable-tags", Title: "Image tags cannot be moved", Severity: pack.Medium, Types: []string{ecrType}, Why: "What was tested under a tag should be what runs under it.", Fix: "Set imageTagMutability to IMMUTABLE.",
			Maps: meets("FSBP:ECR.2", hygiene), Check: func(k *pack.Case) {
				k.Require(k.Get("imageTagMutability").Matches(func(s string) bool { return strings.HasPrefix(s, "IMMUTABLE") }))
			},
			Remedy: put("imageTagMutability", "IMMUTABLE"),
		},
		{
			ID: "ecr-policy-public", Title: "No image repository admits everybody", Severity: pack.Critical, Types: []string{ecrPolicy, ecrRegistry}, Why: "Strangers can then read your programs or plant their own.", Fix: "Name the principals.", Maps: meets(exposure), Check: notPublic("policy"),
		},
		{
			ID: "ecr-encrypted-cmk", Title: "Image repositories use a customer managed key", Severity: pack.Low, Level: pack.Disabled, Types: []string{ecrType}, Why: "Only a key of your own lets you see and stop each use.", Fix: "Set encryptionConfigurations with encryptionType KMS and kmsKey.",
			Maps: meets("FSBP:ECR.5", atRest, keyCare), Check: func(k *pack.Case) {
				k.Require(k.Get("encryptionConfigurations").Any(func(e pack.Value) pack.Fact {
					return e.Get("encryptionType").OneOf("KMS", "KMS_DSSE").And(e.Get("kmsKey").IsSet())
				}), "encryptionConfigurations names no key")
			},
		},
		{
			ID: "ecr-lifecycle", Title: "Image repositories remove old images", Severity: pack.Low, Concern: pack.Cost, Types: []string{ecrType}, Joins: []string{ecrCleanup}, Stack: true, Why: "Old images are paid for and can be started by mistake.", Fix: "Add a LifecyclePolicy.",
			Maps: meets("FSBP:ECR.3", hygiene), Check: func(k *pack.Case) {
				k.Require(anyCompanion(k, "repository", []string{ecrCleanup}, present), "no lifecycle policy points at this repository")
			},
		},
		{
			ID: "ecr-force-delete", Title: "Image repositories are not emptied when they are removed", Severity: pack.Low, Concern: pack.Resilience, Types: []string{ecrType}, Why: "forceDelete removes every image in one step, also those that run.", Fix: "Leave forceDelete out.", Maps: meets(keepSafe), Check: isFalse("forceDelete"),
		},
	}
}

// containerList reads the container definitions of a task, a JSON string, as values of their own, so that
// the checks read them like any other property.
func containerList(k *pack.Case) []pack.Value {
	v := k.Get("containerDefinitions")
	if v.IsUnknown() {
		k.Defer(v)
		return nil
	}
	definitions := pack.Memo(k, v, func() fromText {
		list := parsedJSON(v, `{"containerDefinitions":`+v.Str()+`}`)
		list.ok = list.ok && v.Str() != ""
		return list
	})
	if !definitions.ok {
		k.Report(v, "containerDefinitions is not a JSON list")
		return nil
	}
	return slices.Collect(definitions.Get("containerDefinitions").Items())
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
	running := []string{ecsService, ecsTaskSet}
	task := []string{ecsTask}
	label := func(c pack.Value) string { return "container " + c.Get("name").String() }
	return []*pack.Control{
		{
			ID: "ecs-insights", Title: "Clusters are measured", Severity: pack.Low, Concern: pack.Operations, Types: []string{ecsCluster}, Why: "Container Insights shows which task uses what.", Fix: "Add the setting containerInsights with value enabled or enhanced.",
			Maps: meets("FSBP:ECS.12", monitoring), Check: func(k *pack.Case) {
				k.Require(k.Get("settings").Any(func(s pack.Value) pack.Fact {
					return s.Get("name").OneOf("containerInsights").And(s.Get("value").OneOf("enabled", "enhanced"))
				}), "the setting containerInsights is not enabled")
			},
		},
		{
			ID: "ecs-exec-logged", Title: "Commands run in containers are logged", Severity: pack.Medium, Types: []string{ecsCluster}, Why: "A shell in a container is access that leaves no other trace.", Fix: "Leave executeCommandConfiguration.logging out, or set DEFAULT or OVERRIDE.",
			Maps: meets(logging), Check: noneOf("configuration.executeCommandConfiguration.logging", "NONE"),
		},
		{
			ID: "ecs-exec-log-encrypted", Title: "Recorded commands are logged with encryption", Severity: pack.Medium, Types: []string{ecsCluster}, Why: "The log holds what was typed, passwords included, also where the session itself has a key.",
			Fix: "Set cloudWatchEncryptionEnabled of logConfiguration to true with an encrypted log group, or s3BucketEncryptionEnabled with a bucket.", Maps: meets(logSafety, atRest), Check: func(k *pack.Case) {
				exec := k.Get("configuration.executeCommandConfiguration")
				own := exec.Get("logging").OneOf("OVERRIDE")
				log := exec.Get("logConfiguration")
				k.Forbid(own.And(log.Get("cloudWatchLogGroupName").IsSet()).And(log.Get("cloudWatchEncryptionEnabled").IsFalse()), "%s is %s", log.Get("cloudWatchEncryptionEnabled").Path(), log.Get("cloudWatchEncryptionEnabled"))
				k.Forbid(own.And(log.Get("s3BucketName").IsSet()).And(log.Get("s3BucketEncryptionEnabled").IsFalse()), "%s is %s", log.Get("s3BucketEncryptionEnabled").Path(), log.Get("s3BucketEncryptionEnabled"))
			},
		},
		{
			ID: "ecs-exec-encrypted", Title: "Command sessions are encrypted with a key of yours", Severity: pack.Low, Level: pack.Disabled, Types: []string{ecsCluster}, Why: "The session carries what is typed, passwords included. Clusters that do not use it need none, so this is off by default.",
			Fix: "Set executeCommandConfiguration.kmsKeyId.", Maps: meets(inTransit), Check: isSet("configuration.executeCommandConfiguration.kmsKeyId"),
		},
		{
			ID: "ecs-no-public-ip", Title: "Services have no public addresses", Severity: pack.High, Types: running, Why: "A task with a public address is one security group rule away from the internet.", Fix: "Leave assignPublicIp out.", Maps: meets("FSBP:ECS.2 FSBP:ECS.16", exposure),
			Check: isFalse("networkConfiguration.assignPublicIp"), Remedy: func(e *pack.Edit) {
				if v := e.Get("networkConfiguration.assignPublicIp"); v.Exists() {
					e.Set("networkConfiguration.assignPublicIp", false)
				}
			},
		},
		{
			ID: "ecs-latest-platform", Title: "Fargate services use the latest platform", Severity: pack.Medium, Types: running, Why: "Old platform versions miss security fixes.", Fix: "Leave platformVersion out or set LATEST.", Maps: meets("FSBP:ECS.10", patching), Check: func(k *pack.Case) {
				v := k.Get("platformVersion")
				k.Require(absent(v).Or(v.OneOf("LATEST", "")), "platformVersion is %s", v)
			},
		},
		{
			ID: "ecs-circuit-breaker", Title: "Failed rollouts stop and go back", Severity: pack.Low, Concern: pack.Resilience, Types: []string{ecsService}, Why: "Without it a rollout that cannot start tries forever.", Fix: "Set deploymentCircuitBreaker.enable and rollback to true.",
			Maps: meets(spreading), Check: func(k *pack.Case) {
				other := k.Get("deploymentController.type").OneOf("CODE_DEPLOY", "EXTERNAL")
				k.Require(other.Or(k.Get("deploymentCircuitBreaker.enable").IsTrue().And(k.Get("deploymentCircuitBreaker.rollback").IsTrue())), "deploymentCircuitBreaker is not set")
			},
		},
		{
			ID: "ecs-not-privileged", Title: "Containers are not privileged", Severity: pack.Critical, Types: task, Why: "A privileged container is root on its host.", Fix: "Leave privileged out.", Maps: meets("FSBP:ECS.4", isolation),
			Check: eachContainer(func(k *pack.Case, c pack.Value) {
				k.Forbid(c.Get("privileged").IsTrue(), "%s is privileged", label(c))
			}),
		},
		{
			ID: "ecs-host-process", Title: "Tasks do not see the processes of the host", Severity: pack.High, Types: task, Why: "A task in the host's process space can read the memory of others.", Fix: "Leave pidMode and ipcMode out.", Maps: meets("FSBP:ECS.3", isolation),
			Check: func(k *pack.Case) {
				k.Forbid(k.Get("pidMode").OneOf("host"))
				k.Forbid(k.Get("ipcMode").OneOf("host"))
			},
		},
		{
			ID: "ecs-host-network", Title: "Tasks do not share the network of the host", Severity: pack.Medium, Types: task, Why: "In the host's network a task reaches the host's own services and credentials.", Fix: "Set networkMode to awsvpc.", Maps: meets("FSBP:ECS.17", isolation), Check: noneOf("networkMode", "host"),
		},
		{
			ID: "ecs-read-only-root", Title: "Containers cannot change their own files", Severity: pack.Medium, Types: task, Why: "An intruder then cannot leave a program behind.", Fix: "Set readonlyRootFilesystem to true and mount volumes for what is written.", Maps: meets("FSBP:ECS.5", isolation),
			Check: eachLinuxContainer(func(k *pack.Case, c pack.Value) {
				k.Require(c.Get("readonlyRootFilesystem").IsTrue(), "%s can write to its root file system", label(c))
			}),
		},
		{
			ID: "ecs-no-root-user", Title: "Containers do not run as root", Severity: pack.Medium, Types: task, Why: "A hole in the container runtime is worse for root.", Fix: "Set user to a number above 0.", Maps: meets("FSBP:ECS.20", isolation),
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
			ID: "ecs-no-windows-administrator", Title: "Windows containers do not run as the administrator", Severity: pack.Medium, Level: pack.Disabled, Types: task,
			Why: "A hole in the container runtime is worse for the administrator. ECS's reference says that it passes over the user of Windows containers, so this is off by default.",
			Fix: "Set user to ContainerUser, in the image as well.", Maps: meets("FSBP:ECS.21", isolation), Check: eachContainer(func(k *pack.Case, c pack.Value) {
				windows := k.Get("runtimePlatform.operatingSystemFamily").Matches(func(s string) bool { return strings.HasPrefix(s, "WINDOWS") })
				user := c.Get("user")
				k.Require(windows.Not().Or(user.IsSet().And(user.OneOf("ContainerAdministrator").Not())), "%s runs as the administrator: user is %s", label(c), user)
			}),
		},
		{
			ID: "ecs-env-secrets", Title: "Environment variables hold no secrets", Severity: pack.High, Types: task, Why: "Everybody who may describe the task can read its environment.", Fix: "Use secrets with valueFrom.", Maps: meets("FSBP:ECS.8", identity),
			Check: eachContainer(func(k *pack.Case, c pack.Value) {
				for e := range c.Get("environment").Items() {
					key := e.Get("name").Str()
					if credential(key, e.Get("value")).Is == pack.True {
						k.Report(k.Get("containerDefinitions"), "%s has %q in its environment", label(c), key)
					}
				}
			}),
		},
		{
			ID: "ecs-logs", Title: "Containers send their logs somewhere", Severity: pack.Medium, Types: task, Why: "What a container wrote is gone with it.", Fix: "Set logConfiguration.", Maps: meets("FSBP:ECS.9", logging),
			Check: eachContainer(func(k *pack.Case, c pack.Value) {
				k.Require(c.Get("logConfiguration.logDriver").IsSet(), "%s has no log driver", label(c))
			}),
		},
		{
			ID: "ecs-efs-encrypted", Title: "File systems are mounted with encryption", Severity: pack.High, Types: task, Why: "NFS without TLS can be read on the way.", Fix: "Set efsVolumeConfiguration.transitEncryption to ENABLED.", Maps: meets("FSBP:ECS.18", inTransit), Check: func(k *pack.Case) {
				for v := range k.Get("volumes").Items() {
					e := v.Get("efsVolumeConfiguration")
					k.Require(exists(e).Not().Or(e.Get("transitEncryption").OneOf("ENABLED")), "%s is mounted without encryption", v.Path())
				}
			},
		},
		{
			ID: "ecs-roles-apart", Title: "Tasks do not work with the role that starts them", Severity: pack.Medium, Types: task, Why: "The execution role can read every secret and image the task needs; the program should not.", Fix: "Use different roles for taskRoleArn and executionRoleArn.",
			Maps: meets(privilege), Check: func(k *pack.Case) {
				a, b := k.Get("taskRoleArn"), k.Get("executionRoleArn")
				if !a.Exists() || !b.Exists() {
					k.Skip("the task has at most one role")
					return
				}
				k.Forbid(sameText(a, b), "taskRoleArn and executionRoleArn are the same")
			},
		},
		{
			ID: "ecs-container-limits", Title: "Images are pinned", Severity: pack.Low, Types: task, Why: "The tag latest is another program every time a task starts.", Fix: "Name a version or a digest.", Maps: meets(hygiene),
			Check: eachContainer(func(k *pack.Case, c pack.Value) {
				k.Forbid(c.Get("image").Matches(func(s string) bool {
					name := s[strings.LastIndexByte(s, '/')+1:]
					return strings.HasSuffix(name, ":latest") || !strings.ContainsAny(name, ":@")
				}), "%s uses image %s", label(c), c.Get("image"))
			}),
		},
	}
}
