// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"slices"
	"strings"
)

// Framework is a catalogue of requirements that controls name in their Maps.
type Framework struct {
	// Key is what stands before the colon in Maps, such as "CIS".
	Key string `json:"key"`
	// Name is its full name.
	Name string `json:"name"`
	// Version is the edition whose numbers the controls use; empty when the catalogue has none.
	Version string `json:"version,omitempty"`
	// URL is where it is published.
	URL string `json:"url,omitempty"`
	// All are the requirements of the framework, in its own order; empty where the pack does not claim to know all.
	All []string `json:"-"`
	// Uncovered are those that no control serves, with the reason.
	Uncovered map[string]string `json:"-"`
	// Date is when All was the list.
	Date string `json:"-"`
}

// Title is the name with the version.
func (f Framework) Title() string { return strings.TrimSpace(f.Name + " " + f.Version) }

// Framework returns the framework with the key, or one that has no more than the key.
func (p *Pack) Framework(key string) Framework {
	if i := slices.IndexFunc(p.Frameworks, func(f Framework) bool { return f.Key == key }); i >= 0 {
		return p.Frameworks[i]
	}
	return Framework{Key: key, Name: key}
}

// referredTypes is for how many of its types a control refers to the documentation.
const referredTypes = 3

// References returns addresses of pages about the control, derived from its requirements and types: the page of each
// control of AWS Security Hub, and that of Pulumi's registry for the first types. A control of the whole stack has
// those of the types that it looks for.
func (c *Control) References() []string {
	pages := []string{}
	for _, id := range c.Maps {
		if page := requirementPage(id); page != "" && !slices.Contains(pages, page) {
			pages = append(pages, page)
		}
	}
	types := c.Types
	if len(types) == 0 {
		types = c.Joins
	}
	for _, token := range types[:min(len(types), referredTypes)] {
		if page := typePage(token); page != "" && !slices.Contains(pages, page) {
			pages = append(pages, page)
		}
	}
	return pages
}

// requirementPage is the page of the Security Hub user guide for an id such as "FSBP:S3.8" or, for controls of its
// other standards, "SecurityHub:S3.7". Other frameworks have no page for each requirement.
func requirementPage(id string) string {
	framework, name, _ := strings.Cut(id, ":")
	service, number, ok := strings.Cut(strings.ToLower(name), ".")
	if !ok || framework != "FSBP" && framework != "SecurityHub" {
		return ""
	}
	return "https://docs.aws.amazon.com/securityhub/latest/userguide/" + service + "-controls.html#" + service + "-" + number
}

// typePage is the page of Pulumi's registry for a type token such as "aws:s3/bucketV2:BucketV2", whose module is what
// stands before the slash.
func typePage(token string) string {
	parts := strings.Split(token, ":")
	if len(parts) != 3 || parts[0] == "pulumi" {
		return ""
	}
	page := "https://www.pulumi.com/registry/packages/" + parts[0] + "/api-docs/"
	if module, _, _ := strings.Cut(parts[1], "/"); module != "index" {
		page += strings.ToLower(module) + "/"
	}
	return page + strings.ToLower(parts[2]) + "/"
}
