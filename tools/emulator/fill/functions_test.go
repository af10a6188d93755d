// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"archive/zip"
	"bytes"
	"context"
	"debug/elf"
	"encoding/base64"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

// architecture is Lambda's name of this machine's.
var architecture = map[string]types.Architecture{"amd64": types.ArchitectureX8664, "arm64": types.ArchitectureArm64}[runtime.GOARCH]

// script is a program of a function that only the shell and curl are needed for.
const script = `#!/bin/sh
set -eu
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
event=$(curl -s -D headers $api/invocation/next)
id=$(sed -n 's/^Lambda-Runtime-Aws-Request-Id: \([^[:space:]]*\).*/\1/p' headers)
echo "the event is $event"
case $event in
*leave*) exit 3 ;;
*wait*) exec sleep 600 ;;
*fail*) curl -s -d '{"errorType":"Broken","errorMessage":"as asked"}' $api/invocation/$id/error ;;
*) curl -s -d "{\"greeting\":\"$GREETING\",\"endpoint\":\"$AWS_ENDPOINT_URL\",\"key\":\"$AWS_ACCESS_KEY_ID\",\"home\":\"${HOME-none}\"}" $api/invocation/$id/response ;;
esac
curl -s $api/invocation/next
`

// zipped is an archive with one program.
func zipped(t *testing.T, name string, program []byte) []byte {
	t.Helper()
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(0o755)
	file, err := writer.CreateHeader(header)
	require.NoError(t, err)
	_, err = file.Write(program)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return archive.Bytes()
}

// elfFor is the beginning of a program for a processor, which is all that says for which.
func elfFor(machine elf.Machine) []byte {
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	header[16], header[18], header[20], header[52] = 2, byte(machine), 1, 64
	return header
}

// functions is an account with a role for functions.
type functions struct {
	*lambda.Client
	account *emulatortest.Account
	role    string
}

func newFunctions(t *testing.T) *functions {
	t.Helper()
	account := emulatortest.NewAccount(t)
	role, err := iam.NewFromConfig(account.Config).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("function"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	require.NoError(t, err)
	return &functions{Client: lambda.NewFromConfig(account.Config), account: account, role: *role.Role.Arn}
}

func (f *functions) create(t *testing.T, name string, change func(*lambda.CreateFunctionInput)) error {
	t.Helper()
	input := &lambda.CreateFunctionInput{
		FunctionName: &name, Role: &f.role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Architectures: []types.Architecture{architecture},
		Timeout: aws.Int32(30), Code: &types.FunctionCode{ZipFile: zipped(t, "bootstrap", []byte(script))},
		Environment: &types.Environment{Variables: map[string]string{"GREETING": "hello"}},
	}
	if change != nil {
		change(input)
	}
	_, err := f.CreateFunction(t.Context(), input)
	return err
}

// call returns the answer, and what Lambda says of a failure.
func (f *functions) call(ctx context.Context, name, event string) (answer, failed, log string, err error) {
	output, err := f.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: []byte(event), LogType: types.LogTypeTail})
	if err != nil {
		return "", "", "", err
	}
	text, err := base64.StdEncoding.DecodeString(aws.ToString(output.LogResult))
	return string(output.Payload), aws.ToString(output.FunctionError), string(text), err
}

func TestFunctionsRun(t *testing.T) {
	t.Parallel()
	f := newFunctions(t)
	require.NoError(t, f.create(t, "greeter", nil))
	for _, named := range []string{"greeter", "arn:aws:lambda:" + emulatortest.Region + ":" + f.account.ID + ":function:greeter"} {
		answer, failed, log, err := f.call(t.Context(), named, `{"do":"greet"}`)
		require.NoError(t, err)
		require.Empty(t, failed)
		require.JSONEq(t, `{"greeting":"hello","endpoint":"`+f.account.Endpoint+`","key":"`+f.account.AccessKey+`","home":"none"}`, answer)
		require.Contains(t, log, `the event is {"do":"greet"}`)
	}

	_, err := f.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{
		FunctionName: aws.String("greeter"), ZipFile: zipped(t, "bootstrap", []byte(strings.ReplaceAll(script, `\"home`, `\"new\":true,\"home`)))})
	require.NoError(t, err)
	answer, _, _, err := f.call(t.Context(), "greeter", `{}`)
	require.NoError(t, err)
	require.Contains(t, answer, `"new":true`)

	_, err = f.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("greeter")})
	require.NoError(t, err)
	_, _, _, err = f.call(t.Context(), "greeter", `{}`)
	require.ErrorContains(t, err, "ResourceNotFoundException")
}

func TestFailedFunctionsAnswerAsLambdaDoes(t *testing.T) {
	t.Parallel()
	f := newFunctions(t)
	other, otherName := elf.EM_AARCH64, types.ArchitectureArm64
	if architecture == types.ArchitectureArm64 {
		other, otherName = elf.EM_X86_64, types.ArchitectureX8664
	}
	archive := func(name string, program []byte) func(*lambda.CreateFunctionInput) {
		return func(input *lambda.CreateFunctionInput) { input.Code.ZipFile = zipped(t, name, program) }
	}
	for _, c := range []struct {
		name, event string
		change      func(*lambda.CreateFunctionInput)
		payload     string // Of a failed call.
		refusal     string // Of the call itself.
	}{
		{name: "says-so", event: `{"do":"fail"}`, payload: `"errorType":"Broken"`},
		{name: "leaves", event: `{"do":"leave"}`, payload: `Runtime.ExitError`},
		{name: "waits", event: `{"do":"wait"}`, change: func(input *lambda.CreateFunctionInput) { input.Timeout = aws.Int32(1) }, payload: `Task timed out after 1.00 seconds`},
		{name: "has-no-program", event: `{}`, change: archive("main", []byte(script)), payload: `Couldn't find valid bootstrap`},
		{name: "is-for-another-processor", event: `{}`, change: archive("bootstrap", elfFor(other)), payload: `exec format error`},
		{name: "is-not-for-this-machine", event: `{}`, refusal: "build it for this one", change: func(input *lambda.CreateFunctionInput) {
			input.Code.ZipFile, input.Architectures = zipped(t, "bootstrap", elfFor(other)), []types.Architecture{otherName}
		}},
		{name: "is-python", event: `{}`, refusal: "programs of the runtimes provided.*", change: func(input *lambda.CreateFunctionInput) { input.Runtime = types.RuntimePython313 }},
		{name: "is-told-no-json", event: `{`, refusal: "InvalidRequestContentException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, f.create(t, c.name, c.change))
			payload, failed, _, err := f.call(t.Context(), c.name, c.event)
			if c.refusal != "" {
				require.ErrorContains(t, err, c.refusal)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "Unhandled", failed)
			require.Contains(t, payload, c.payload)
		})
	}
	require.ErrorContains(t, f.create(t, "no-zip", func(input *lambda.CreateFunctionInput) { input.Code.ZipFile = []byte("no zip") }), "Could not unzip uploaded file")
}

func TestFunctionsLeaveNoFiles(t *testing.T) {
	f := newFunctions(t)
	t.Setenv("TMPDIR", t.TempDir()) // Of the gateway, which is in this process.
	require.NoError(t, f.create(t, "tidy", nil))
	_, _, _, err := f.call(t.Context(), "tidy", `{}`)
	require.NoError(t, err)
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestFunctionSettingsComeAndGo(t *testing.T) {
	t.Parallel()
	f := newFunctions(t)
	read := func() *types.FunctionConfiguration {
		got, err := f.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("kept")})
		require.NoError(t, err)
		alone, err := f.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("kept")})
		require.NoError(t, err)
		require.Equal(t, got.Configuration.LoggingConfig, alone.LoggingConfig)
		return got.Configuration
	}
	require.NoError(t, f.create(t, "kept", nil))
	require.Equal(t, &types.LoggingConfig{LogFormat: types.LogFormatText, LogGroup: aws.String("/aws/lambda/kept")}, read().LoggingConfig)

	own := &types.LoggingConfig{LogFormat: types.LogFormatJson, LogGroup: aws.String("own")}
	_, err := f.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("kept"), LoggingConfig: own, TracingConfig: &types.TracingConfig{Mode: types.TracingModeActive}})
	require.NoError(t, err)
	require.Equal(t, own, read().LoggingConfig)
	require.Equal(t, types.TracingModeActive, read().TracingConfig.Mode)

	_, err = f.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("kept")})
	require.NoError(t, err)
	require.NoError(t, f.create(t, "kept", nil))
	require.Equal(t, types.TracingModePassThrough, read().TracingConfig.Mode, "a new function of the same name knows nothing of the old one")
}
