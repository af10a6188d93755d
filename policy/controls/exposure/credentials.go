// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/credential"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/schema"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

// credentialInputs is about credentials in the inputs of any resource of AWS.
func credentialInputs() []*pack.Control {
	return []*pack.Control{
		{
			ID: "credential-in-input", Title: "No resource holds a credential in its inputs", Severity: pack.High, Types: []string{pack.EveryType},
			Why:   "Everybody who may describe the resource reads it, and the program, its history and its state hold it too.",
			Fix:   "Keep the credential in Secrets Manager or a SecureString parameter, and give the resource its ARN.",
			Maps:  standard.Meets("FSBP:CodeBuild.2", standard.Identity),
			Check: func(k *pack.Case) { credentialInInput(k, suspicious) },
		},
	}
}

// places are inputs that are made for credentials, and inputs whose credentials another control reports.
var places = map[string][]string{
	aws.LambdaFunction:                               {"environment"},
	aws.LambdaInvocation:                             {"input"},
	"aws:ecs/taskDefinition:TaskDefinition":          {"containerDefinitions"},
	aws.EC2Instance:                                  {"userData", "userDataBase64"},
	aws.SpotInstanceRequest:                          {"userData", "userDataBase64"},
	aws.LaunchConfiguration:                          {"userData", "userDataBase64"},
	aws.LaunchTemplate:                               {"userData"},
	aws.SSMParameter:                                 {"value", "insecureValue"},
	"aws:secretsmanager/secretVersion:SecretVersion": {"secretString", "secretBinary"},
	"aws:iam/accessKey:AccessKey":                    {"pgpKey"},
}

// elsewhere are places, and the inputs for passwords and other secrets that have controls of their own.
var elsewhere = func() map[string][]string {
	all := maps.Clone(places)
	for token, inputs := range credential.Handed {
		all[token] = slices.Concat(all[token], inputs)
	}
	for token, input := range credential.Managed {
		all[token] = slices.Concat(all[token], input[:1])
	}
	return all
}()

// programs are inputs that hold the settings of a program, in services without a control of their own for these.
var programs = map[string][]string{
	"aws:amplify/app:App":                                              {"environmentVariables", "customHeaders", "buildSpec"},
	"aws:amplify/branch:Branch":                                        {"environmentVariables"},
	"aws:apprunner/service:Service":                                    {"sourceConfiguration"},
	aws.BatchJobDefinition:                                             {"containerProperties"},
	"aws:codebuild/project:Project":                                    {"environment"},
	"aws:elasticbeanstalk/environment:Environment":                     {"settings"},
	"aws:elasticbeanstalk/configurationTemplate:ConfigurationTemplate": {"settings"},
	"aws:glue/job:Job":                                                 {"defaultArguments", "nonOverridableArguments"},
	"aws:glue/connection:Connection":                                   {"connectionProperties"},
	"aws:sagemaker/model:Model":                                        {"primaryContainer", "containers"},
	"aws:lightsail/containerServiceDeploymentVersion:ContainerServiceDeploymentVersion": {"containers"},
	"aws:mwaa/environment:Environment":                                                  {"airflowConfigurationOptions"},
	"aws:kinesisanalyticsv2/application:Application":                                    {"applicationConfiguration"},
}

// credentialInInput reads the texts that a filter lets through, and whatever stands in an environment.
func credentialInInput(k *pack.Case, filter func(text string) bool) {
	if !strings.HasPrefix(k.Type, "aws:") && !strings.HasPrefix(k.Type, "aws-native:") {
		k.Skip("the resource is not of AWS")
		return
	}
	w := credentialWalk{k: k, filter: filter}
	sealed, others, program := schema.Sealed(k.Type), elsewhere[k.Type], programs[k.Type]
	for name, v := range k.Inputs().Entries() {
		if !slices.Contains(sealed, name) && !slices.Contains(others, name) {
			w.waits = slices.Contains(program, name)
			named := readTitle(name)
			w.value(v, named, named.settings)
		}
	}
}

// credentialWalk looks for credentials in a tree of inputs.
type credentialWalk struct {
	k *pack.Case
	// filter reports whether a text outside an environment has to be read.
	filter func(text string) bool
	// waits says that the input is for the settings of a program, so that what is unknown in it may be a credential. Other
	// inputs are unknown because they are ids.
	waits bool
	// at is the input that holds the text which is being read, for what is read from JSON has no place of its own.
	at pack.Value
}

// environments are words in the names of inputs that hold settings of a program by their names.
var environments = []string{"environment", "variables", "envvars", "settings", "arguments", "configurationoptions", "connectionproperties"}

var (
	environmentWords = credential.NewWords(environments...)
	telling          = credential.NewWords(slices.Concat(environments, credential.Inputs)...)
)

// title is the name of an input, and what it says of what is in it: settings of a program, or a credential.
type title struct {
	text                 string
	settings, credential bool
}

func readTitle(name string) title {
	if !telling.In(name) { // nearly every name
		return title{text: name}
	}
	return title{text: name, settings: environmentWords.In(name), credential: credential.IsInput(name)}
}

// value judges one input. Below the name of an environment, names count as well as shapes.
func (w *credentialWalk) value(v pack.Value, name title, variables bool) {
	switch v.Kind() {
	case pack.Map:
		if variables {
			w.pair(v)
		}
		for key, item := range v.Entries() {
			inner := readTitle(key)
			w.value(item, inner, variables || inner.settings)
		}
	case pack.List:
		for item := range v.Items() {
			w.value(item, name, variables)
		}
	case pack.Unknown:
		if w.waits && (!variables || name.settings || secretName(name.text)) || !v.Secret() && name.credential {
			w.k.Defer(w.place(v))
		}
	case pack.Text:
		w.text(v, name, variables)
	}
}

// text judges a string, or what is in it when it is JSON.
func (w *credentialWalk) text(v pack.Value, name title, variables bool) {
	if !v.Secret() && name.credential && credential.Setting("password", v).Is == pack.True {
		w.report(v, name.text)
		return
	}
	if !variables && !w.filter(v.Str()) { // nearly every text
		return
	}
	if inner := readJSON(v); inner.Exists() {
		outer := w.at
		w.at = w.place(v)
		w.value(inner, name, variables)
		w.at = outer
		return
	}
	if credential.IsValue(v.Str()) || variables && secretName(name.text) && credential.Setting(name.text, v).Is == pack.True {
		w.report(v, name.text)
	}
}

// pair judges an object among settings that is one variable: a name and a value. A type says when the value is the name of a secret.
func (w *credentialWalk) pair(v pack.Value) {
	name, value := v.First("name", "Name", "key"), v.First("value", "Value")
	if w.waits && name.Exists() && (name.IsUnknown() || value.IsUnknown() && credential.Named(name.Str())) {
		w.k.Defer(w.place(v))
	}
	if name.Kind() != pack.Text || value.Kind() != pack.Text {
		return
	}
	if kind := v.Get("type").Str(); kind == "PARAMETER_STORE" || kind == "SECRETS_MANAGER" {
		return
	}
	if credential.Setting(name.Str(), value).Is == pack.True {
		w.report(value, name.Str())
	}
}

// secretName keeps the fields of a variable, such as "value", from being taken for names of variables.
func secretName(name string) bool { return name != "value" && name != "name" && credential.Named(name) }

func (w *credentialWalk) place(v pack.Value) pack.Value {
	if w.at.Exists() || w.at.Path() != "" {
		return w.at
	}
	return v.Place()
}

func (w *credentialWalk) report(v pack.Value, name string) {
	at := w.place(v)
	w.k.Report(at, "%s looks as if it holds a credential (%s)", at.Path(), name)
}

// longestText is the longest JSON text that is read; no environment is as long.
const longestText = 256 << 10

// suspicious reports whether a text outside an environment may be a credential, or JSON with one or with an environment in it. It
// never says no where [credentialWalk.text] would report the text. (Measured by BenchmarkRules.)
func suspicious(text string) bool {
	if !startsJSON(text) {
		return credential.MayBe(text)
	}
	return credential.MayStandIn(text) || environmentWords.In(text)
}

// startsJSON reports whether a text may be an object or a list in JSON.
func startsJSON(text string) bool {
	for i := range len(text) {
		switch text[i] {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return text[i] == '{' || text[i] == '['
	}
	return false
}

// readJSON returns the object or list that a text holds in JSON, or nothing.
func readJSON(v pack.Value) pack.Value {
	text := v.Str()
	if len(text) > longestText || !startsJSON(text) {
		return pack.Value{}
	}
	var plain any
	if json.Unmarshal([]byte(text), &plain) != nil {
		return pack.Value{}
	}
	s, err := structpb.NewStruct(map[string]any{"text": plain})
	if err != nil {
		return pack.Value{}
	}
	return v.Parsed(s).Get("text")
}
