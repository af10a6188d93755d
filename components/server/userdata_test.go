// SPDX-License-Identifier: Apache-2.0

package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/servertest"
)

func TestUserDataKeepsEveryPartAndItsPlace(t *testing.T) {
	script, config := "#!/bin/bash\necho 'é — \"quoted\"'\n", "#cloud-config\nruncmd: [true]\n"
	encoded, err := UserData(Part{"start.sh", script}, Part{"before.cfg", config})
	require.NoError(t, err)
	require.Equal(t, []servertest.Part{
		{File: "01-start.sh", Type: `text/x-shellscript; charset="utf-8"`, Body: script},
		{File: "02-before.cfg", Type: `text/cloud-config; charset="utf-8"`, Body: config},
	}, servertest.Parts(t, encoded), "cloud-init runs scripts in the order of their names")
}

func TestUserDataIsStable(t *testing.T) {
	once, err := UserData(Part{"a", "#!/bin/sh\n"})
	require.NoError(t, err)
	again, err := UserData(Part{"a", "#!/bin/sh\n"})
	require.NoError(t, err)
	require.Equal(t, once, again)
	other, err := UserData(Part{"a", "#!/bin/bash\n"})
	require.NoError(t, err)
	require.NotEqual(t, once, other)
}

func TestUserDataRefusesWhatCloudInitWouldIgnore(t *testing.T) {
	_, err := UserData(Part{"app.sh", "echo hello\n"})
	require.ErrorContains(t, err, `"app.sh"`)
	require.ErrorContains(t, CheckPart(Part{"app.sh", " #!/bin/sh\n"}), "ignore it")
}

func TestUserDataRefusesWhatEC2WouldNotTake(t *testing.T) {
	_, err := UserData(Part{"big", "#!/bin/sh\n" + strings.Repeat("#", UserDataLimit)})
	require.ErrorContains(t, err, "EC2 takes 16384")
}
