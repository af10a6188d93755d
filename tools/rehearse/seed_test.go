// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

var emulated = engine.Account{
	Endpoint: "http://127.0.0.1:41234", AccountID: "210987654321", Region: "eu-central-1", AccessKey: "AKIAEMULATED00000001", Secret: "emulated",
}

// zones answers as Route 53 does, for one zone, and keeps what it is asked to make.
func zones(t *testing.T, zone string) (endpoint string, made *[]string) {
	t.Helper()
	made = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		if r.Method == http.MethodPost {
			*made = append(*made, string(body))
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `<CreateHostedZoneResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"></CreateHostedZoneResponse>`)
			return
		}
		fmt.Fprintf(w, `<ListHostedZonesByNameResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HostedZones><HostedZone>
<Id>/hostedzone/Z1</Id><Name>%s</Name><CallerReference>1</CallerReference></HostedZone></HostedZones><IsTruncated>false</IsTruncated>
<MaxItems>100</MaxItems></ListHostedZonesByNameResponse>`, zone)
	}))
	t.Cleanup(server.Close)
	return server.URL, made
}

// The zone exists before the first deployment, as the registrar would have it; a second run finds it.
func TestSeed(t *testing.T) {
	configured := &stacks.Settings{Edge: stacks.Edge{Zone: "staging.bulkhead.example"}}
	for zone, want := range map[string]int{"staging.bulkhead.example.": 0, "bulkhead.example.": 1, "zzz.example.": 1} {
		seeded := emulated
		var made *[]string
		seeded.Endpoint, made = zones(t, zone)
		require.NoError(t, seed(t.Context(), &seeded, configured))
		require.Len(t, *made, want, zone)
		for _, request := range *made {
			require.Contains(t, request, "<Name>staging.bulkhead.example</Name>")
		}
		require.NoError(t, seed(t.Context(), &seeded, &stacks.Settings{}), "with a certificate of one's own there is no zone")
		require.Len(t, *made, want)
	}
}
