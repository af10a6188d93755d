// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"net/http"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// orderable answers what RDS offers of PostgreSQL, from the known values: moto knows versions of none and offers of other engines only. Every
// zone of the region has every class that the region has, with a standby.
func orderable(t *Table) {
	t.on("rds", engineVersions, "DescribeDBEngineVersions")
	t.on("rds", offers, "DescribeOrderableDBInstanceOptions")
}

// engineVersions are the minor versions of an engine, of one major version or of all.
func engineVersions(x *Exchange) (*wire.Reply, error) {
	k, err := readKnown()
	if err != nil {
		return nil, err
	}
	engine, asked := x.Call.Form.Get("Engine"), x.Call.Form.Get("EngineVersion")
	var found []string
	for _, version := range k.DatabaseVersions[engine] {
		if strings.Contains(version, ".") && (asked == "" || version == asked || strings.HasPrefix(version, asked+".")) {
			found = append(found, version)
		}
	}
	if x.Call.Form.Get("DefaultOnly") == "true" && len(found) > 0 {
		found = found[len(found)-1:]
	}
	list := wire.Parent("DBEngineVersions")
	for _, version := range found {
		major, _, _ := strings.Cut(version, ".")
		list.Children = append(list.Children, wire.Parent("DBEngineVersion", wire.Element("Engine", engine), wire.Element("EngineVersion", version),
			wire.Element("MajorEngineVersion", major), wire.Element("DBParameterGroupFamily", engine+major), wire.Element("Status", "available")))
	}
	return rdsReply(x, list), nil
}

// offers are what RDS offers of a class with a minor version: nothing, or everything in every zone.
func offers(x *Exchange) (*wire.Reply, error) {
	k, err := readKnown()
	if err != nil {
		return nil, err
	}
	form := x.Call.Form
	engine, version, class := form.Get("Engine"), form.Get("EngineVersion"), form.Get("DBInstanceClass")
	if engine != "postgres" || class == "" || version == "" {
		return x.Call.Error(http.StatusNotImplemented, "NotImplemented", "the emulator knows the offers of PostgreSQL, by version and class"), nil
	}
	options := wire.Parent("OrderableDBInstanceOptions")
	if !strings.Contains(version, ".") || refuseDatabase(x.Call, k) != nil {
		return rdsReply(x, options), nil
	}
	zones, err := x.zones()
	if err != nil {
		return nil, err
	}
	list := wire.Parent("AvailabilityZones")
	for _, zone := range zones {
		list.Children = append(list.Children, wire.Parent("AvailabilityZone", wire.Element("Name", zone)))
	}
	options.Children = append(options.Children, wire.Parent("OrderableDBInstanceOption", wire.Element("Engine", engine), wire.Element("EngineVersion", version),
		wire.Element("DBInstanceClass", class), list, wire.Element("MultiAZCapable", "true"), wire.Element("Vpc", "true")))
	return rdsReply(x, options), nil
}

// rdsReply is an answer of RDS with one element.
func rdsReply(x *Exchange, result *wire.Node) *wire.Reply {
	return xmlReply(wire.Parent(x.Call.Action+"Response", wire.Parent(x.Call.Action+"Result", result),
		wire.Parent("ResponseMetadata", wire.Element("RequestId", wire.RequestID))))
}

// zones are the availability zones that moto has in the region of the call.
func (x *Exchange) zones() ([]string, error) {
	call := x.foreign("ec2", wire.EC2, http.MethodPost, "/")
	call.Action = "DescribeAvailabilityZones"
	call.Form = map[string][]string{"Action": {call.Action}, "Version": {"2016-11-15"}}
	call.SetForm()
	reply, err := x.Forward(call)
	if err != nil {
		return nil, err
	}
	root, err := wire.ParseXML(reply.Body)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, zone := range root.Find("availabilityZoneInfo/item/zoneName") {
		names = append(names, strings.TrimSpace(zone.Text))
	}
	return names, nil
}
