// SPDX-License-Identifier: Apache-2.0

package stack_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// results are those of every ordered pair of interfaces, and of the internet with each.
func results(net *model.Network) map[string]reach.Result {
	e := reach.New(net)
	ends := map[string]*reach.End{"internet": e.InternetEnd()}
	for _, i := range net.Interfaces {
		ends[i.ID] = e.Interface(i.ID)
	}
	out := map[string]reach.Result{}
	for a, x := range ends {
		for b, y := range ends {
			if a != b {
				out[a+" -> "+b] = e.Between(x, y)
			}
		}
	}
	return out
}

// TestAnUnknownValueNeverClosesAnything makes one input after another unknown, as a preview may leave it: what may pass
// must stay possible or become unknown, and nothing may become certain.
func TestAnUnknownValueNeverClosesAnything(t *testing.T) {
	known := results(network(t, nil, nil))
	type input struct{ urn, key string }
	var inputs []input
	network(t, func(r map[string]any) {
		kind := r["type"].(string)
		in, _ := r["inputs"].(map[string]any)
		for _, part := range []string{"aws:ec2/", "aws:vpc/", "aws:lb/", "aws:autoscaling/group", "aws:rds/instance", "aws:rds/subnetGroup"} {
			if strings.HasPrefix(kind, part) && !strings.Contains(kind, "flowLog") {
				for _, key := range slices.Sorted(maps.Keys(in)) {
					inputs = append(inputs, input{r["urn"].(string), key})
				}
			}
		}
	}, nil)
	for n := 0; n < len(inputs); n += step {
		got := results(network(t, func(r map[string]any) {
			if r["urn"] == inputs[n].urn {
				r["inputs"].(map[string]any)[inputs[n].key] = unknown
				delete(r["outputs"].(map[string]any), inputs[n].key)
			}
		}, nil))
		for pair, was := range known {
			now, ok := got[pair]
			if !ok {
				t.Errorf("%v: there is no %s any more", inputs[n], pair)
				continue
			}
			if !was.May.Minus(now.Open).Empty() || !now.Must.Minus(was.Must).Empty() {
				t.Errorf("%v unknown: %s was %+v and is %+v", inputs[n], pair, was, now)
			}
		}
	}
	if len(inputs) < 300 {
		t.Errorf("only %d inputs were found", len(inputs))
	}
}

// step leaves most inputs out of an ordinary run; it is 1 to try them all.
const step = 17
