// SPDX-License-Identifier: Apache-2.0

package database

// parameter is one setting of the PostgreSQL server.
type parameter struct{ name, value string }

// parameters are the settings that the component decides. All of them are dynamic, so
// each is applied with the method "immediate"; RDS would report a static one back as
// "pending-reboot", a difference on every refresh (RDS user guide, "Working with
// parameters on your RDS for PostgreSQL DB instance"). They are in the order of their
// names.
var parameters = []parameter{
	// Who was connected, from where and for how long (CIS PostgreSQL Benchmark, section 3.1).
	{"log_connections", "1"},
	{"log_disconnections", "1"},
	// A statement that waits for a lock longer than deadlock_timeout.
	{"log_lock_waits", "1"},
	// Every change of a schema, role or privilege; never the rows (same section).
	{"log_statement", "ddl"},
	// Passwords are stored as SCRAM verifiers and accepted in no weaker form.
	{"password_encryption", "scram-sha-256"},
	{"rds.accepted_password_auth_method", "scram"},
	// A connection without TLS, or with TLS older than 1.2, is refused (FSBP RDS.38).
	{"rds.force_ssl", "1"},
	{"ssl_min_protocol_version", "TLSv1.2"},
}

// applyImmediately is the apply method of a dynamic parameter.
const applyImmediately = "immediate"

// family is the parameter group family of a major version.
func family(engineVersion string) string { return "postgres" + engineVersion }
