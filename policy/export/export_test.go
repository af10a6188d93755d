// SPDX-License-Identifier: Apache-2.0

package export_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// FuzzRead reads arbitrary text as a stack export or the JSON of a preview and judges what is in it, twice.
func FuzzRead(f *testing.F) {
	p, err := controls.New()
	require.NoError(f, err)
	f.Add([]byte(`{"version":3,"deployment":{"resources":[
		{"urn":"urn:pulumi:s::p::pulumi:providers:aws::aws","type":"pulumi:providers:aws","inputs":{"region":"eu-central-1"}},
		{"urn":"urn:pulumi:s::p::aws:s3/bucketV2:BucketV2::b","type":"aws:s3/bucketV2:BucketV2","provider":"urn:pulumi:s::p::pulumi:providers:aws::aws::id",
		 "inputs":{"forceDestroy":true},"outputs":{"id":"b"},"propertyDependencies":{"bucket":["urn"]}}]}}`))
	f.Add([]byte(`{"steps":[{"op":"create","urn":"urn:pulumi:s::p::aws:ebs/volume:Volume::v","newState":{"type":"aws:ebs/volume:Volume","inputs":{"encrypted":"[secret]"}}},
		{"op":"delete","urn":"urn:pulumi:s::p::a::b"}]}`))
	f.Add([]byte(`{"version":99,"deployment":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		first, err := judged(p, text)
		second, again := judged(p, text)
		require.Equal(t, err, again)
		require.Equal(t, first, second)
	})
}

func judged(p *pack.Pack, text []byte) ([]pack.Result, error) {
	d, err := export.Read(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	_, results, err := d.Judge(p, nil)
	return results, err
}

// A preview tells no outputs of what it changes in place, though others name it by its ARN: a rule of a listener would lead nowhere.
func TestWhatIsChangedInPlaceKeepsItsName(t *testing.T) {
	const text = `{"steps":[{"op":"update","urn":"urn:pulumi:s::p::aws:lb/listener:Listener::l",
		"oldState":{"type":"aws:lb/listener:Listener","outputs":{"arn":"arn:l","id":"arn:l","port":80,"sslPolicy":"old"}},
		"newState":{"type":"aws:lb/listener:Listener","inputs":{"port":443}}},
		{"op":"replace","urn":"urn:pulumi:s::p::aws:lb/listener:Listener::m",
		"oldState":{"type":"aws:lb/listener:Listener","outputs":{"arn":"arn:m"}},
		"newState":{"type":"aws:lb/listener:Listener","inputs":{"port":443}}}]}`
	d, err := export.Read(strings.NewReader(text))
	require.NoError(t, err)
	require.Len(t, d.Stack, 2)
	changed, replaced := d.Stack[0].Outputs(), d.Stack[1].Outputs()
	require.Equal(t, "arn:l", changed.Get("arn").Str())
	require.Equal(t, "arn:l", changed.Get("id").Str())
	require.Equal(t, "443", changed.Get("port").Str(), "the new value, not the old one")
	require.False(t, changed.Get("sslPolicy").Exists(), "what was computed for the old inputs is not known for the new ones")
	require.False(t, replaced.Get("arn").Exists(), "a replacement has a name of its own")
	require.False(t, d.Inputs[0].Inputs().Get("arn").Exists(), "nobody has written it")
}

func TestWhatAPreviewMakes(t *testing.T) {
	steps := ""
	for _, op := range []string{"create", "same", "update", "create-replacement", "replace", "read", "delete", "delete-replaced", "refresh"} {
		steps += `{"op":"` + op + `","urn":"urn:pulumi:s::p::aws:ec2/eip:Eip::` + op + `","newState":{"type":"aws:ec2/eip:Eip","inputs":{}}},`
	}
	d, err := export.Read(strings.NewReader(`{"steps":[` + strings.TrimSuffix(steps, ",") + `]}`))
	require.NoError(t, err)
	want := map[string]bool{}
	for _, op := range []string{"create", "create-replacement", "replace"} {
		want["urn:pulumi:s::p::aws:ec2/eip:Eip::"+op] = true
	}
	require.Equal(t, want, d.Made)

	d, err = export.Read(strings.NewReader(`{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:s::p::aws:ec2/eip:Eip::e","type":"aws:ec2/eip:Eip"}]}}`))
	require.NoError(t, err)
	require.Empty(t, d.Made, "an export makes nothing")
}

// What a program only reads is judged in the stack pass alone, in an export as in a preview.
func TestWhatAProgramOnlyReadsIsInTheStackAlone(t *testing.T) {
	for _, text := range []string{
		`{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:s::p::aws:ec2/eip:Eip::e","type":"aws:ec2/eip:Eip","external":true,"inputs":{"instance":"i"},"outputs":{"instance":"i"}}]}}`,
		`{"steps":[{"op":"read","urn":"urn:pulumi:s::p::aws:ec2/eip:Eip::e","newState":{"type":"aws:ec2/eip:Eip","inputs":{"instance":"i"},"outputs":{"instance":"i"}}}]}`,
	} {
		d, err := export.Read(strings.NewReader(text))
		require.NoError(t, err)
		require.Empty(t, d.Inputs)
		require.Len(t, d.Stack, 1)
		require.False(t, d.Stack[0].Declared())
		require.Equal(t, "i", d.Stack[0].Inputs().Get("instance").Str(), "the state instead")
	}
}
