// SPDX-License-Identifier: Apache-2.0

package database

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
)

// Users are the databases of an instance, who logs in to them, and the function that makes both: see docs/database.md. The
// function alone may then read the secret of the owner.
type Users struct {
	// Agent is the segment in which the function runs, in a tier without a route out. Required. Rows of the table must lead from
	// it to the database, and to AWS("secretsmanager") at HTTPS; none needs to lead to it.
	Agent *network.Segment
	// Archive is the path of the function's archive, which `make dbagent` writes to build/dbagent.zip. A relative path begins in
	// the folder of the Pulumi program. The function is made for the processor that the program in it is for: arm64, or x86_64
	// of an archive for a rehearsal on such a machine. Required.
	Archive string
	// Databases are made where they are missing, with their users. Required. A user that is declared no longer is locked out; a
	// database that is declared no longer keeps its data. A user logs in with an IAM token unless its Login says otherwise; it then
	// has a secret of its own, which the function alone writes and rotates, and which nobody reads but the service that logs in as
	// it and roles with the tag ReaderTag.
	Databases []declare.Database
	// RotationDays is the time between two rotations of a user's secret in days, 8 to 90. Default 8: see DefaultRotationDays.
	RotationDays int
}

// grantable is a name that means one user in the ARN of rds-db:connect, where "*" and "?" would mean more than one, and that the name
// of a secret may hold.
var grantable = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

// bootstrap is the one file in the archive of a function of the runtime provided.al2023.
const bootstrap = "bootstrap"

// problems reports everything that is wrong with the users of a database in the given segment.
func (u *Users) problems(in *network.Segment, administrator string) []error {
	var needs []segment.Need
	if in != nil {
		needs = append(needs, segment.Need{To: segment.End(in.Name), Ports: segment.PostgreSQL, For: "the database whose users it makes"})
	}
	needs = append(needs, segment.Need{To: segment.AWS("secretsmanager"), Ports: segment.HTTPS, For: "the secret of the database's owner"})
	var problems []error
	for _, err := range u.Agent.Check([]segment.Reach{segment.ReachNowhere}, needs...) {
		problems = append(problems, fmt.Errorf("Agent: %w", err))
	}
	if _, err := architecture(u.Archive); err != nil {
		problems = append(problems, err)
	}
	document := u.document()
	if err := document.Check(administrator); err != nil {
		problems = append(problems, err)
	}
	for i, database := range document.Databases {
		for j, user := range database.Users {
			if !grantable.MatchString(user.Name) {
				problems = append(problems, fmt.Errorf("databases[%d].users[%d].name: %q cannot be named in a policy or a secret; use letters, digits and _.-", i, j, user.Name))
			}
		}
	}
	if days := component.Or(u.RotationDays, DefaultRotationDays); days < DefaultRotationDays || days > maxRotationDays {
		problems = append(problems, fmt.Errorf("RotationDays: %d days are too short for a service that reads its secret once a week, or too long for a password; use %d to %d",
			days, DefaultRotationDays, maxRotationDays))
	}
	return problems
}

// architectures are Lambda's names of those that it has, by ELF's.
var architectures = map[elf.Machine]string{elf.EM_AARCH64: "arm64", elf.EM_X86_64: "x86_64"}

// architecture is that of the program in an archive. It reports an archive that Lambda could not start.
func architecture(path string) (string, error) {
	const cure = "run `make dbagent`, which writes build/dbagent.zip"
	if path == "" {
		return "", fmt.Errorf("Archive: missing; name the archive of the agent: %s", cure)
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		return "", fmt.Errorf("Archive: %q is not there or no zip archive (%w); %s", path, err, cure)
	}
	defer func() { _ = archive.Close() }()
	file, err := archive.Open(bootstrap)
	if err != nil {
		return "", fmt.Errorf("Archive: %q holds no file %q; %s", path, bootstrap, cure)
	}
	defer func() { _ = file.Close() }()
	header := make([]byte, 20) // As far as the machine (ELF specification, "ELF Header").
	_, err = io.ReadFull(file, header)
	name, known := architectures[elf.Machine(binary.LittleEndian.Uint16(header[18:]))]
	if err != nil || !bytes.HasPrefix(header, []byte(elf.ELFMAG)) || !known {
		return "", fmt.Errorf("Archive: %q in %q is no program for Linux on arm64 or x86_64; %s", bootstrap, path, cure)
	}
	return name, nil
}

// document is what the function is told, with its defaults.
func (u *Users) document() *declare.Document { return declare.New(u.Databases) }

// Login is how a service gets into the database.
type Login struct {
	// Database and User are what it names when it connects. User is empty for the owner, whose name is in the secret.
	Database, User string
	// By is how the user proves who it is. It is empty for the owner, who has a secret.
	By declare.Login
}

// HasSecret tells whether there is a secret to read: see Database.Secret.
func (l Login) HasSecret() bool { return l.By != declare.IAM }

// Login is that of a declared user. A database without declared users has only its owner, which an empty name stands for.
func (d *Database) Login(user string) (Login, error) {
	if user == "" && len(d.Declared) == 0 {
		return d.onlyLogin(), nil
	}
	var known []string
	for _, database := range declare.New(d.Declared).Databases {
		for _, one := range database.Users {
			if one.Name == user {
				return Login{Database: database.Name, User: user, By: one.Login}, nil
			}
			known = append(known, one.Name)
		}
	}
	return Login{}, fmt.Errorf("%q is not a declared user of the database; use one of [%s], or declare it in the database's Users", user, strings.Join(known, ", "))
}

// onlyLogin is that of a database without declared users: of its owner, or of whom the secret of an external one names.
func (d *Database) onlyLogin() Login {
	login := Login{Database: d.Name}
	if d.External() {
		login.By = declare.Secret
	}
	return login
}

// Secret is the ARN of the secret with username and password of whoever logs in: of the owner or of a user. It means nothing for a
// login with a token.
func (d *Database) Secret(login Login) pulumi.StringOutput {
	if login.User == "" {
		return d.SecretARN
	}
	return d.UserSecretARNs[login.User]
}

// Permissions are what a role needs to log in: to ask for a token for one user, or to read one secret. The secret of a declared user
// wants the role to carry Tags, too.
func (d *Database) Permissions(login Login) []identity.StatementInput {
	if login.HasSecret() {
		return d.readSecret("ReadDatabaseSecret", "DecryptDatabaseSecret", d.Secret(login))
	}
	account := d.account()
	return []identity.StatementInput{{
		Statement: identity.Statement{Sid: "ConnectAsOwnUser", Effect: identity.Allow, Actions: []string{"rds-db:connect"}},
		ResourceInputs: pulumi.StringArray{
			pulumi.Sprintf("arn:aws:rds-db:%s:%s:dbuser:%s/%s", account.Region, account.ID, d.ResourceID, login.User),
		},
	}}
}

// Tags are those of a role that logs in with the secret of a declared user, none for others.
func (d *Database) Tags(login Login) map[string]string {
	if login.User == "" || !login.HasSecret() {
		return nil
	}
	return map[string]string{ReaderTag: d.SecretReader(login.User)}
}
