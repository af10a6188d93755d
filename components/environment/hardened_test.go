// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/backup"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

var update = flag.Bool("update", false, "write golden files and the exports of the policies' tests anew")

// hardened is where the policies' tests have two deployed environments as input.
const hardened = "../../policy/hardening/testdata"

// small is the reference environment as a stage before production.
func small() *Args {
	args := reference()
	args.Services[0].MinSize, args.Services[0].MaxSize = 1, 2
	args.Databases[0].InstanceClass, args.Databases[0].StorageGB, args.Databases[0].MaxStorageGB = "db.t4g.micro", 20, 50
	args.Databases[0].SingleAZ = true
	args.Databases[0].BackupRetentionDays = 7
	return args
}

// large is the reference environment at the size of production.
func large() *Args {
	args := reference()
	args.VPCCIDR, args.NATStrategy = "10.10.0.0/16", network.NATOnePerZone
	args.Zones = append(args.Zones, pulumitest.Region+"c")
	args.LogRetentionDays = 731
	args.AlarmEmails = append(args.AlarmEmails, "security@example.com")
	args.Services[0].MinSize, args.Services[0].MaxSize = 3, 9
	args.Services[0].Server.InstanceType = "m7i.large"
	args.Databases[0].InstanceClass, args.Databases[0].StorageGB, args.Databases[0].MaxStorageGB = "db.m7g.large", 100, 500
	args.Databases[0].BackupRetentionDays = 35
	args.Backup = &backup.Args{KeepDays: 35, CopyTo: []string{"arn:aws:backup:eu-west-1:" + args.AccountID + ":backup-vault:far"}}
	return args
}

// The policies are tried on what the components make today, deployed and in the preview before that.
func TestHardenedEnvironmentsAreTodaysComponents(t *testing.T) {
	for environment, args := range map[string]*Args{"staging": small(), "production": large()} {
		for name, how := range map[string][]pulumitest.Option{environment: nil, environment + "-preview": {pulumitest.Preview()}} {
			t.Run(name, func(t *testing.T) {
				rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
					env, err := New(ctx, environment, args)
					if err == nil {
						env.Export(ctx)
					}
					return err
				}, append(how, pulumitest.InStack(pulumitest.Project, environment))...)
				now, err := rec.Export()
				require.NoError(t, err)
				file := filepath.Join(hardened, name+".json")
				if *update {
					require.NoError(t, os.WriteFile(file, now, 0o600))
				}
				before, err := os.ReadFile(filepath.Clean(file))
				require.NoError(t, err)
				require.True(t, string(before) == string(now), "%s is not what the components make today; run: go test ./components/environment -run Hardened -update && go test ./policy/hardening ./policy/segmentation/page -update", file)
			})
		}
	}
}
