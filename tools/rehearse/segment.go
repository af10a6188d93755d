// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// The segments by which a difference is grouped, from the internet inwards: the tiers of the network, then the network
// itself, then what stands in no network.
const (
	publicTier = "public"
	appTier    = "app"
	dataTier   = "data"
	network    = "network"
	account    = "account"
)

var segments = []string{publicTier, appTier, dataTier, network, account}

// segmentTag is the tag by which a resource may say itself in which segment it stands.
const segmentTag = "Segment"

// standing says where the components of a package have their resources.
var standing = map[string]string{
	"edge": publicTier, "waf": publicTier, "bastion": publicTier, "app": appTier, "database": dataTier, "network": network,
}

// segmentOf returns the segment in which a resource stands: what its tag says; else, for a part of the network, the tier that
// its name begins with behind the environment's; else where the outermost component stands.
func segmentOf(environment string, r *apitype.StepEventStateMetadata) string {
	tags, _ := r.Inputs["tags"].(map[string]any)
	if tag, _ := tags[segmentTag].(string); slices.Contains(segments, tag) {
		return tag
	}
	// urn:pulumi:<stack>::<project>::<types of the parents, joined by $>::<name>
	parts := strings.SplitN(r.URN, "::", 4)
	if len(parts) < 4 {
		return account
	}
	segment := account
	if component := strings.Split(parts[2], ":"); len(component) > 2 && strings.Contains(parts[2], "$") {
		if place, found := standing[component[1]]; found {
			segment = place
		}
	}
	tier, _, _ := strings.Cut(strings.TrimPrefix(parts[3], environment+"-"), "-")
	if segment == network && slices.Contains([]string{publicTier, appTier, dataTier}, tier) {
		return tier
	}
	return segment
}

// nameOf returns the last part of a URN.
func nameOf(urn string) string { return urn[strings.LastIndex(urn, ":")+1:] }

// colours are the engine's marks in messages, such as <{%reset%}>.
var colours = regexp.MustCompile(`<\{%.*?%\}>`)

// plain is a message without colours, on one line.
func plain(message string) string {
	return strings.Join(strings.Fields(colours.ReplaceAllString(message, "")), " ")
}
