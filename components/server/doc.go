// SPDX-License-Identifier: Apache-2.0

// Package server runs what every EC2 server of a deployment has in common: a hardened launch template, the rules for images
// and types, the user data that cloud-init runs, a role for Session Manager and the logs, and the auto-scaling group that
// replaces a server instead of repairing it.
package server
