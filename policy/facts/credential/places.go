// SPDX-License-Identifier: Apache-2.0

package credential

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Managed are the types whose service makes and rotates the password by itself when asked to: the property that holds a
// password of one's own, and what to set instead.
var Managed = map[string][2]string{
	aws.RDSInstance:                 {"password", "manageMasterUserPassword to true, or passwordWo"},
	aws.RDSCluster:                  {"masterPassword", "manageMasterUserPassword to true, or masterPasswordWo"},
	aws.DocumentDBCluster:           {"masterPassword", "manageMasterUserPassword to true, or masterPasswordWo"},
	aws.RedshiftCluster:             {"masterPassword", "manageMasterPassword to true, or masterPasswordWo"},
	aws.RedshiftServerlessNamespace: {"adminUserPassword", "manageAdminPassword to true, or adminUserPasswordWo"},
}

// Handed are the properties that hold a secret for which no service has a better place of its own.
var Handed = map[string][]string{
	"aws:secretsmanager/secretVersion:SecretVersion": {"secretString", "secretBinary"},
	aws.SSMParameter:                                                      {"value"},
	aws.ACMCertificate:                                                    {"privateKey"},
	"aws:dms/endpoint:Endpoint":                                           {"password"},
	aws.ElastiCacheReplicationGroup:                                       {"authToken"},
	"aws:directoryservice/directory:Directory":                            {"password"},
	"aws:iam/serverCertificate:ServerCertificate":                         {"privateKey"},
	"aws:lightsail/database:Database":                                     {"masterPassword"},
	"aws:timestreaminfluxdb/dbInstance:DbInstance":                        {"password"},
	"aws:apigateway/apiKey:ApiKey":                                        {"value"},
	"aws:appconfig/hostedConfigurationVersion:HostedConfigurationVersion": {"content"},
}

// WrittenDown is the fact that a value is set by the program itself: it is there, and no resource makes it.
func WrittenDown(k *pack.Case, v pack.Value, property string) pack.Fact {
	from, told := k.PropertyDependencies[property]
	if len(from) > 0 {
		return pack.No(v)
	}
	set := v.IsSet()
	if set.Is == pack.Deferred && told && v.Secret() { // encrypted in an export, which says that no resource makes it
		return pack.Yes(v.Place())
	}
	if set.Is != pack.Deferred {
		set.At = v.Place() // the message is about the place, and must not be about the value
	}
	return set
}

// Sealed wants values to be Pulumi secrets.
func Sealed(k *pack.Case, paths ...string) {
	for _, path := range paths {
		v := k.Get(path)
		switch {
		case !v.Exists() || v.Secret():
		case v.IsUnknown():
			k.Defer(v)
		default:
			k.Report(v, "%s is plain text", path)
		}
	}
}
