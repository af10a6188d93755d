// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/stacks/cidr"
)

var accountID = matches(`[0-9]{12}`, "is not an AWS account id",
	"write all 12 digits in quotes, because YAML drops leading zeros from a bare number")

// profile is a plain file name: it becomes a part of a path.
var profile = matches(`[a-z][a-z0-9-]*`, "is not the name of a profile",
	"name a file of policy/profiles without .json, in lower-case letters, digits and hyphens, such as production")

var (
	regionForm     = regexp.MustCompile(`^(af|ap|ca|eu|il|me|mx|sa|us)-(central|north|south|east|west|northeast|northwest|southeast|southwest)-[1-9]$`)
	otherPartition = regexp.MustCompile(`^(cn|us-gov|us-iso[a-z]?|eu-isoe|eusc)-`)
)

func region(s string) *fault {
	switch {
	case otherPartition.MatchString(s):
		return wrong("lies in another AWS partition, whose ARNs differ", "choose a region of the commercial partition, such as eu-central-1")
	case !regionForm.MatchString(s):
		return wrong("is not the name of an AWS region", "write it like eu-central-1")
	}
	return nil
}

// baseEndpoints are what instances need in order to be managed (Session Manager), to log,
// and to read their secrets. They reach AWS in no other way.
var baseEndpoints = []string{"ssm", "ssmmessages", "ec2messages", "secretsmanager", "logs", "kms"}

// otherEndpoints are the further services that the network knows how to reach.
var otherEndpoints = []string{"autoscaling", "cloudformation", "cloudtrail", "codedeploy", "ec2", "ecr.api", "ecr.dkr",
	"elasticloadbalancing", "events", "lambda", "monitoring", "rds", "rds-data", "sns", "sqs", "states", "sts", "xray"}

func endpoint(s string) *fault {
	known := slices.Concat(baseEndpoints, otherEndpoints)
	rest, full := strings.CutPrefix(s, "com.amazonaws.")
	_, short, complete := strings.Cut(rest, ".")
	switch {
	case slices.Contains(known, s):
		return nil
	case full && complete && short != "":
		return wrong("is a full service name", "write only its last part, "+quoted(short))
	case s == "s3":
		return wrong("has a gateway endpoint, which costs nothing and is always there", "remove it")
	}
	slices.Sort(known)
	return wrong("is not a service the network knows", meant(s, known, "choose from "+strings.Join(known, ", ")))
}

var (
	typeForm = regexp.MustCompile(`^([a-z][a-z0-9-]*[0-9][a-z0-9-]*|a1)\.(nano|micro|small|medium|large|[0-9]*xlarge|metal(-[a-z0-9]+)?)$`)
	// plainDisks are the generations that cannot boot in a VPC from an encrypted disk
	// (EBS User Guide, "Requirements for EBS encryption").
	plainDisks = regexp.MustCompile(`^(t1|m1|m2|c1|cc1|cc2|cg1)\.`)
	// arm tells the families with an AWS Graviton processor by the "g" behind the
	// generation ("t4g", "m7gd") from all others.
	arm = regexp.MustCompile(`^(a1|[a-z]+[0-9]+g[a-z]*)\.`)
)

func instanceType(s string) *fault {
	switch {
	case !typeForm.MatchString(s):
		return wrong("is not an EC2 instance type", "write it like t3.small")
	case plainDisks.MatchString(s):
		return wrong("cannot use encrypted disks", "choose a current type such as t3.small")
	}
	return nil
}

var image = matches(`ami-[0-9a-f]{8}(?:[0-9a-f]{9})?|resolve:ssm:[A-Za-z0-9/_.:-]+`, "is neither an AMI id nor a reference to one",
	"write ami-… or resolve:ssm:/aws/service/…")

// amazonLinuxRoot is the root disk of every Amazon Linux image.
const amazonLinuxRoot = "/dev/xvda"

var (
	classForm = regexp.MustCompile(`^db\.[a-z][a-z0-9-]*\.[a-z0-9]+$`)
	// unencrypted are the classes without encryption at rest, from "Availability of
	// Amazon RDS encryption" in the RDS User Guide; db.t1.micro is their predecessor.
	unencrypted = regexp.MustCompile(`^db\.(m1\..*|m2\..*|t1\..*|t2\.micro)$`)
)

func databaseClass(s string) *fault {
	switch {
	case unencrypted.MatchString(s):
		return wrong("cannot encrypt its storage", "choose a current class such as db.t4g.small")
	case s == "db.serverless":
		return wrong("is a class of Aurora, not of RDS for PostgreSQL", "choose a class such as db.t4g.small")
	case !classForm.MatchString(s):
		return wrong("is not an RDS instance class", "write it like db.t4g.small")
	}
	return nil
}

// oldestMajor is the first PostgreSQL release in which RDS demands TLS by default; the
// ones before it are out of the community's support.
const oldestMajor = 15

var versionForm = regexp.MustCompile(`^([1-9][0-9])(\.[0-9]+)?$`)

func engineVersion(s string) *fault {
	parts := versionForm.FindStringSubmatch(s)
	if parts == nil {
		return wrong("is not a major version of PostgreSQL", `write it in quotes, such as "17"`)
	}
	if parts[2] != "" {
		return wrong("pins a minor version, which RDS patches by itself", "write only the major version, "+quoted(parts[1]))
	}
	if major, err := strconv.Atoi(parts[1]); err != nil || major < oldestMajor {
		return wrong("is a PostgreSQL out of support", fmt.Sprintf("choose %d or later", oldestMajor))
	}
	return nil
}

func backupDays(value any) []fault {
	switch days, _ := value.(int); {
	case days == 0:
		return []fault{*wrong("switches backups off", "keep them for 7 to 35 days")}
	case days < 7:
		return []fault{*wrong("keeps backups for less than 7 days (FSBP RDS.11)", "keep them for 7 to 35 days")}
	case days > 35:
		return []fault{*wrong("is more than RDS can keep", "keep them for 7 to 35 days")}
	}
	return nil
}

// logDays are the retentions that CloudWatch Logs accepts (PutRetentionPolicy).
var logDays = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func logRetention(value any) []fault {
	days, _ := value.(int)
	at, exact := slices.BinarySearch(logDays, days)
	if exact {
		return nil
	}
	cure := fmt.Sprintf("the longest is %d", logDays[len(logDays)-1])
	if at < len(logDays) {
		cure = fmt.Sprintf("the next longer one is %d", logDays[at])
	}
	return []fault{*wrong("is not a retention that CloudWatch Logs accepts", cure)}
}

func email(s string) *fault {
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s || !strings.Contains(s[strings.LastIndex(s, "@")+1:], ".") {
		return wrong("is not an e-mail address", "write it like alarms@example.com, without a name")
	}
	return nil
}

// dnsName is a lower-case host name of at least two labels (RFC 1035, RFC 5891 for
// names in Punycode), at most 253 bytes, without the final dot.
func dnsName(s string) *fault {
	if len(s) > 253 || !dnsForm.MatchString(s) {
		return wrong("is not a DNS name", "write it like bulkhead.example, in lower case and without a final dot")
	}
	return nil
}

var dnsForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

var certificateForm = regexp.MustCompile(`^arn:aws:acm:([a-z0-9-]+):([0-9]{12}):certificate/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func certificate(s string) *fault {
	if !certificateForm.MatchString(s) {
		return wrong("is not the ARN of an ACM certificate", "write arn:aws:acm:<region>:<account>:certificate/<id>")
	}
	return nil
}

var healthPath = matches(`/[A-Za-z0-9._~/-]{0,255}`, "is not a plain path of at most 256 characters",
	"write one that begins with a slash, such as /healthz")

// reason is text that says something and fits the value of an AWS tag.
var reason = matches(`[\p{L}\p{N} _.:/=+\-@]{12,256}`, "does not do as a reason",
	"write 12 to 256 letters, digits, spaces or any of _.:/=+-@ (it becomes a tag)")

// destination is a range that the application may reach. The VPC has no IPv6 way out.
func destination(s string) *fault {
	if f := fromCIDR(cidr.CheckDestination)(s); f != nil {
		return f
	}
	if strings.Contains(s, ":") {
		return wrong("is IPv6, which a NAT gateway does not carry", "name an IPv4 range")
	}
	return nil
}

// postgresql is the port of the database, which the app tier must not serve on: a rule
// for the one would also be a rule for the other.
const postgresql = 5432

func appPort(value any) []fault {
	switch port, _ := value.(int); {
	case port >= 0 && port <= 1024:
		return []fault{*wrong("is a privileged port", "choose one from 1025 to 65535")}
	case port < 0 || port > 65535:
		return []fault{*wrong("is not a TCP port", "choose one from 1025 to 65535")}
	case port == postgresql:
		return []fault{*wrong("is the port of PostgreSQL", "choose another, such as 8443")}
	}
	return nil
}

// zoneID and localZone are what else AWS names in the manner of a zone.
var (
	zoneForm  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[1-9][a-h]$`)
	zoneID    = regexp.MustCompile(`^[a-z]+[0-9]+-az[0-9]+$`)
	localZone = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[1-9]-[a-z0-9-]+$`)
)

func zoneName(s string) *fault {
	switch {
	case zoneForm.MatchString(s):
		return nil
	case zoneID.MatchString(s):
		return wrong("is a zone id", "write the zone's name, such as eu-central-1a")
	case localZone.MatchString(s):
		return wrong("is a local or Wavelength zone, which has no RDS and no NAT gateway", "name a zone of the region itself")
	}
	return wrong("is not the name of an availability zone", "write the region and one letter, such as eu-central-1a")
}
