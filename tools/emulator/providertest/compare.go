// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sort"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// compare previews again and reads back; neither may show a difference.
func (s *Stack) compare(ctx context.Context, st *state, after string) {
	s.noDiff(ctx, st, st.outputs, "preview after "+after)
	read, err := s.plugin.Client.Read(ctx, &pulumirpc.ReadRequest{
		Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Properties: st.outputs, Inputs: st.inputs,
	})
	if err != nil {
		s.t.Errorf("%s: read after %s: %v", st.Name, after, err)
		return
	}
	if read.GetId() == "" {
		s.t.Errorf("%s: read after %s: it is gone", st.Name, after)
		return
	}
	for _, difference := range differences(st.outputs, read.GetProperties(), st.Differ) {
		s.t.Errorf("%s: refresh after %s: %s", st.Name, after, difference)
	}
	s.noDiff(ctx, st, read.GetProperties(), "preview after a refresh after "+after)
}

func (s *Stack) noDiff(ctx context.Context, st *state, outputs *structpb.Struct, when string) {
	diff, err := s.plugin.Client.Diff(ctx, &pulumirpc.DiffRequest{
		Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Olds: outputs, News: st.inputs, OldInputs: st.inputs,
	})
	if err != nil {
		s.t.Errorf("%s: %s: %v", st.Name, when, err)
		return
	}
	if diff.GetChanges() != pulumirpc.DiffResponse_DIFF_NONE {
		s.t.Errorf("%s: %s: %s %v %v", st.Name, when, diff.GetChanges(), diff.GetDiffs(), slices.Sorted(maps.Keys(diff.GetDetailedDiff())))
	}
}

// differences lists the top-level outputs that are not the same.
func differences(before, after *structpb.Struct, ignore []string) []string {
	b, a := before.AsMap(), after.AsMap()
	keys := map[string]bool{}
	for key := range b {
		keys[key] = true
	}
	for key := range a {
		keys[key] = true
	}
	var found []string
	for key := range keys {
		if !slices.Contains(ignore, key) && !strings.HasPrefix(key, "__") && !reflect.DeepEqual(present(b[key]), present(a[key])) {
			found = append(found, fmt.Sprintf("%s: %v -> %v", key, b[key], a[key]))
		}
	}
	sort.Strings(found)
	return found
}

// present drops what a provider writes or leaves out at will: nothing, an empty list or map, an empty text, zero, false.
func present(value any) any {
	switch v := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for key, inner := range v {
			if inner = present(inner); inner != nil {
				kept[key] = inner
			}
		}
		if len(kept) == 0 {
			return nil
		}
		return kept
	case []any:
		var kept []any
		for _, inner := range v {
			kept = append(kept, present(inner))
		}
		if len(kept) == 0 {
			return nil
		}
		return kept
	case string, float64, bool:
		if reflect.ValueOf(v).IsZero() {
			return nil
		}
	}
	return value
}
