// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/json"
	"net/url"
	"regexp"
	"sort"
	"strings"
)

// namesOf are the endings of a parameter that names something, most telling first.
var namesOf = []string{"Arn", "Identifier", "Name", "Id", "ARN"}

// listMark is a list's position inside a form key: ".member.1", ".1".
var listMark = regexp.MustCompile(`(\.member)?\.\d+$`)

// Resource says, as well as the request tells, what the call is about: a name, an id, an ARN, "bucket/key", or nothing.
func (c *Call) Resource() string {
	switch c.Protocol {
	case Query, EC2:
		if named := pick(c.Action, c.formTexts()); named != "" {
			return named
		}
		return firstFilter(c.Form)
	case JSON, CBOR:
		return pick(c.Action, c.bodyTexts())
	}
	return c.pathResource()
}

// formTexts is a form's top-level parameters; of a list, its first.
func (c *Call) formTexts() map[string]string {
	flat := map[string]string{}
	for key, values := range c.Form {
		plain := listMark.ReplaceAllString(key, "")
		if _, set := flat[plain]; len(values) > 0 && (!set || strings.HasSuffix(key, ".1")) && !strings.Contains(plain, ".") {
			flat[plain] = values[0]
		}
	}
	return flat
}

// bodyTexts is the texts at the top of a JSON or CBOR body; of a list, its first.
func (c *Call) bodyTexts() map[string]string {
	flat := map[string]string{}
	body, err := c.decoded()
	if err != nil {
		return flat
	}
	for key, value := range body {
		if list, ok := value.([]any); ok && len(list) > 0 {
			value = list[0]
		}
		if text, ok := value.(string); ok {
			flat[key] = text
		}
	}
	return flat
}

// filterValue is the first value of the first filter of a form.
var filterValue = regexp.MustCompile(`^Filters?(\.Filter|\.member)?\.1\.Values?(\.Value|\.member)?\.1$`)

// firstFilter is what a look-up by filter looks for.
func firstFilter(form url.Values) string {
	for key, values := range form {
		if filterValue.MatchString(key) {
			return values[0]
		}
	}
	return ""
}

// decoded returns the body's top level.
func (c *Call) decoded() (map[string]any, error) {
	if c.Protocol == CBOR {
		return decodeCBOR(c.Body)
	}
	body := map[string]any{}
	err := json.Unmarshal(c.Body, &body)
	return body, err
}

// pick chooses the parameter whose name is the action's own noun ("AlarmName" of "PutMetricAlarm"), else the first that ends like a name.
func pick(action string, parameters map[string]string) string {
	noun := strings.TrimSuffix(strings.TrimLeft(action[firstUpperAfterVerb(action):], " "), "s")
	best, chosen := 0, ""
	keys := make([]string, 0, len(parameters))
	for key := range parameters {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		if score := score(noun, key); score > best && parameters[key] != "" {
			best, chosen = score, parameters[key]
		}
	}
	return chosen
}

// score rates a parameter as a name of the noun: 0 is none at all.
func score(noun, key string) int {
	singular := strings.TrimSuffix(key, "s")
	for i, ending := range namesOf {
		stem, found := strings.CutSuffix(singular, ending)
		if !found {
			continue
		}
		points := len(namesOf) - i
		switch {
		case stem == noun || stem == "":
			points += 40
		case stem != "" && strings.HasSuffix(noun, stem):
			points += 30
		case stem != "" && (strings.Contains(noun, stem) || strings.Contains(stem, noun) && noun != ""):
			points += 20
		case stem == "Resource":
			points += 10
		}
		return points
	}
	return 0
}

// firstUpperAfterVerb finds where the verb of an operation name ends.
func firstUpperAfterVerb(action string) int {
	for i := 1; i < len(action); i++ {
		if action[i] >= 'A' && action[i] <= 'Z' {
			return i
		}
	}
	return len(action)
}

// pathResource reads the resource of a REST call from its path.
func (c *Call) pathResource() string {
	path, err := url.PathUnescape(strings.Trim(c.Path, "/"))
	if err != nil {
		path = strings.Trim(c.Path, "/")
	}
	switch c.Service {
	case "s3":
		return path
	case "s3control":
		if account := c.Header.Get("X-Amz-Account-Id"); account != "" && strings.HasSuffix(path, "publicAccessBlock") {
			return account
		}
		return afterParts(path, 2)
	case "route53":
		return afterParts(path, 2)
	case "lambda":
		if name, _, _ := strings.Cut(afterParts(path, 2), "/"); name != "" {
			return name
		}
		return c.bodyTexts()["FunctionName"]
	}
	return afterParts(path, 1)
}

// afterParts drops the leading parts of a path.
func afterParts(path string, n int) string {
	parts := strings.SplitN(path, "/", n+1)
	if len(parts) <= n {
		return ""
	}
	return parts[n]
}
