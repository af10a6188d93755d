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
	case S3, RESTXML, RESTJSON:
		return c.pathResource()
	case Query, EC2:
		flat := map[string]string{}
		for key, values := range c.Form {
			plain := listMark.ReplaceAllString(key, "")
			if _, set := flat[plain]; len(values) > 0 && (!set || strings.HasSuffix(key, "1")) && !strings.Contains(plain, ".") {
				flat[plain] = values[0]
			}
		}
		return pick(c.Action, flat)
	case JSON, CBOR:
		body, err := c.decoded()
		if err != nil {
			return ""
		}
		flat := map[string]string{}
		for key, value := range body {
			switch v := value.(type) {
			case string:
				flat[key] = v
			case []any:
				if len(v) > 0 {
					if first, ok := v[0].(string); ok {
						flat[key] = first
					}
				}
			}
		}
		return pick(c.Action, flat)
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
