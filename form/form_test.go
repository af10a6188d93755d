// SPDX-License-Identifier: Apache-2.0

package form_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/form"
)

// texts are the checks of one text: what they accept, and what they say of anything else.
var texts = map[string]struct {
	check func(string) error
	good  []string
	bad   map[string]string
}{
	"account": {
		form.CheckAccountID,
		[]string{"123456789012", "000000000000"},
		map[string]string{"": "", "12345678901": `"12345678901" is not an AWS account id; write all 12 digits`, "1234-5678-9012": "", "１２３４５６７８９０１２": ""},
	},
	"region": {
		form.CheckRegion,
		[]string{"eu-central-1", "us-east-2", "ap-southeast-7", "mx-central-1", "il-central-1"},
		map[string]string{
			"": "", "eu-centrl-1": "is not the name of an AWS region", "eu-central-1a": "", "EU-central-1": "", "xx-central-1": "",
			"cn-north-1": "another AWS partition", "us-gov-west-1": "another AWS partition", "us-isob-east-1": "another AWS partition", "eusc-de-east-1": "another AWS partition",
		},
	},
	"zone": {
		form.CheckZone,
		[]string{"eu-central-1a", "us-east-1f", "ap-southeast-2h"},
		map[string]string{"": "", "a": "", "eu-central-1": "", "eu-central-1i": "", "euc1-az2": "is a zone id", "eu-central-1-ham-1a": "local or Wavelength", "us-east-1-wl1-bos-wlz-1": "local or Wavelength"},
	},
	"instance type": {
		form.CheckInstanceType,
		[]string{"t3.micro", "m7gd.16xlarge", "a1.medium", "u-6tb1.112xlarge", "c7i.metal-24xl"},
		map[string]string{"": "", "micro": "write it like t3.small", "t3": "", "t3.tiny": "", "t1.micro": "cannot use encrypted disks", "cg1.4xlarge": "cannot use encrypted disks"},
	},
	"image": {
		form.CheckImage,
		[]string{"ami-01234567", "ami-0123456789abcdef0", "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64", "resolve:ssm:app:3"},
		map[string]string{"": "", "ubuntu": "neither an AMI id", "ami-012345678": "", "AMI-01234567": "", "resolve:ssm:": "", "ssm:/a": "", "resolve:ssm:a b": ""},
	},
	"root device": {
		form.CheckRootDevice,
		[]string{"/dev/xvda", "/dev/sda1"},
		map[string]string{"": "", "/dev/xvdb": `"/dev/xvdb" is not one of the choices; choose /dev/xvda or /dev/sda1`},
	},
	"database class": {
		form.CheckDatabaseClass,
		[]string{"db.t4g.micro", "db.m7g.large", "db.x2iedn.24xlarge", "db.t2.small"},
		map[string]string{"": "", "t4g.micro": "write it like db.t4g.small", "db.large": "", "db.m1.small": "cannot encrypt", "db.t2.micro": "cannot encrypt", "db.serverless": "Aurora"},
	},
	"PostgreSQL": {
		func(version string) error { return form.CheckPostgreSQL(version, false) },
		[]string{"15", "17", "18"},
		map[string]string{"": "", "14": "out of support; choose 15 to 18", "19": "nothing here was tried; choose 15 to 18", "9": "", "017": "", "17.2": `write only the major version, "17"`, "17.": "", "latest": "", "100": ""},
	},
	"PostgreSQL to upgrade to": {
		func(version string) error { return form.CheckPostgreSQL(version, true) },
		[]string{"15", "17.2", "18.10"},
		map[string]string{"14.20": "out of support; choose 15 to 18", "17.": "", "17.02.1": ""},
	},
	"host name": {
		form.CheckHostName,
		[]string{"bulkhead.example", "a.b.c.example", "xn--bcher-kva.example"},
		map[string]string{
			"": "", "example": "", "Bulkhead.example": "lower case", "bulkhead.example.": "", "*.bulkhead.example": "is a wildcard", "-a.example": "", "a..example": "", "192.0.2.1": "",
			strings.Repeat("a.", 126) + "ab": "is not a DNS name", strings.Repeat("a", 64) + ".example": "",
		},
	},
	"domain": {
		form.CheckDomain,
		[]string{"api.example.com", "*.example.com"},
		map[string]string{"": "", "*": "", "*.com": "neither a DNS name nor all names below one", "a.*.example.com": "", "API.example.com": "", "*example.com": ""},
	},
	"certificate name": {
		form.CheckCertificateName,
		[]string{strings.Repeat("a", 56) + ".example"},
		map[string]string{strings.Repeat("a", 57) + ".example": "longer than the 64 characters"},
	},
	"certificate": {
		form.CheckCertificateARN,
		[]string{"arn:aws:acm:eu-central-1:210987654321:certificate/01234567-89ab-cdef-0123-456789abcdef"},
		map[string]string{"": "", "arn:aws:acm:eu-central-1:210987654321:certificate/x": "", "arn:aws-cn:acm:cn-north-1:210987654321:certificate/01234567-89ab-cdef-0123-456789abcdef": "", "arn:aws:iam::210987654321:server-certificate/x": "is not the ARN"},
	},
	"health path": {
		form.CheckHealthPath,
		[]string{"/", "/healthz", "/a/b-c_d.e~f"},
		map[string]string{"": "", "healthz": "", "/a?b": "is not a plain path", "/a b": "", "/" + strings.Repeat("a", 256): "256 characters"},
	},
	"endpoint": {
		form.CheckEndpointService,
		[]string{"ssm", "ecr.api", "rds-data"},
		map[string]string{"": "", "s3": "gateway endpoint", "com.amazonaws.eu-central-1.ecr.api": `write only its last part, "ecr.api"`, "com.amazonaws.": "", "bedrock": "choose from autoscaling, "},
	},
	"WAF rule": {
		form.CheckWAFRule,
		[]string{"SizeRestrictions_BODY", "a-b"},
		map[string]string{"": "", "a b": "is not the name of a rule", "a.b": "", strings.Repeat("a", 81): ""},
	},
	"reason": {
		form.CheckReason,
		[]string{"0123456789", "thrown away every night", "für die Lastprobe", "ticket OPS-12: https://x.example/a@b", strings.Repeat("é", 256)},
		map[string]string{
			"": "", "todo": "10 to 256", "- thrown away every night": "beginning with a letter or digit", " thrown away every night": "", "thrown away!": "", "line one\nline two": "",
			"aws: thrown away every night": "AWS keeps for its own tags", "RDS:thrown away every night": "AWS keeps for its own tags", strings.Repeat("é", 257): "", "a\u00a0non-breaking space": "", "bad \xff bytes here": "",
		},
	},
	"e-mail": {
		form.CheckEmail,
		[]string{"ops@example.com", "a.b+c@x.y.example"},
		map[string]string{"": "", "ops": "", "ops@localhost": "is not an e-mail address", "Ops <ops@example.com>": "without a name", "ops@example.com, x@example.com": ""},
	},
	"environment": {
		form.CheckEnvironmentName,
		[]string{"staging", "p", "prod-eu", "dev-anna-2", "sgx", "internals", "am", "my-aws", "a23456789012345"},
		map[string]string{
			"": "", "Staging": "1 to 15 lower-case letters", "staging_2": "", "2-staging": "", "staging-": "", "a234567890123456": "1 to 15", "a b": "",
			"sg": "a security group", "sg-1": "a security group", "internal-2": "internal load balancer", "awsome": "Session Manager", "sthree": "S3", "dev--anna": "RDS",
		},
	},
	"servers": {
		form.CheckServerName,
		[]string{"staging-app", "a", "abcdefghijklmnopqrstuvwxyz-0123456789-ab", "app-"},
		map[string]string{"": "", "App": "1 to 40", "my app": "", "2-app": "", "abcdefghijklmnopqrstuvwxyz-0123456789-abc": "1 to 40"},
	},
	"project": {
		form.CheckProjectName,
		[]string{"bulkhead", "shop", "a2345678901234567890"},
		map[string]string{"": "", "Shop": "1 to 20", "my shop": "", "shop.example": "", "a23456789012345678901": "1 to 20", "aws-shop": "call the project something else, such as shop"},
	},
}

func TestChecksOfTexts(t *testing.T) {
	for name, tt := range texts {
		for _, good := range tt.good {
			require.NoError(t, tt.check(good), "%s %q", name, good)
		}
		for bad, want := range tt.bad {
			requireError(t, tt.check(bad), want, name, bad)
		}
	}
}

func requireError(t *testing.T, err error, want string, about ...any) {
	t.Helper()
	require.Error(t, err, about)
	require.ErrorContains(t, err, want, about)
	var wrong *form.Error
	require.ErrorAs(t, err, &wrong, about)
	require.NotEmpty(t, wrong.Fault, about)
	require.NotEmpty(t, wrong.Cure, about)
	require.NotContains(t, err.Error(), "\n", "an error is one line")
}

func TestChecksOfNumbers(t *testing.T) {
	for name, tt := range map[string]struct {
		check func(int) error
		good  []int
		bad   map[int]string
	}{
		"log days":      {form.CheckLogDays, []int{1, 365, 3653, form.DefaultLogDays}, map[int]string{-1: "", 0: "", 100: "the next longer one is 120", 9999: "the longest is 3653"}},
		"backup days":   {form.CheckBackupDays, []int{7, 35}, map[int]string{0: "switches backups off", -3: "", 6: "less than 7 days", 36: "more than RDS can keep"}},
		"first storage": {form.CheckFirstStorage, []int{20, 59578}, map[int]string{19: "is not between 20 and 59578 GiB", 59579: ""}},
		"service port":  {form.CheckServicePort, []int{1025, 8443, 65535}, map[int]string{-1: "not a TCP port", 0: "privileged", 1024: "privileged", 5432: "PostgreSQL", 65536: "not a TCP port"}},
		"rate limit":    {form.CheckRateLimit, []int{10, 2_000_000_000}, map[int]string{9: "requests in 5 minutes", 2_000_000_001: ""}},
	} {
		for _, good := range tt.good {
			require.NoError(t, tt.check(good), "%s %d", name, good)
		}
		for bad, want := range tt.bad {
			requireError(t, tt.check(bad), want, name, bad)
		}
	}
}

func TestRDSUpgradesToWhatWasReleasedLater(t *testing.T) {
	for _, c := range []struct{ from, to, problem string }{
		{"16.13", "17.6", `"17.6" was released before the PostgreSQL 16.13 that runs, and RDS cannot upgrade to it; choose 17.9 or later`},
		{"16.13", "17.9", ""}, {"16.13", "17.10", ""}, {"16.13", "17", ""}, {"16.13", "16.13", ""}, {"16.13", "16.14", ""}, {"16.13", "16", ""},
		{"15.12", "17.4", ""}, {"15.13", "17.4", "choose 17.5 or later"}, {"17.7", "18.0", "choose 18.1 or later"}, {"17.7", "18.1", ""},
		{"16.13", "16.12", "never goes back"}, {"16.13", "15.17", "never goes back"}, {"16.13", "15", "never goes back"},
		{"", "17.6", ""}, {"17", "17.6", ""},
	} {
		if err := form.CheckUpgrade(c.from, c.to); c.problem == "" {
			require.NoError(t, err, "%s to %s", c.from, c.to)
		} else {
			require.ErrorContains(t, err, c.problem, "%s to %s", c.from, c.to)
		}
	}
}

func TestStorageGrowsByATenth(t *testing.T) {
	require.NoError(t, form.CheckMaxStorage(22, 20))
	require.NoError(t, form.CheckMaxStorage(form.MaxStorageGB, form.MaxFirstStorageGB), "the largest first volume can grow")
	require.EqualError(t, form.CheckMaxStorage(21, 20), "21 leaves no room to grow from 20 GiB; set it to 22 or more")
	require.EqualError(t, form.CheckMaxStorage(115, 105), "115 leaves no room to grow from 105 GiB; set it to 116 or more")
	require.EqualError(t, form.CheckMaxStorage(65537, 20), "65537 is more GiB than a volume of RDS can have; the most is 65536")
}

func TestCheckZones(t *testing.T) {
	for zones, want := range map[string]string{
		"eu-central-1a eu-central-1b":                             "",
		"eu-central-1h eu-central-1b eu-central-1c eu-central-1a": "",
		"":              "Zones: names 0 zones; name 2 to 4 zones of eu-central-1",
		"eu-central-1a": "Zones: names one zone, and a load balancer and a database need two; name 2 to 4 zones of eu-central-1",
		"eu-central-1a eu-central-1b eu-central-1c eu-central-1d eu-central-1e": "Zones: names 5 zones; name 2 to 4 zones of eu-central-1\n" +
			`Zones[4]: "eu-central-1e" has the same address slot in the network as eu-central-1a; choose a zone with another letter`,
		"eu-central-1a euc1-az2": `Zones[1]: "euc1-az2" is a zone id; write the zone's name, such as eu-central-1a`,
		"eu-central-1a eu-west-1b eu-central-1a": `Zones[1]: "eu-west-1b" lies outside region eu-central-1; name a zone such as eu-central-1a` + "\n" +
			`Zones[2]: "eu-central-1a" is listed twice; keep one`,
	} {
		err := form.In("Zones", form.CheckZones("eu-central-1", strings.Fields(zones))...)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, want)
	}
}

func TestArchitecture(t *testing.T) {
	for instanceType, want := range map[string]string{"t3.micro": form.X86, "m7i.large": form.X86, "g5.xlarge": form.X86, "t4g.nano": form.ARM, "m7gd.large": form.ARM, "a1.medium": form.ARM, "g5g.xlarge": form.ARM} {
		require.Equal(t, want, form.Architecture(instanceType), instanceType)
	}
	for _, fitting := range [][2]string{
		{"ami-01234567", "t4g.small"}, {"resolve:ssm:/images/arm64/app", "t4g.small"}, {"resolve:ssm:/images/app-x86_64", "t3.small"}, {"resolve:ssm:/arm64-and-x86_64", "t3.small"},
	} {
		require.NoError(t, form.CheckImageFits(fitting[0], fitting[1]))
	}
	require.EqualError(t, form.CheckImageFits("resolve:ssm:/images/arm64/app", "t3.small"),
		`"resolve:ssm:/images/arm64/app" is for arm64 and t3.small has a processor of x86_64; choose an image for x86_64, or another instance type`)
	require.ErrorContains(t, form.CheckImageFits("resolve:ssm:/images/app-x86_64", "t4g.small"), "choose an image for arm64")
}

func TestCertificateHome(t *testing.T) {
	const arn = "arn:aws:acm:eu-central-1:210987654321:certificate/01234567-89ab-cdef-0123-456789abcdef"
	require.Empty(t, form.CheckCertificateHome(arn, "eu-central-1", "210987654321"))
	require.Empty(t, form.CheckCertificateHome("nonsense", "eu-central-1", "210987654321"))
	problems := form.CheckCertificateHome(arn, "us-east-1", "123456789012")
	require.Len(t, problems, 2)
	require.ErrorContains(t, problems[0], "lies outside region us-east-1")
	require.ErrorContains(t, problems[1], "belongs to another account than 123456789012")
}

func TestCheckInZone(t *testing.T) {
	require.NoError(t, form.CheckInZone("bulkhead.example", "bulkhead.example"))
	require.NoError(t, form.CheckInZone("www.bulkhead.example", "bulkhead.example"))
	require.EqualError(t, form.CheckInZone("notbulkhead.example", "bulkhead.example"),
		`"notbulkhead.example" lies outside the zone bulkhead.example; choose bulkhead.example or a name below it`)
}

func TestCheckEachNamesTheEntry(t *testing.T) {
	require.Empty(t, form.CheckEach(nil, form.CheckEmail))
	problems := form.CheckEach([]string{"a@x.example", "b", "a@x.example"}, form.CheckEmail)
	require.EqualError(t, form.In("Emails", problems...), `Emails[1]: "b" is not an e-mail address; write it like alarms@example.com, without a name`+"\n"+
		`Emails[2]: "a@x.example" is listed twice; keep one`)
	var element *form.Element
	require.ErrorAs(t, problems[1], &element)
	require.Equal(t, 2, element.Index)
	problems = form.CheckEach([]string{"x"}, func(string) error { return errors.New("odd") })
	require.EqualError(t, problems[0], "[0]: odd; correct it")
}

func TestInNamesTheField(t *testing.T) {
	require.NoError(t, form.In("Region"))
	require.NoError(t, form.In("Region", nil, nil))
	err := form.In("Region", form.CheckRegion("nowhere"))
	require.EqualError(t, err, `Region: "nowhere" is not the name of an AWS region; write it like eu-central-1`)
	requireError(t, err, "nowhere")
	require.EqualError(t, form.Missing("Network", "give the network"), "Network: missing; give the network")
}

func TestWithinListsEachProblemOnItsOwn(t *testing.T) {
	one, two, three := errors.New("one"), errors.New("two"), errors.New("three")
	all := form.Within("Edge", one, nil, errors.Join(two, errors.Join(three)))
	require.Len(t, all, 3)
	require.EqualError(t, all[0], "Edge: one")
	require.ErrorIs(t, all[1], two)
	require.EqualError(t, all[2], "Edge: three")
	require.Empty(t, form.Within("Edge", nil))
	require.Equal(t, []error{one, two}, form.Problems(one, nil, two))
}

func TestChoicesMayHaveATypeOfTheirOwn(t *testing.T) {
	type strategy string
	err := form.CheckChoice(strategy("x"), strategy("None"), strategy("Single"), strategy("OnePerZone"))
	require.EqualError(t, err, `"x" is not one of the choices; choose None, Single or OnePerZone`)
	var wrong *form.Error
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []string{"None", "Single", "OnePerZone"}, wrong.Choices)
}

// FuzzTexts gives anything to every check: none panics, and each says what is wrong on one line.
func FuzzTexts(f *testing.F) {
	for _, tt := range texts {
		for _, good := range tt.good {
			f.Add(good)
		}
		for bad := range tt.bad {
			f.Add(bad)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, tt := range texts {
			if err := tt.check(s); err != nil {
				requireError(t, err, "", name, s)
			} else if name != "certificate name" { // which only measures
				require.NotContains(t, s, "\n", name)
			}
		}
	})
}
