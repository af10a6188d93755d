// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"fmt"

	"github.com/bulkhead-iac/bulkhead/components/server"
)

// User data is made of parts, each of which fails for itself; what cloud-init would not run is refused.
func Example() {
	data, err := server.UserData(
		server.Part{Name: "swap-off.sh", Body: "#!/bin/sh\nswapoff -a\n"},
		server.Part{Name: "time.yaml", Body: "#cloud-config\ntimezone: UTC\n"},
	)
	fmt.Println(len(data) > 0 && len(data) < server.UserDataLimit, err)
	fmt.Println(server.CheckPart(server.Part{Name: "start", Body: "systemctl start shop"}))
	// Output:
	// true <nil>
	// user data "start" starts with neither "#!" nor "#cloud-config"; cloud-init would ignore it
}
