// SPDX-License-Identifier: Apache-2.0

package database

// The apply methods: RDS reports a dynamic parameter back with the first and a static one
// with the second, and any other method is a difference on every refresh (RDS user guide,
// "Working with parameters on your RDS for PostgreSQL DB instance").
const (
	dynamic = "immediate"
	static  = "pending-reboot"
)

// parameter is one setting of the PostgreSQL server.
type parameter struct{ name, value, method string }

// parameters are the settings that the component decides, in the order of their names. A
// new instance starts with all of them; a static one that changes waits for a restart.
//
// Who changes a schema, a role or a privilege is for pgaudit to log, and nothing else logs
// the text of a statement: PostgreSQL writes passwords out, where pgaudit cuts a statement
// about a role off at the password (RDS user guide, "Using pgAudit to log database
// activity"). It knows only statements that come one by one, so set passwords with psql's
// \password, which sends a verifier.
var parameters = []parameter{
	// Who was connected, from where and for how long (CIS PostgreSQL Benchmark, section 3.1).
	{"log_connections", "1", dynamic},
	{"log_disconnections", "1", dynamic},
	// A statement that waits for a lock longer than deadlock_timeout.
	{"log_lock_waits", "1", dynamic},
	// No text of statements: slow ones are in Performance Insights, and a statement that
	// fails, such as the creation of a user who is there already, leaves its error only.
	{"log_min_duration_statement", "-1", dynamic},
	{"log_min_error_statement", "panic", dynamic},
	{"log_statement", "none", dynamic},
	// Passwords are stored as SCRAM verifiers and accepted in no weaker form.
	{"password_encryption", "scram-sha-256", dynamic},
	// Every change of a schema, role or privilege; never the rows (same section).
	{"pgaudit.log", "ddl,role", dynamic},
	{"rds.accepted_password_auth_method", "scram", dynamic},
	// A connection without TLS, or with TLS older than 1.2, is refused (FSBP RDS.38).
	{"rds.force_ssl", "1", dynamic},
	// What RDS loads by default, for Performance Insights, and pgaudit.
	{"shared_preload_libraries", "pg_stat_statements,pgaudit", static},
	{"ssl_min_protocol_version", "TLSv1.2", dynamic},
}

// family is the parameter group family of a major version.
func family(engineVersion string) string { return "postgres" + engineVersion }
