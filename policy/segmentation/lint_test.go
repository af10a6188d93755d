// SPDX-License-Identifier: Apache-2.0

package segmentation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
)

// remarks are those about a network that some code is about.
func remarks(s scenes.Scene, code string) (out []segmentation.Remark) {
	for _, r := range segmentation.Lint(s.Network) {
		if r.Code == code {
			out = append(out, r)
		}
	}
	return out
}

func TestLintFindsWhatDoesNothing(t *testing.T) {
	rule := func(description string, port int, peer string) model.Rule {
		r := scenes.TCP(port, peer)
		r.Description = description
		return r
	}
	for name, c := range map[string]struct {
		change func(s scenes.Scene)
		want   []segmentation.Remark
		code   string
	}{
		"a rule that another covers": {func(s scenes.Scene) {
			s.Group("sg-db").Ingress = []model.Rule{rule("wide", 5432, "10.0.0.0/16"), rule("narrow", 5432, "10.0.1.0/24"), rule("other", 5433, "10.0.1.0/24")}
		}, []segmentation.Remark{{Code: "SHADOWED_RULE", Where: "sg-db", What: "ingress rule 2 (narrow) admits nothing that rule 1 does not"}}, "SHADOWED_RULE"},
		"a rule that is there twice": {func(s scenes.Scene) {
			s.Group("sg-db").Ingress = []model.Rule{rule("first", 5432, "sg-app"), rule("second", 5432, "sg-app")}
		}, []segmentation.Remark{{Code: "SHADOWED_RULE", Where: "sg-db", What: "ingress rule 2 (second) admits nothing that rule 1 does not"}}, "SHADOWED_RULE"},
		"an entry that an earlier one leaves nothing": {func(s scenes.Scene) {
			s.ACL("acl-private").Ingress = []model.Entry{
				scenes.Allow(300, 6, 22, 22, "10.0.0.0/24"), scenes.Deny(100, 6, 0, 1023, "10.0.0.0/16"), scenes.Allow(200, 6, 0, 65535, "10.0.0.0/8"), scenes.Allow(400, -1, 0, 0, "::/0"), scenes.Deny(32767, -1, 0, 0, "::/0")}
		}, []segmentation.Remark{{Code: "SHADOWED_ENTRY", Where: "acl-private", What: "ingress entry 300 decides nothing: entry 100 matches all of it"}}, "SHADOWED_ENTRY"},
		"a group that nothing has": {func(s scenes.Scene) {
			s.Groups = append(s.Groups, model.Group{ID: "sg-left", VPC: s.Groups[0].VPC, Ingress: []model.Rule{rule("", 22, "10.0.0.0/8")}})
		}, []segmentation.Remark{{Code: "UNUSED_GROUP", Where: "sg-left", What: "no interface has the group, and no rule names it"}}, "UNUSED_GROUP"},
		"answers that an ACL stops": {func(s scenes.Scene) {
			s.Group("sg-app").Egress, s.Group("sg-db").Ingress = []model.Rule{rule("", 5432, "sg-db")}, []model.Rule{rule("", 5432, "sg-app")}
			s.Group("sg-web").Egress, s.Group("sg-web2").Egress, s.Group("sg-app2").Egress, s.Group("sg-db").Egress = nil, nil, nil, nil
			s.ACL("acl-data").Egress = []model.Entry{scenes.Allow(1, 6, 1024, 32767, "0.0.0.0/0")}
		}, []segmentation.Remark{{Code: "ANSWERS_LOST", Where: "app -> db", What: "tcp 5432 from client ports 32768-60999 arrives, and its answers do not come back"}}, "ANSWERS_LOST"},
	} {
		t.Run(name, func(t *testing.T) {
			s := scenes.Open()
			before := len(remarks(s, c.code))
			c.change(s)
			require.Zero(t, before)
			require.Equal(t, c.want, remarks(s, c.code))
		})
	}
}
