// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// read undoes UserData with Go's own mail reader, as cloud-init does with Python's.
func read(t *testing.T, encoded string) []Part {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	message, err := mail.ReadMessage(strings.NewReader(string(raw)))
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/mixed", kind)
	var parts []Part
	for r := multipart.NewReader(message.Body, params["boundary"]); ; {
		part, err := r.NextPart()
		if err == io.EOF {
			return parts
		}
		require.NoError(t, err)
		body, err := io.ReadAll(part)
		require.NoError(t, err)
		parts = append(parts, Part{Name: part.FileName(), Body: string(body)})
		require.Equal(t, parts[len(parts)-1].contentType()+`; charset="utf-8"`, part.Header.Get("Content-Type"))
	}
}

func TestUserDataKeepsEveryPart(t *testing.T) {
	want := []Part{
		{"env.sh", "#!/bin/bash\necho 'é — \"quoted\"'\n"},
		{"service.cfg", "#cloud-config\nruncmd: [true]\n"},
	}
	encoded, err := UserData(want...)
	require.NoError(t, err)
	require.Equal(t, want, read(t, encoded))
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
