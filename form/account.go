// SPDX-License-Identifier: Apache-2.0

package form

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"
)

var accountForm = regexp.MustCompile(`^[0-9]{12}$`)

// CheckAccountID accepts the id of an AWS account.
func CheckAccountID(id string) error {
	if !accountForm.MatchString(id) {
		return Text(id, "is not an AWS account id", "write all 12 digits")
	}
	return nil
}

var (
	regionForm     = regexp.MustCompile(`^(af|ap|ca|eu|il|me|mx|sa|us)-(central|north|south|east|west|northeast|northwest|southeast|southwest)-[1-9]$`)
	otherPartition = regexp.MustCompile(`^(cn|us-gov|us-iso[a-z]?|eu-isoe|eusc)-`)
)

// CheckRegion accepts the name of a region of the partition "aws", whose ARNs and service
// principals the toolkit writes.
func CheckRegion(region string) error {
	switch {
	case otherPartition.MatchString(region):
		return Text(region, "lies in another AWS partition, whose ARNs differ", "choose a region of the commercial partition, such as eu-central-1")
	case !regionForm.MatchString(region):
		return Text(region, "is not the name of an AWS region", "write it like eu-central-1")
	}
	return nil
}

// MaxTrustedAccounts leaves VPC endpoints, whose tags have the reasons, some of the 50 tags that AWS allows.
const MaxTrustedAccounts = 20

const (
	// MinZones is what a load balancer and a database need.
	MinZones = 2
	// MaxZones is how many zones the address plan of a network has room for: see ZoneSlot.
	MaxZones = 4
)

// zoneID and localZone are what else AWS names in the manner of a zone.
var (
	zoneForm  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[1-9][a-h]$`)
	zoneID    = regexp.MustCompile(`^[a-z]+[0-9]+-az[0-9]+$`)
	localZone = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[1-9]-[a-z0-9-]+$`)
)

// CheckZone accepts the name of an ordinary availability zone.
func CheckZone(zone string) error {
	switch {
	case zoneForm.MatchString(zone):
		return nil
	case zoneID.MatchString(zone):
		return Text(zone, "is a zone id", "write the zone's name, such as eu-central-1a")
	case localZone.MatchString(zone):
		return Text(zone, "is a local or Wavelength zone, which has no RDS and no NAT gateway", "name a zone of the region itself")
	}
	return Text(zone, "is not the name of an availability zone", "write the region and one letter, such as eu-central-1a")
}

// ZoneSlot is the place of a zone in the address plan of a network, 0 to 3: a to d have
// one each, and e to h share them in the same order. The zone must pass CheckZone.
func ZoneSlot(zone string) int { return int(zone[len(zone)-1]-'a') % MaxZones }

// CheckZones reports what is wrong with the zones of a network: their number, what does not
// pass CheckZone, a zone of another region, and two that share a ZoneSlot.
func CheckZones(region string, zones []string) []error {
	var problems []error
	cure := fmt.Sprintf("name %d to %d zones of %s", MinZones, MaxZones, region)
	switch count := len(zones); {
	case count == 1:
		problems = append(problems, Whole("names one zone, and a load balancer and a database need two", cure))
	case count < MinZones || count > MaxZones:
		problems = append(problems, Whole(fmt.Sprintf("names %d zones", count), cure))
	}
	slots := map[int]string{}
	for i, zone := range zones {
		wrong := CheckZone(zone)
		if wrong != nil {
			problems = append(problems, At(i, wrong))
			continue
		}
		switch other := slots[ZoneSlot(zone)]; {
		case zone[:len(zone)-1] != region:
			wrong = Text(zone, "lies outside region "+region, "name a zone such as "+region+"a")
		case other == zone:
			wrong = Text(zone, "is listed twice", "keep one")
		case other != "":
			wrong = Text(zone, "has the same address slot in the network as "+other, "choose a zone with another letter")
		default:
			slots[ZoneSlot(zone)] = zone
			continue
		}
		problems = append(problems, At(i, wrong))
	}
	return problems
}

// CheckEmail accepts the plain address of a mailbox.
func CheckEmail(address string) error {
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || !strings.Contains(address[strings.LastIndex(address, "@")+1:], ".") {
		return Text(address, "is not an e-mail address", "write it like alarms@example.com, without a name")
	}
	return nil
}
