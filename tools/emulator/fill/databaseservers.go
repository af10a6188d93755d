// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/function"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
	"github.com/bulkhead-iac/bulkhead/tools/postgresql"
)

// owner is whom an RDS instance was made for, and what else a server for it has to know.
type owner struct {
	engine, version, user, password, database, parameterGroup string

	backup string // What the server begins with, empty if with nothing.
}

// DatabaseServer is an instance of PostgreSQL whose address a function of the account has been given.
type DatabaseServer struct {
	Instance string `json:"instance"` // Its identifier.
	// Stands is the major version of the server that stands for it, and Declared the version that RDS was asked for. Stands is empty
	// if Missing says why there is no server.
	Stands   string `json:"stands,omitempty"`
	Declared string `json:"declared"`
	Missing  string `json:"missing,omitempty"`
	// Port of loopback is where it listens, Host the name in its certificate, and Roots the file of the authority that has issued that.
	Port  uint16 `json:"port,omitempty"`
	Host  string `json:"host,omitempty"`
	Roots string `json:"roots,omitempty"`
	// Ignored are parameters of the instance's group that have no meaning outside RDS.
	Ignored []string `json:"ignored,omitempty"`
	// WithoutTLS is how the server answered a login of the owner, with the right password and without TLS; empty if it let him in.
	WithoutTLS string `json:"without_tls"`
	// Accounts are who may log in, and what each may then do, read back from the server.
	Accounts []postgresql.Account `json:"accounts,omitempty"`
}

// rotatedLogin is the value of a secret that has rotated, without its password: of whom at which server; and when.
type rotatedLogin struct {
	Port uint16 `json:"port"`
	User string `json:"username"`

	last    time.Time
	failure string
}

// of tells whether an account is one of the two that alternate, or the only one.
func (l rotatedLogin) of(account string) bool {
	return strings.TrimSuffix(account, declare.CloneSuffix) == strings.TrimSuffix(l.User, declare.CloneSuffix)
}

// says is how the account of a secret logs in.
func (l rotatedLogin) says(account string) string {
	switch {
	case l.failure != "":
		return "secret, not rotated: " + l.failure
	case account != l.User:
		return "secret, until the rotation after " + l.last.UTC().Format(time.DateTime)
	}
	return "secret, rotated " + l.last.UTC().Format(time.DateTime)
}

// databaseServers stand behind RDS instances for the functions that connect to them: a real PostgreSQL on loopback for each, from
// the first call of such a function until the instance is deleted.
type databaseServers struct {
	backing    DatabaseBacking
	owners     store[owner]
	parameters *parameterGroups
	rotated    store[rotatedLogin] // By the ARN of the secret.

	backups store[string] // By snapshot, the folder of what it holds.

	mutex   sync.Mutex
	off     bool
	copies  []string // The folders of what was backed up.
	running map[storeKey]*postgresql.Server
	missing map[storeKey]error // Why there is none.
}

// DatabaseBacking is where servers for instances come from, and where they keep their data.
type DatabaseBacking struct {
	Root   string // The project's folder, in whose toolchain a server may be.
	Folder string // Of the data. Default: that of temporary files.
}

func newDatabaseServers(t *Table, parameters *parameterGroups) *databaseServers {
	d := &databaseServers{backing: t.backing, parameters: parameters, running: map[storeKey]*postgresql.Server{}, missing: map[storeKey]error{}}
	t.on("rds", d.create, "CreateDBInstance")
	t.on("rds", d.restore, "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime")
	t.on("rds", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		if !succeeded(reply, err) {
			return reply, err
		}
		if group := x.Call.Form.Get("DBParameterGroupName"); group != "" {
			d.owners.update(x.place(), instanceName(x), func(o owner) owner { o.parameterGroup = strings.ToLower(group); return o })
		}
		if x.Call.Form.Get("ManageMasterUserPassword") == "true" {
			made, _ := d.owners.get(x.place(), instanceName(x))
			if made.password, err = x.managePassword(reply, made.user); err != nil {
				return nil, err
			}
			d.owners.set(x.place(), instanceName(x), made)
		}
		return reply, nil
	}, "ModifyDBInstance")
	t.on("rds", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		if succeeded(reply, err) {
			d.forget(x.place(), instanceName(x))
		}
		return reply, err
	}, "DeleteDBInstance")
	d.keepSnapshots(t)
	return d
}

// create notes the owner of an instance. A secret that RDS manages names him and has a password of its own (RDS user guide,
// "Password management with Amazon RDS and AWS Secrets Manager"); moto writes the same two words into each.
func (d *databaseServers) create(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	if !succeeded(reply, err) {
		return reply, err
	}
	form := x.Call.Form
	made := owner{
		engine: form.Get("Engine"), version: form.Get("EngineVersion"), user: form.Get("MasterUsername"), password: form.Get("MasterUserPassword"),
		database: form.Get("DBName"), parameterGroup: strings.ToLower(form.Get("DBParameterGroupName")),
	}
	if form.Get("ManageMasterUserPassword") == "true" {
		if made.password, err = x.managePassword(reply, made.user); err != nil {
			return nil, err
		}
	}
	d.owners.set(x.place(), instanceName(x), made)
	return reply, nil
}

// managePassword writes a new password of a user into the secret that an answer about an instance names.
func (x *Exchange) managePassword(reply *wire.Reply, user string) (string, error) {
	root, err := wire.ParseXML(reply.Body)
	if err != nil {
		return "", fmt.Errorf("moto's answer: %w", err)
	}
	password := rand.Text()
	secret := root.Get(x.Call.Action + "Result/DBInstance/MasterUserSecret/SecretArn")
	return password, x.writeSecret(secret, map[string]string{"username": user, "password": password})
}

// restore notes the owner of a restored instance, who is that of the backup. RDS manages no password of his before it is asked to (RDS
// user guide, "Password management with Amazon RDS and AWS Secrets Manager"), where moto goes on as the source did.
func (d *databaseServers) restore(x *Exchange) (*wire.Reply, error) {
	backup, err := d.backupFor(x)
	if err != nil {
		return nil, err
	}
	reply, err := x.Pass()
	return editXML(reply, err, func(root *wire.Node) {
		for _, instance := range root.Find(x.Call.Action + "Result/DBInstance") {
			d.owners.set(x.place(), instanceName(x), owner{
				engine: instance.Get("Engine"), version: instance.Get("EngineVersion"), user: instance.Get("MasterUsername"), database: instance.Get("DBName"),
				parameterGroup: strings.ToLower(x.Call.Form.Get("DBParameterGroupName")), backup: backup,
			})
			instance.Children = slices.DeleteFunc(instance.Children, func(n *wire.Node) bool { return n.Name == "MasterUserSecret" })
		}
		// That there is no secret is an answer, not an error.
		_, _ = x.ask("ModifyDBInstance", map[string]string{"DBInstanceIdentifier": instanceName(x), "ManageMasterUserPassword": "false"})
	})
}

// writeSecret gives a secret another value.
func (x *Exchange) writeSecret(arn string, value map[string]string) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	reply, err := x.elsewhere("secretsmanager", "secretsmanager.PutSecretValue", map[string]any{"SecretId": arn, "SecretString": string(text), "ClientRequestToken": newToken()})
	if err == nil && reply.Status != http.StatusOK {
		err = fmt.Errorf("status %d: %s", reply.Status, reply.Body)
	}
	if err != nil {
		return fmt.Errorf("writing the owner's password into %s: %w", arn, err)
	}
	return nil
}

// newToken is a random token of 32 characters, the fewest that Secrets Manager takes.
func newToken() string { return (rand.Text() + rand.Text())[:32] }

// forget ends the server of an instance.
func (d *databaseServers) forget(p place, name string) {
	d.owners.remove(p, name)
	d.mutex.Lock()
	defer d.mutex.Unlock()
	key := storeKey{p, name}
	if server := d.running[key]; server != nil {
		server.Stop()
	}
	delete(d.running, key)
	delete(d.missing, key)
}

// close ends all servers.
func (d *databaseServers) close() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for _, server := range d.running {
		server.Stop()
	}
	clear(d.running)
	clear(d.missing)
	d.dropCopies()
}

// turn says whether servers are started from now on. Those that run are ended when they are not.
func (d *databaseServers) turn(off bool) {
	d.mutex.Lock()
	changed := d.off != off
	d.off = off
	d.mutex.Unlock()
	if changed {
		d.close()
	}
}

// list describes the instances that functions have been led to, by name.
func (d *databaseServers) list(ctx context.Context) ([]DatabaseServer, error) {
	d.mutex.Lock()
	running, missing := maps.Clone(d.running), maps.Clone(d.missing)
	d.mutex.Unlock()
	var servers []DatabaseServer
	for key, err := range missing {
		made, _ := d.owners.get(key.place, key.name)
		servers = append(servers, DatabaseServer{Instance: key.name, Declared: made.version, Missing: err.Error()})
	}
	for key, server := range running {
		made, _ := d.owners.get(key.place, key.name)
		described := DatabaseServer{Instance: key.name, Declared: made.version, Stands: server.Version, Ignored: server.Ignored, Port: server.Port, Host: postgresql.Host, Roots: server.CAFile()}
		var err error
		if described.WithoutTLS, err = server.WithoutTLS(ctx, made.user, made.password); err != nil {
			return nil, fmt.Errorf("the server of %s: %w", key.name, err)
		}
		if described.Accounts, err = server.Accounts(ctx); err != nil {
			return nil, fmt.Errorf("the server of %s: %w", key.name, err)
		}
		d.addRotations(key.place, server.Port, described.Accounts)
		servers = append(servers, described)
	}
	slices.SortFunc(servers, func(a, b DatabaseServer) int { return cmp.Compare(a.Instance, b.Instance) })
	return servers, nil
}

// addRotations says of accounts with a password whose secrets have rotated, and when.
func (d *databaseServers) addRotations(p place, port uint16, accounts []postgresql.Account) {
	for _, login := range d.rotated.all(p) {
		for i := range accounts {
			if a := &accounts[i]; login.Port == port && login.of(a.Name) && a.Login == "password" {
				a.Login = login.says(a.Name)
			}
		}
	}
}

// What the names of a function's variables end in that say where a database is, and the variable of the database agent that
// names the file of the authorities whose certificates it trusts.
const (
	hostSuffix     = "_HOST"
	portSuffix     = "_PORT"
	rootsVariable  = "BULKHEAD_CA_FILE"
	instanceDomain = ".rds.amazonaws.com"
)

// connect leads a function to a real server where a variable X_HOST has the address of an instance: that variable, X_PORT and the
// agent's BULKHEAD_CA_FILE become the server's. The error is an errUnable where there can be no server.
func (d *databaseServers) connect(x *Exchange, called *function.Function) error {
	for variable, address := range maps.Clone(called.Environment) {
		name, _, _ := strings.Cut(address, ".")
		prefix, isHost := strings.CutSuffix(variable, hostSuffix)
		if !isHost || !strings.HasSuffix(address, instanceDomain) {
			continue
		}
		made, known := d.owners.get(x.place(), name)
		if !known {
			continue
		}
		server, err := d.start(x.Context, storeKey{x.place(), name}, made)
		if err != nil {
			return fmt.Errorf("%s leads to the database instance %s: %w", variable, name, err)
		}
		called.Environment[variable], called.Environment[prefix+portSuffix] = postgresql.Host, strconv.Itoa(int(server.Port))
		called.Environment[rootsVariable] = server.CAFile()
	}
	return nil
}

// errUnable says that no server of this machine can stand for an instance.
var errUnable = errors.New("no server stands for it")

// start returns the server of an instance, which it starts for the first who asks, with the parameters that the instance's group has then.
func (d *databaseServers) start(ctx context.Context, key storeKey, made owner) (*postgresql.Server, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if server := d.running[key]; server != nil {
		return server, nil
	}
	server, err := d.launch(ctx, key, made)
	if errors.Is(err, errUnable) {
		d.missing[key] = err
	} else if err == nil {
		delete(d.missing, key)
		d.running[key] = server
	}
	return server, err
}

func (d *databaseServers) launch(ctx context.Context, key storeKey, made owner) (*postgresql.Server, error) {
	if d.off {
		return nil, fmt.Errorf("%w: database servers are turned off", errUnable)
	}
	if made.engine != "postgres" {
		return nil, fmt.Errorf("%w: its engine is %q, and only postgres is run", errUnable, made.engine)
	}
	parameters := map[string]string{}
	set, _ := d.parameters.get(key.place, made.parameterGroup)
	for name, parameter := range set {
		parameters[name] = parameter.Get("ParameterValue")
	}
	server, err := postgresql.Start(ctx, postgresql.Options{
		Root: d.backing.Root, Folder: d.backing.Folder, Administrator: made.user, Password: made.password, Database: made.database, Parameters: parameters,
		Backup: present(made.backup),
	})
	if errors.Is(err, postgresql.ErrNone) || errors.Is(err, fs.ErrPermission) { // Root's folder is closed to whom the server runs as.
		return nil, fmt.Errorf("%w: %w", errUnable, err)
	}
	return server, err
}
