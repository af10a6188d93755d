// SPDX-License-Identifier: Apache-2.0

// Package efs holds the controls of Amazon EFS.
package efs

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "efs-encrypted", Title: "File systems are encrypted", Severity: pack.High, Types: []string{aws.EFSFileSystem},
			Why: "Encryption cannot be switched on later.", Fix: "Set encrypted to true.",
			Maps: standard.Meets("FSBP:EFS.1 FSBP:EFS.8 CIS:2.3.1", standard.AtRest), Check: want.IsTrue("encrypted"),
		},
		{
			ID: "efs-policy-public", Title: "No file system admits everybody", Severity: pack.Critical, Types: []string{aws.EFSFileSystemPolicy},
			Public: true,
			Why:    "Whoever reaches a mount target can then read the files.",
			Fix:    "Name the principals, or add the condition elasticfilesystem:AccessedViaMountTarget.", Maps: standard.Meets(standard.Exposure),
			Check: document.NotPublic("policy"),
		},
		want.Properties{
			"aws:efs/accessPoint:AccessPoint": {"rootDirectory.path": want.Other("/"), "posixUser.uid": want.Given},
		}.Control(pack.Control{
			ID: "efs-access-point-apart", Title: "Access points of file systems show a folder, to one user", Severity: pack.Medium,
			Why:  "An access point for the whole file system, or for whoever the client says it is, keeps nobody apart.",
			Fix:  "Set rootDirectory.path to a folder and posixUser.",
			Maps: standard.Meets("FSBP:EFS.3 FSBP:EFS.4", standard.Isolation, standard.Privilege),
		}),
		want.Optional(want.Row("efs-backups", "File systems are backed up", "Damage is often found after days.",
			"Add a BackupPolicy with the status ENABLED for the file system.", "FSBP:EFS.2 FSBP:EFS.7 "+standard.Recovery, pack.Medium,
			pack.Resilience,
			want.Beside{"aws:efs/fileSystem:FileSystem": {Token: aws.EFSBackupPolicy, Property: "fileSystemId", Path: "backupPolicy.status",
				Want: want.Is("ENABLED")}})),
	}
}
