// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/schema"
)

// ownPasswords are the types whose service makes and rotates the password by itself when asked to: the property that holds a
// password of one's own, and what to set instead.
var ownPasswords = map[string][2]string{
	rdsInstance:     {"password", "manageMasterUserPassword to true, or passwordWo"},
	rdsCluster:      {"masterPassword", "manageMasterUserPassword to true, or masterPasswordWo"},
	docdbCluster:    {"masterPassword", "manageMasterUserPassword to true, or masterPasswordWo"},
	redshiftCluster: {"masterPassword", "manageMasterPassword to true, or masterPasswordWo"},
	redshiftSpace:   {"adminUserPassword", "manageAdminPassword to true, or adminUserPasswordWo"},
}

// handed are the properties that hold a secret for which no service has a better place of its own.
var handed = map[string][]string{
	"aws:secretsmanager/secretVersion:SecretVersion": {"secretString", "secretBinary"},
	parameterType:               {"value"},
	certificate:                 {"privateKey"},
	"aws:dms/endpoint:Endpoint": {"password"},
	cacheGroup:                  {"authToken"},
	"aws:directoryservice/directory:Directory":                            {"password"},
	"aws:iam/serverCertificate:ServerCertificate":                         {"privateKey"},
	"aws:lightsail/database:Database":                                     {"masterPassword"},
	"aws:timestreaminfluxdb/dbInstance:DbInstance":                        {"password"},
	"aws:apigateway/apiKey:ApiKey":                                        {"value"},
	"aws:appconfig/hostedConfigurationVersion:HostedConfigurationVersion": {"content"},
}

// sealedValues are about secrets in the inputs of resources, and about what SDKs make secrets by themselves.
func sealedValues() []*pack.Control {
	return []*pack.Control{
		{
			ID: "rds-password-managed", Title: "Passwords of databases and warehouses are made by the service", Severity: pack.High, Types: sorted(ownPasswords), Stack: true,
			Why:  "A password in the program or its configuration is known to whoever reads either, and to the state; the service makes and rotates one that nobody needs to know.",
			Fix:  "Let the service make the password, or give it write-only; a password that another resource makes, such as a RandomPassword, is accepted.",
			Maps: meets(identity), Check: func(k *pack.Case) {
				by := ownPasswords[k.Type]
				v := k.Get(by[0])
				k.Forbid(writtenDown(k, v, by[0]), "%s is written in the program or its configuration; set %s", by[0], by[1])
			},
		},
		{
			ID: "secret-from-program", Title: "Values of secrets are not written in the program", Severity: pack.Medium, Level: pack.Disabled, Types: sorted(handed), Stack: true,
			Why:  "The SDKs make these values Pulumi secrets by themselves, so that the state does not show them; the program and its history do. An export does not show whether a value comes from configuration, so this is off by default.",
			Fix:  "Read the value from secret configuration or from another resource, or give it write-only.",
			Maps: meets(identity), Check: func(k *pack.Case) {
				secret := pack.Yes(pack.Value{})
				if k.Type == parameterType {
					secret = k.Get("type").OneOf("SecureString")
				}
				for _, property := range handed[k.Type] {
					v := k.Get(property)
					if schema.Sealed(k.Type, property) && (v.Secret() || v.IsUnknown()) {
						k.Forbid(secret.And(configured(k, v).Not()).And(writtenDown(k, v, property)), "%s is written in the program or its configuration", property)
					}
				}
			},
		},
		{
			ID: "ssm-parameter-sealed", Title: "Parameters with secrets are SecureString", Severity: pack.High, Types: []string{parameterType},
			Why: "A String can be read by everybody who may read parameters, and needs no key.", Fix: "Set type to SecureString and keyId.", Maps: meets(identity, atRest),
			Check: func(k *pack.Case) {
				k.Require(sensitive(k).Not().Or(k.Get("type").OneOf("SecureString")), "type is %s, and name or value are those of a secret", k.Get("type"))
			},
		},
	}
}

// writtenDown is the fact that a value is set by the program itself: it is there, and no resource makes it.
func writtenDown(k *pack.Case, v pack.Value, property string) pack.Fact {
	if len(k.PropertyDependencies[property]) > 0 {
		return pack.No(v)
	}
	set := v.IsSet()
	if set.Is != pack.Deferred {
		set.At = v.Place() // the message is about the place, and must not be about the value
	}
	return set
}

// configured is the fact that a value is one of the secret values of the stack's configuration, as far as the engine says them.
func configured(k *pack.Case, v pack.Value) pack.Fact { return v.Matches(k.About.FromSecretConfig) }

// sensitive is the fact that a parameter holds a secret: its name says so, its value looks like one, or the program
// made the value a secret where the SDKs do not do that by themselves.
func sensitive(k *pack.Case) pack.Fact {
	answer := k.Get("name").Matches(secretKey)
	for _, property := range []string{"value", "insecureValue"} {
		switch v := k.Get(property); {
		case v.Secret() && !schema.Sealed(k.Type, property):
			answer = answer.Or(pack.Yes(k.Get("type")))
		case v.Exists():
			looks := v.Matches(holdsSecret)
			if looks.Is == pack.True {
				looks.At = k.Get("type")
			}
			answer = answer.Or(looks)
		}
	}
	return answer
}

// sealed wants values to be Pulumi secrets.
func sealed(k *pack.Case, paths ...string) {
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
