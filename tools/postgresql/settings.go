// SPDX-License-Identifier: Apache-2.0

package postgresql

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Parameters of RDS that pg_hba.conf stands for here.
const (
	forceTLS       = "rds.force_ssl"
	passwordMethod = "rds.accepted_password_auth_method" // #nosec G101 -- a parameter
)

// OnlyRDS are the parameters that no server but RDS's understands, and what stands for each here (RDS user guide, "Using SSL with
// a PostgreSQL DB instance" and "Restricting password management"). The others that begin with "rds." are ignored.
var OnlyRDS = map[string]string{ // #nosec G101 -- names of parameters
	forceTLS:       "with 1, the default since version 15, pg_hba.conf lets nobody in without TLS",
	passwordMethod: "with scram, pg_hba.conf asks for scram-sha-256 and nothing else; otherwise it asks for md5, as which SCRAM passes too",
}

// settings are the parameters of a group, with what a small server on loopback needs besides, and the lines of pg_hba.conf. Memory
// and connections are the server's own: RDS computes them from the size of the instance.
func (s *Server) settings(parameters map[string]string) (settings map[string]string, access string) {
	settings, s.Ignored = map[string]string{}, nil
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		switch value := parameters[name]; {
		case OnlyRDS[name] != "":
		case strings.HasPrefix(name, "rds."), strings.HasPrefix(value, "{"): // A formula, such as {DBInstanceClassMemory/10922}.
			s.Ignored = append(s.Ignored, name)
		case !s.Audits && strings.HasPrefix(name, "pgaudit."):
			s.Ignored = append(s.Ignored, name)
		case !s.Audits && name == "shared_preload_libraries":
			settings[name] = strings.Join(slices.DeleteFunc(strings.Split(value, ","), func(library string) bool { return library == "pgaudit" }), ",")
		default:
			settings[name] = value
		}
	}
	maps.Copy(settings, map[string]string{
		"listen_addresses": "127.0.0.1", "port": fmt.Sprint(s.Port), "unix_socket_directories": s.folder,
		"ssl": "on", "ssl_cert_file": filepath.Join(s.folder, "server.pem"), "ssl_key_file": filepath.Join(s.folder, "server.key"),
		"fsync": "off", "max_connections": "60", "shared_buffers": "16MB", "max_wal_size": "64MB", "wal_keep_size": "64MB",
	})
	kind, method := "hostssl", "scram-sha-256"
	if parameters[forceTLS] == "0" {
		kind = "host"
	}
	if m, given := parameters[passwordMethod]; given && m != "scram" {
		method = "md5"
	}
	return settings, "local all rdsadmin trust\n" +
		kind + " all rdsadmin all reject\n" + kind + " rdsadmin all all reject\n" + kind + " all all all " + method + "\n"
}
