// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/aws/smithy-go"
)

// verdict is what became of one question.
type verdict string

const (
	fine    verdict = "fine"
	missing verdict = "missing"  // The deployment would fail, or what it deploys.
	later   verdict = "later"    // AWS makes it by itself, if whoever deploys may.
	notSeen verdict = "not seen" // Nobody could look, which is neither good nor bad.
)

// row is the answer to one question. Counts are nil where nothing is counted, or could be.
type row struct {
	Area    string  `json:"area"` // quota, zone, domain, role or key
	Name    string  `json:"name"`
	Need    *int    `json:"need,omitempty"`
	Used    *int    `json:"used,omitempty"`
	Limit   *int    `json:"limit,omitempty"`
	Verdict verdict `json:"verdict"`
	Says    string  `json:"says,omitempty"` // What is so, and what to do.
}

// unseen is the row for a question that AWS or the DNS did not answer.
func unseen(area, name string, err error) row {
	return row{Area: area, Name: name, Verdict: notSeen, Says: cause(err)}
}

// refusals are the codes with which AWS's services say that the caller may not.
var refusals = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "UnauthorizedOperation": true, "AuthorizationError": true, "AuthorizationErrorException": true,
	"UnauthorizedException": true, "NotAuthorized": true, "AccessDeniedFault": true,
}

// prefixes are the beginnings of IAM's actions where they are not the name of the service in small letters.
var prefixes = map[string]string{
	"elastic load balancing v2": "elasticloadbalancing", "service quotas": "servicequotas", "route 53": "route53", "cloudwatch logs": "logs",
}

// action is what has to be allowed for a call. S3's name for it is the only one that differs from the operation's.
func action(op *smithy.OperationError) string {
	service := strings.ToLower(op.Service())
	if prefix, differs := prefixes[service]; differs {
		service = prefix
	}
	if service == "s3" && op.Operation() == "ListBuckets" {
		return "s3:ListAllMyBuckets"
	}
	return service + ":" + op.Operation()
}

// cause says why a question has no answer, with the action to allow if that is why.
func cause(err error) string {
	var op *smithy.OperationError
	var api smithy.APIError
	if errors.As(err, &op) && errors.As(err, &api) && refusals[api.ErrorCode()] {
		return "allow " + action(op)
	}
	return err.Error()
}

// count is how many rows have one of the verdicts.
func count(rows []row, of ...verdict) int {
	n := 0
	for _, r := range rows {
		for _, v := range of {
			if r.Verdict == v {
				n++
			}
		}
	}
	return n
}

// writeJSON writes the rows for machines.
func writeJSON(out io.Writer, rows []row) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(rows)
}

// writeText writes the rows as a table, and below it what there is to say of those that are not fine.
func writeText(out io.Writer, rows []row) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AREA\tNAME\tNEED\tUSED\tLIMIT\tVERDICT")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Area, r.Name, figure(r.Need), figure(r.Used), figure(r.Limit), r.Verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, part := range []struct {
		of    verdict
		title string
	}{{missing, "Missing:"}, {later, "AWS makes by itself:"}, {notSeen, "Not seen:"}} {
		if count(rows, part.of) == 0 {
			continue
		}
		fmt.Fprintf(out, "\n%s\n", part.title)
		for _, r := range rows {
			if r.Verdict == part.of {
				fmt.Fprintf(out, "  %s: %s\n", r.Name, r.Says)
			}
		}
	}
	_, err := fmt.Fprintf(out, "\n%d of %d fine, %d missing, %d not seen\n", count(rows, fine, later), len(rows), count(rows, missing), count(rows, notSeen))
	return err
}

func figure(n *int) string {
	if n == nil {
		return "-"
	}
	return strconv.Itoa(*n)
}
