// SPDX-License-Identifier: Apache-2.0

package firewall

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

// Port is a TCP port with the name of what listens there.
type Port struct {
	// Name goes into resource names and rule descriptions: lower-case letters, digits and dashes, starting with a letter.
	Name string
	// Number is the port number, 1 to 65535.
	Number int
}

// The well-known ports of a deployment.
var (
	// HTTP is plain HTTP, which a deployment offers only to redirect to HTTPS.
	HTTP = Port{Name: "http", Number: 80}
	// HTTPS is HTTP over TLS.
	HTTPS = Port{Name: "https", Number: 443}
	// SSH is the secure shell.
	SSH = Port{Name: "ssh", Number: 22}
	// PostgreSQL is the PostgreSQL wire protocol.
	PostgreSQL = Port{Name: "postgresql", Number: 5432}
)

// String is the name and number, for instance "https (443)".
func (p Port) String() string { return fmt.Sprintf("%s (%d)", p.Name, p.Number) }

var (
	labelForm = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	// described is what EC2 accepts in the description of a security group or of a rule:
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html.
	described = regexp.MustCompile(`^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}$`)
)

// Check reports what is wrong with the port.
func (p Port) Check() error {
	var problems []error
	if !labelForm.MatchString(p.Name) {
		problems = append(problems, fmt.Errorf("port name %q: use lower-case letters, digits and dashes, starting with a letter", p.Name))
	}
	if p.Number < 1 || p.Number > 65535 {
		problems = append(problems, fmt.Errorf("port number %d: use 1 to 65535", p.Number))
	}
	return errors.Join(problems...)
}

// checkWhy reports a description that EC2 would refuse or that says nothing.
func checkWhy(what, why string) error {
	if !described.MatchString(why) {
		return fmt.Errorf("%s %q: say why in 1 to 255 characters out of letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*", what, why)
	}
	return nil
}

// checkReach refuses the internet at large on anything but the web's own ports (FSBP EC2.18 and EC2.19; CIS AWS Foundations
// 1.4, 5.2, on remote administration).
func checkReach(network string, port Port) error {
	if port.Number == HTTP.Number || port.Number == HTTPS.Number {
		return nil
	}
	if err := cidr.CheckDestination(network); err != nil {
		return fmt.Errorf("port %s: %w", port, err)
	}
	return nil
}
