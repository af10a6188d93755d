// SPDX-License-Identifier: Apache-2.0

package component_test

import (
	"errors"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

const token = "bulkhead:test:Thing"

type thing struct{ pulumi.ResourceState }

type shared struct {
	Zone string `pulumi:"zone"`
}

type strategy string

type args struct {
	shared
	Common   common
	Name     string              `pulumi:"name"`
	Size     int                 `pulumi:"size"`
	On       bool                `pulumi:"on"`
	Strategy strategy            `pulumi:"strategy"`
	Zones    []string            `pulumi:"zones"`
	Labels   map[string]string   `pulumi:"labels"`
	KeyARN   pulumi.StringInput  `pulumi:"keyArn"`
	Secret   pulumi.StringOutput `pulumi:"secret"`
	Untagged string
	private  string
}

type common struct{ Name string }

// register records a component with arguments.
func register(t *testing.T, given any) pulumitest.Registration {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		c := &thing{}
		return component.Register(ctx, token, "it", given, c)
	}).Only(t, token)
}

func TestRegisterShowsTheTaggedArgumentsThatAreSet(t *testing.T) {
	got := register(t, &args{
		shared: shared{Zone: "a"}, Common: common{Name: "hidden"}, Name: "shop", Size: 3, On: true, Strategy: "Single", Zones: []string{"a", "b"},
		Labels: map[string]string{"team": "x"}, KeyARN: pulumi.String("arn:of:key"),
		Secret: pulumi.ToSecret(pulumi.String("hush")).(pulumi.StringOutput), Untagged: "hidden", private: "hidden",
	})
	require.False(t, got.Custom)
	require.Len(t, got.Inputs, 9)
	for path, want := range map[string]any{
		"zone": "a", "name": "shop", "size": 3.0, "on": true, "strategy": "Single", "zones": []any{"a", "b"}, "labels.team": "x",
		"keyArn": "arn:of:key", "secret": "hush",
	} {
		require.Equal(t, want, got.Value(path), path)
	}
	require.True(t, got.Inputs["secret"].ContainsSecrets(), "a secret stays one in the state")
}

func TestRegisterWithoutArguments(t *testing.T) {
	require.Empty(t, register(t, &args{}).Inputs, "what is not set is not shown")
	require.Empty(t, register(t, nil).Inputs)
	require.Empty(t, register(t, (*args)(nil)).Inputs)
}

func TestProblemsNameTheComponent(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	require.NoError(t, component.Failure("app", "shop"))
	require.NoError(t, component.Failure("app", "shop", nil, nil))
	err := component.Failure("app", "shop", one, nil, two)
	require.ErrorIs(t, err, one)
	require.EqualError(t, err, "app \"shop\": one\ntwo")
}

func TestOrIsTheOtherWhereNothingIsSet(t *testing.T) {
	require.Equal(t, 5, component.Or(0, 5))
	require.Equal(t, 3, component.Or(3, 5))
	require.Equal(t, "b", component.Or("", "b"))
	require.Equal(t, strategy("a"), component.Or[strategy]("a", "b"))
}
