// SPDX-License-Identifier: Apache-2.0

// Package parameter holds the settings of the database server, apart from everything that makes it, so that a real server can
// be started with the very same (docs/database.md).
package parameter

// The apply methods: RDS reports a dynamic parameter back with the first and a static one
// with the second, and any other method is a difference on every refresh (RDS user guide,
// "Working with parameters on your RDS for PostgreSQL DB instance").
const (
	Dynamic = "immediate"
	Static  = "pending-reboot"
)

// Parameter is one setting of the PostgreSQL server.
type Parameter struct{ Name, Value, Method string }

// All are the settings that the component decides, in the order of their names. A
// new instance starts with all of them; a static one that changes waits for a restart.
//
// Who changes a schema, a role or a privilege is for pgaudit to log, and nothing else logs
// the text of a statement: PostgreSQL writes passwords out, where pgaudit cuts a statement
// about a role off at the password (RDS user guide, "Using pgAudit to log database
// activity"). It knows only statements that come one by one, so set passwords with psql's
// \password, which sends a verifier.
var All = []Parameter{
	// Who was connected, from where and for how long (CIS PostgreSQL Benchmark, section 3.1).
	{"log_connections", "1", Dynamic},
	{"log_disconnections", "1", Dynamic},
	// A statement that waits for a lock longer than deadlock_timeout.
	{"log_lock_waits", "1", Dynamic},
	// No text of statements: slow ones are in Performance Insights, and a statement that
	// fails, such as the creation of a user who is there already, leaves its error only.
	{"log_min_duration_statement", "-1", Dynamic},
	{"log_min_error_statement", "panic", Dynamic},
	{"log_statement", "none", Dynamic},
	// Passwords are stored as SCRAM verifiers and accepted in no weaker form.
	{"password_encryption", "scram-sha-256", Dynamic},
	// Every change of a schema, role or privilege; never the rows (same section).
	{"pgaudit.log", "ddl,role", Dynamic},
	{"rds.accepted_password_auth_method", "scram", Dynamic},
	// A connection without TLS, or with TLS older than 1.2, is refused (Security Hub RDS.38).
	{"rds.force_ssl", "1", Dynamic},
	// What RDS loads by default, for Performance Insights, and pgaudit.
	{"shared_preload_libraries", "pg_stat_statements,pgaudit", Static},
	{"ssl_min_protocol_version", "TLSv1.2", Dynamic},
}
