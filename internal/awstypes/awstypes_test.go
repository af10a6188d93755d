// SPDX-License-Identifier: Apache-2.0

package awstypes

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryRowIsWhole(t *testing.T) {
	kinds := []string{"name", "bucket", "identifier", "input", "id", "arn", "account", "region", "hex", "HEX", "octet", "uuid"}
	seen := map[string]bool{}
	for _, row := range All() {
		require.Regexp(t, `^aws:[a-z0-9]+/[a-zA-Z0-9]+:[a-zA-Z0-9]+$`, row.Token)
		require.False(t, seen[row.Token], "%s has two rows", row.Token)
		seen[row.Token] = true
		if row.Terraform != "" {
			require.Regexp(t, `^aws_[a-z0-9_]+$`, row.Terraform, row.Token)
			key := row.Terraform
			if row.DataSource() {
				key = "data " + key
			}
			require.False(t, seen[key], "%s has two rows", key)
			seen[key] = true
		}
		forms := []string{row.ID, row.ARN}
		for _, form := range row.Outputs {
			forms = append(forms, form)
		}
		for _, form := range forms {
			left := Fill(form, func(p Placeholder) string {
				require.Contains(t, kinds, p.Kind, "%s: %s", row.Token, form)
				require.Equal(t, p.Kind == "input", p.Input != "", "%s: %s", row.Token, form)
				return ""
			})
			require.NotContains(t, left, "{", row.Token)
		}
	}
	require.Greater(t, len(seen), 150)
}

func TestAPartIsOfSomethingOfItsOwn(t *testing.T) {
	for _, row := range All() {
		if row.Of != "" && row.Of != Account {
			at := slices.IndexFunc(All(), func(t Type) bool { return t.Token == row.Of })
			require.GreaterOrEqual(t, at, 0, "%s is of %s, which has no row", row.Token, row.Of)
			require.Empty(t, All()[at].Of, "%s is of %s, which is itself a part", row.Token, row.Of)
		}
	}
}

func TestParse(t *testing.T) {
	types, err := parse("# a comment\n\naws_x  a/x:X id=x-{hex4} arn=a:{region}:{account}:x/{id} .name={name} of=b/y:Y internet=never\n" +
		"- a/z:Z arn={input:topic}:{uuid} of=account\naws_x a/getX:getX")
	require.NoError(t, err)
	require.Equal(t, []Type{
		{
			Token: "aws:a/x:X", Terraform: "aws_x", ID: "x-{hex4}", ARN: "arn:aws:a:{region}:{account}:x/{id}",
			Outputs: map[string]string{"name": "{name}"}, Of: "aws:b/y:Y", Closed: true,
		},
		{Token: "aws:a/z:Z", ARN: "{input:topic}:{uuid}", Outputs: map[string]string{}, Of: Account},
		{Token: "aws:a/getX:getX", Terraform: "aws_x", Outputs: map[string]string{}},
	}, types)
	require.Equal(t, []bool{false, false, true}, []bool{types[0].DataSource(), types[1].DataSource(), types[2].DataSource()})
}

func TestParseNamesTheRowAndTheCure(t *testing.T) {
	for row, want := range map[string]string{
		"aws_x":                      `types.txt: "aws_x" has no token; write the Terraform name or "-", then the token`,
		"aws_x a/x:X id=":            `types.txt: a/x:X: "id=": no value; write KEY=VALUE without spaces`,
		"aws_x a/x:X never":          `types.txt: a/x:X: "never": no value; write KEY=VALUE without spaces`,
		"aws_x a/x:X internet=maybe": `types.txt: a/x:X: "internet=maybe": not known; there are id=, arn=, of=, internet=never, and .OUTPUT= for outputs`,
		"aws_x a/x:X name={name}":    `types.txt: a/x:X: "name={name}": not known; there are id=, arn=, of=, internet=never, and .OUTPUT= for outputs`,
	} {
		_, err := parse("aws_y a/y:Y\n" + row + "\n")
		require.EqualError(t, err, want)
	}
}

func TestFill(t *testing.T) {
	var asked []Placeholder
	got := Fill("x-{hex16}/{input:bucket}/{id}", func(p Placeholder) string {
		asked = append(asked, p)
		return p.Kind
	})
	require.Equal(t, "x-hex/input/id", got)
	require.Equal(t, []Placeholder{{Kind: "hex", Length: 16}, {Kind: "input", Input: "bucket"}, {Kind: "id"}}, asked)
}

func TestATypeWithoutARow(t *testing.T) {
	require.Equal(t, Type{Token: "aws:x/y:Y"}, Get("aws:x/y:Y"))
}
