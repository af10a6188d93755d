// SPDX-License-Identifier: Apache-2.0

package model_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/model"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// call makes a form call of a service.
func call(service, form string) *wire.Call {
	request := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-central-1/"+service+"/aws4_request")
	return wire.Parse(request, []byte(form))
}

const launch = "Action=RunInstances&Version=2016-11-15&ImageId=ami-1&MinCount=1&MaxCount=1&InstanceType="

// What the models do not know, and what cannot be read, passes: moto and the handlers of the gateway answer it.
func TestUnknownCallsPass(t *testing.T) {
	t.Parallel()
	models := model.New(emulatortest.Start(t).Moto.Models)
	for name, c := range map[string]*wire.Call{
		"a service without a model":    call("nosuchservice", "Action=CreateThing&Version=1"),
		"an operation without a model": call("iam", "Action=CreateThing&Version=2010-05-08"),
		"a name that is a path":        call("../ec2", "Action=CreateVpc&Version=1"),
		"a right value":                call("ec2", launch+"t3.micro"),
	} {
		refusal, err := models.Refusal(c)
		require.NoError(t, err, name)
		require.Nil(t, refusal, name)
	}
	refusal, err := model.New("").Refusal(call("ec2", launch+"t2.medum"))
	require.NoError(t, err)
	require.Nil(t, refusal, "without models")
}

func TestAllProblemsOfACallAreNamed(t *testing.T) {
	t.Parallel()
	models := model.New(emulatortest.Start(t).Moto.Models)
	refusal, err := models.Refusal(call("iam", "Action=CreateRole&Version=2010-05-08&RoleName="+strings.Repeat("x", 65)+"&MaxSessionDuration=1"))
	require.NoError(t, err)
	require.Contains(t, string(refusal.Body), "3 validation errors detected: Value null at &#39;assumeRolePolicyDocument&#39;")
}

// A model that was loaded is not read again: its folder is gone, and it still judges.
func TestLoadedModelsAreReady(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.CopyFS(filepath.Join(folder, "kms"), os.DirFS(filepath.Join(emulatortest.Start(t).Moto.Models, "kms"))))
	models := model.New(folder)
	models.Load("kms", "nosuchservice")
	require.NoError(t, os.RemoveAll(folder))
	request := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
	request.Header.Set("X-Amz-Target", "TrentService.CreateKey")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-central-1/kms/aws4_request")
	refusal, err := models.Refusal(wire.Parse(request, []byte(`{"KeySpec":"RSA_1024"}`)))
	require.NoError(t, err)
	require.Contains(t, string(refusal.Body), "RSA_1024")
}

// The largest model is read in the first turn; every further call is what a rehearsal's calls cost.
func BenchmarkRefusal(b *testing.B) {
	models := model.New(emulatortest.Start(b).Moto.Models)
	c := call("ec2", launch+"t3.micro")
	_, err := models.Refusal(c)
	require.NoError(b, err)
	for b.Loop() {
		refusal, err := models.Refusal(c)
		require.NoError(b, err)
		require.Nil(b, refusal)
	}
}

func BenchmarkFirstCall(b *testing.B) {
	folder := emulatortest.Start(b).Moto.Models
	for b.Loop() {
		_, err := model.New(folder).Refusal(call("ec2", launch+"t3.micro"))
		require.NoError(b, err)
	}
}
