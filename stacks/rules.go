// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

// rule is a demand on several keys at once, or on the kind of the environment.
type rule struct {
	keys  []string // all must have passed their own checks
	text  string   // for docs/configuration.md; production rules begin with "In production"
	check func(*Settings) []fault
}

// about makes a fault of one key.
func about(key, value, what, cure string) []fault {
	return []fault{{key: key, index: whole, value: value, what: what, cure: cure}}
}

// adopted makes faults of one key from the verdict of package form.
func adopted(key string, errs ...error) []fault {
	faults := faultsOf(errs...)
	for i := range faults {
		faults[i].key = key
	}
	return faults
}

// rules holds for every environment; the last part only for production, see IsProduction.
var rules = []rule{
	{[]string{"region", "zones"}, "zones names 2 to 4 zones of region, and no two that share an address slot of the network: a and e, b and f, c and g, d and h", zonesFit},
	{[]string{"bastion", "bastionAllowedCidrs"}, "bastionAllowedCidrs is given exactly when bastion is KnownAddresses", knownAddressesGiven},
	{[]string{"bastion", "bastionPermissionSet", "bastionReachesDatabase"}, "bastionPermissionSet and bastionReachesDatabase are not given when bastion is None", bastionThere},
	{[]string{"ipv6", "bastionAllowedCidrs"}, "bastionAllowedCidrs has an IPv4 range, unless ipv6 gives the bastion an address of IPv6", knownAddressesLead},
	{[]string{"vpcCidr", "bastionAllowedCidrs"}, "bastionAllowedCidrs lies outside vpcCidr: the bastion is entered from elsewhere", bastionRangesFit},
	{[]string{"vpcCidr", "appEgressCidrs", "databaseExternalCidrs"}, "appEgressCidrs and databaseExternalCidrs lie outside vpcCidr: inside it, only what the program connects may talk", egressRangesFit},
	{[]string{"vpcCidr", "existingVpcId"}, "exactly one of vpcCidr and existingVpcId is set", oneVPC},
	{[]string{"zones", "existingVpcId", "existingSubnetIds"}, "existingSubnetIds is given exactly when existingVpcId is, and has for each tier that it names as many subnets as there are zones, none of them twice", existingSubnetsFit},
	{[]string{"trustedAccounts", "accountId"}, "trustedAccounts does not have accountId", trustsItself},
	{[]string{"existingVpcId", "natStrategy", "dnsBlockOffReason", "dnsFailClosedOffReason"}, "natStrategy is None, and dnsBlockOffReason and dnsFailClosedOffReason are empty, with existingVpcId, because they are its owner's decisions", ownersDecide},
	{[]string{"existingVpcId", "natStrategy", "appEgressCidrs", "databaseExternalCidrs"}, "natStrategy is None exactly when appEgressCidrs and databaseExternalCidrs have no IPv4 range, but for an existing VPC: the app tier has a route to each of them and no other", egressHasRoute},
	{[]string{"ipv6", "appEgressCidrs", "databaseExternalCidrs"}, "appEgressCidrs and databaseExternalCidrs have IPv6 ranges only with ipv6", egressHasAddresses},
	{[]string{"appEgressCidrs", "appEgressDomains"}, "appEgressDomains is given exactly when appEgressCidrs is: without a name the application finds nothing, and a name without a way to it would only let data out", egressHasNames},
	{[]string{"interfaceEndpoints"}, "interfaceEndpoints has the default services, because nothing else leads to them, whatever natStrategy is", endpointsSuffice},
	{[]string{"edgeZone", "edgeCertificateArn"}, "exactly one of edgeZone and edgeCertificateArn is set", oneCertificate},
	{[]string{"edgeZone", "edgeDomain", "edgeCertificateArn"}, "edgeDomain is edgeZone or a name below it, at most 64 characters long, and is given with edgeCertificateArn", domainFits},
	{[]string{"region", "accountId", "edgeCertificateArn"}, "edgeCertificateArn belongs to region and accountId", certificateFits},
	{[]string{"appInstanceType", "appImage"}, "appInstanceType and appImage have the same processor architecture, as far as the image's name tells", imageFits},
	{[]string{"appImage", "appRootDevice"}, "appRootDevice is /dev/xvda without appImage, because Amazon Linux has no other", rootFits},
	{[]string{"appMinSize", "appMaxSize"}, "appMinSize is not above appMaxSize", sizesFit},
	{[]string{"databaseStorageGb", "databaseMaxStorageGb"}, "databaseMaxStorageGb is at least a tenth more than databaseStorageGb", storageFits},
	{[]string{"databaseEngineVersion", "databaseUpgrade"}, "databaseEngineVersion is exact only with databaseUpgrade", versionFits},
	{[]string{"region", "databaseRestoreFrom", "databaseAttached"}, "databaseRestoreFrom has each name once and backups of region, and databaseAttached is db or one of its names", restoresFit},
	{[]string{"databaseExternalUrl", "databaseExternalCidrs", "databaseExternalCa", "databaseExternalSecretArn", "databaseExternalKeyArn"}, "databaseExternalCidrs, databaseExternalCa and databaseExternalSecretArn are given exactly when databaseExternalUrl is, and databaseExternalKeyArn only then", externalWhole},
	{[]string{"region", "accountId", "databaseExternalSecretArn", "databaseExternalKeyArn"}, "databaseExternalSecretArn belongs to region and accountId, databaseExternalKeyArn to region", externalSecretFits},
	{[]string{"region", "accountId", "backupKeepDays", "backupCopyTo"}, "backupCopyTo is empty without backupKeepDays; each vault lies in another region than region or belongs to another account than accountId, not both", vaultsFit},
	{[]string{"databaseExternalUrl", "databaseRestoreFrom", "databaseAttached", "backupKeepDays", "bastionReachesDatabase"}, "databaseRestoreFrom, databaseAttached, backupKeepDays and bastionReachesDatabase are not given with databaseExternalUrl, because they are about databases of the environment", externalAlone},

	production([]string{"natStrategy"}, "natStrategy is OnePerZone or None", func(s *Settings) []fault {
		if s.Network.NATStrategy != NATSingle {
			return nil
		}
		return about("natStrategy", quoted(s.Network.NATStrategy), "makes every zone of production depend on one", "choose OnePerZone, or None")
	}),
	production([]string{"databaseSingleAz"}, "databaseSingleAz is false", func(s *Settings) []fault {
		if !s.Database.SingleAZ {
			return nil
		}
		return about("databaseSingleAz", "true", "would lose the database of production with one zone (FSBP RDS.5)", "remove it")
	}),
	production([]string{"wafRelaxations"}, "wafRelaxations names single rules, never all of an intent", wholeIntents),
	production([]string{"appMinSize"}, "appMinSize is at least 2", func(s *Settings) []fault {
		if s.App.MinSize >= 2 {
			return nil
		}
		return about("appMinSize", strconv.Itoa(s.App.MinSize), "leaves production without a second instance", "keep at least 2")
	}),
	production([]string{"appEgressCidrs", "databaseExternalCidrs"}, "appEgressCidrs and databaseExternalCidrs are not wider than /16, or /32 of IPv6", knownDestinations),
	production([]string{"logRetentionDays"}, "logRetentionDays is at least 365", func(s *Settings) []fault {
		if s.Audit.LogRetentionDays >= 365 {
			return nil
		}
		return about("logRetentionDays", strconv.Itoa(s.Audit.LogRetentionDays), "keeps the logs of production for less than a year (Security Hub CloudWatch.16)", "keep them for 365 days or more")
	}),
	production([]string{"deletionProtectionOffReason"}, "deletionProtectionOffReason is empty", func(s *Settings) []fault {
		if s.DeletionProtectionOffReason == "" {
			return nil
		}
		return about("deletionProtectionOffReason", quoted(s.DeletionProtectionOffReason), "leaves production without protection against deletion (FSBP ELB.6, RDS.8)", "remove it")
	}),
	production([]string{"profile"}, "profile is not named like an environment for which these rules do not hold, such as staging", func(s *Settings) []fault {
		if IsProduction(s.Profile) {
			return nil
		}
		return about("profile", quoted(s.Profile), "judges production by lenient policies", "remove it, which means production")
	}),
}

// production makes a rule that binds only environments that are held to production's.
func production(keys []string, text string, check func(*Settings) []fault) rule {
	return rule{keys, "In production, " + text, func(s *Settings) []fault {
		if !s.Production {
			return nil
		}
		return check(s)
	}}
}

func zonesFit(s *Settings) []fault {
	return adopted("zones", form.CheckZones(s.Region, s.Network.Zones)...)
}

func knownAddressesGiven(s *Settings) []fault {
	const list = "bastionAllowedCidrs"
	switch known := s.Bastion.Access == BastionKnownAddresses; {
	case known && len(s.Bastion.AllowedCIDRs) == 0:
		return about(list, "", "is empty, and nobody could open an SSH session",
			"list the known addresses of your operators, or choose bastion: SessionManager")
	case !known && len(s.Bastion.AllowedCIDRs) > 0:
		return about(list, "", "is given although bastion is "+string(s.Bastion.Access)+", which admits no SSH",
			"remove it, or choose bastion: KnownAddresses")
	}
	return nil
}

func bastionThere(s *Settings) []fault {
	const wrong, cure = "is given although bastion is None", "remove it, or choose another bastion"
	var faults []fault
	if s.Bastion.Access == BastionNone && s.Bastion.PermissionSet != "" {
		faults = about("bastionPermissionSet", strconv.Quote(s.Bastion.PermissionSet), wrong, cure)
	}
	if s.Bastion.Access == BastionNone && s.Bastion.ReachesDatabase {
		faults = append(faults, about("bastionReachesDatabase", "true", wrong, cure)...)
	}
	return faults
}

func knownAddressesLead(s *Settings) []fault {
	known := s.Bastion.AllowedCIDRs
	if s.Network.IPv6 || len(known) == 0 || slices.ContainsFunc(known, func(r string) bool { return !strings.Contains(r, ":") }) {
		return nil
	}
	return about("bastionAllowedCidrs", "", "has no IPv4 range, and the VPC has no IPv6 addresses", "list the IPv4 addresses too, or set ipv6: true")
}

func bastionRangesFit(s *Settings) []fault {
	return adopted("bastionAllowedCidrs", cidr.CheckOutside(s.Bastion.AllowedCIDRs, s.Network.VPCCIDR)...)
}

func egressRangesFit(s *Settings) []fault {
	return append(adopted("appEgressCidrs", cidr.CheckOutside(s.App.EgressCIDRs, s.Network.VPCCIDR)...),
		adopted("databaseExternalCidrs", cidr.CheckOutside(s.Database.External.CIDRs, s.Network.VPCCIDR)...)...)
}

// knownDestinations reports ranges that belong to so many that nobody knows who answers there.
func knownDestinations(s *Settings) []fault {
	var faults []fault
	for _, d := range s.destinations() {
		widest := 16
		if strings.Contains(d.text, ":") {
			widest = 32
		}
		if r, err := netip.ParsePrefix(d.text); err == nil && r.Bits() < widest {
			faults = append(faults, fault{key: d.key, index: d.index, value: quoted(d.text),
				what: "lets the service of production call more than one owner's addresses", cure: fmt.Sprintf("list the ranges of those it calls, none wider than /%d", widest)})
		}
	}
	return faults
}

func egressHasRoute(s *Settings) []fault {
	reached := slices.DeleteFunc(s.destinations(), func(d destination) bool { return strings.Contains(d.text, ":") })
	switch {
	case s.Network.ExistingVPCID != "": // its owner has made the routes
	case s.Network.NATStrategy == NATNone && len(reached) > 0:
		return about(reached[0].key, "", "cannot be reached with natStrategy None", "empty the list, or choose OnePerZone or Single")
	case s.Network.NATStrategy != NATNone && len(reached) == 0:
		return about("natStrategy", quoted(s.Network.NATStrategy), "pays for gateways that nothing leads to, because appEgressCidrs has no IPv4 range", "choose None, or list what the service calls")
	}
	return nil
}

func egressHasAddresses(s *Settings) []fault {
	var faults []fault
	for _, d := range s.destinations() {
		if !s.Network.IPv6 && strings.Contains(d.text, ":") {
			faults = append(faults, fault{key: d.key, index: d.index, value: quoted(d.text), what: "is IPv6, which a NAT gateway does not carry", cure: "name an IPv4 range, or set ipv6: true"})
		}
	}
	return faults
}

// destination is a range outside the VPC that the service calls, and where it is written.
type destination struct {
	key   string
	index int
	text  string
}

// destinations are all of them.
func (s *Settings) destinations() []destination {
	var all []destination
	for i, text := range s.App.EgressCIDRs {
		all = append(all, destination{"appEgressCidrs", i, text})
	}
	for i, text := range s.Database.External.CIDRs {
		all = append(all, destination{"databaseExternalCidrs", i, text})
	}
	return all
}

func egressHasNames(s *Settings) []fault {
	switch addresses, names := len(s.App.EgressCIDRs), len(s.App.EgressDomains); {
	case addresses > 0 && names == 0:
		return about("appEgressDomains", "", "is missing beside appEgressCidrs, and the VPC's resolver would answer no name of theirs",
			"list the names that the application looks up, for example [api.payments.example]")
	case addresses == 0 && names > 0:
		return about("appEgressDomains", "", "is given without appEgressCidrs, so nothing leads to these names", "remove it, or list the addresses too")
	}
	return nil
}

func endpointsSuffice(s *Settings) []fault {
	var missing []string
	for _, service := range baseEndpoints {
		if !slices.Contains(s.Network.InterfaceEndpoints, service) {
			missing = append(missing, service)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return about("interfaceEndpoints", "", "leaves the instances without a way to "+strings.Join(missing, ", ")+", which no NAT gateway gives",
		"add what is missing")
}

func oneCertificate(s *Settings) []fault {
	switch zone, arn := s.Edge.Zone, s.Edge.CertificateARN; {
	case zone == "" && arn == "":
		return about("edgeZone", "", "is missing like edgeCertificateArn, and without a certificate there is no HTTPS",
			"set one of the two, for example edgeZone: staging.bulkhead.example")
	case zone != "" && arn != "":
		return about("edgeCertificateArn", quoted(arn), "is given beside edgeZone, which brings a certificate of its own", "keep one of the two")
	}
	return nil
}

func domainFits(s *Settings) []fault {
	zone, domain := s.Edge.Zone, cmp.Or(s.Edge.Domain, s.Edge.Zone)
	switch {
	case zone == "" && domain == "" && s.Edge.CertificateARN != "":
		return about("edgeDomain", "", "is missing beside edgeCertificateArn, and no other host name would be served", "name the host that the certificate is for")
	case zone == "":
		return nil
	}
	if err := form.CheckCertificateName(domain); err != nil {
		return adopted("edgeDomain", err)
	}
	return adopted("edgeDomain", form.CheckInZone(domain, zone))
}

func certificateFits(s *Settings) []fault {
	return adopted("edgeCertificateArn", form.CheckCertificateHome(s.Edge.CertificateARN, s.Region, s.AccountID)...)
}

func imageFits(s *Settings) []fault {
	return adopted("appImage", form.CheckImageFits(s.App.Image, s.App.InstanceType))
}

func rootFits(s *Settings) []fault {
	if s.App.Image != "" || s.App.RootDevice == form.AmazonLinuxRoot {
		return nil
	}
	return about("appRootDevice", quoted(s.App.RootDevice), "is not the root disk of Amazon Linux, which runs without appImage", "remove it, or set appImage")
}

func sizesFit(s *Settings) []fault {
	if s.App.MinSize <= s.App.MaxSize {
		return nil
	}
	return about("appMinSize", strconv.Itoa(s.App.MinSize), fmt.Sprintf("is above appMaxSize, %d", s.App.MaxSize), "lower it, or raise appMaxSize")
}

func versionFits(s *Settings) []fault {
	return adopted("databaseEngineVersion", form.CheckPostgreSQL(s.Database.EngineVersion, s.Database.Upgrade))
}

func storageFits(s *Settings) []fault {
	return adopted("databaseMaxStorageGb", form.CheckMaxStorage(s.Database.MaxStorageGB, s.Database.StorageGB))
}
