// SPDX-License-Identifier: Apache-2.0

// Package instance holds what every EC2 instance of a deployment has in common: a
// launch template with the secure settings, the rules for images and types, the user
// data that cloud-init runs, and the permissions of Session Manager.
package instance
