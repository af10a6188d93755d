// SPDX-License-Identifier: Apache-2.0

package machine_test

import (
	"bytes"
	"compress/gzip"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/machine"
)

const userData = `#!/bin/bash
cat >/etc/shop/env.new <<'END'
# a comment
SERVICE_PORT=8443
NAME=shop
END
mv /etc/shop/env.new /etc/shop/env
cat >/opt/shop/run.sh <<'END'
echo "$NAME $KEYS $(cat "$KEYS/key")"
END
cat >/etc/systemd/system/shop.service <<'END'
[Service]
EnvironmentFile=-/etc/shop/env
Environment=KEYS=/run/shop-keys
RuntimeDirectory=shop-keys
ExecStartPre=/bin/cp /etc/shop/env /run/shop-keys/key
ExecStart=/bin/sh /opt/shop/run.sh
END
cat >/etc/systemd/system/unfinished.service <<'END'
ExecStart=/bin/true
`

func TestAServiceOfUserDataRunsInAFolderAsItWouldOnTheInstance(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(userData))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	parts := "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/cloud-config\r\n\r\n#cloud-config\r\n--b\r\nContent-Type: text/x-shellscript\r\n\r\n" + userData + "\r\n--b--\r\n"
	for name, text := range map[string][]byte{"script": []byte(userData), "packed": packed.Bytes(), "parts": []byte(parts)} {
		t.Run(name, func(t *testing.T) {
			services, err := machine.Read(text)
			require.NoError(t, err)
			require.Len(t, services, 1, "a here-document without an end is none")
			s := services[0]
			require.Equal(t, "shop.service", s.Unit)
			require.Equal(t, uint16(8443), s.Port())
			folder := t.TempDir()
			commands, err := s.Install(folder)
			require.NoError(t, err)
			require.Len(t, commands, 2)
			require.NoError(t, commands[0].Run())
			out, err := commands[1].Output()
			require.NoError(t, err)
			require.Equal(t, "shop "+filepath.Join(folder, "run", "shop-keys")+" # a comment\nSERVICE_PORT=8443\nNAME=shop\n", string(out))
		})
	}
}

func TestWhatIsNoUserDataIsNoService(t *testing.T) {
	for _, text := range []string{"", "#cloud-config\n", "\x1f\x8bbroken", "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nunfinished"} {
		services, err := machine.Read([]byte(text))
		require.Empty(t, services)
		if text != "" && text[0] != '#' {
			require.ErrorContains(t, err, "user data: ")
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(userData))
	f.Fuzz(func(t *testing.T, text []byte) {
		services, err := machine.Read(text)
		if err != nil && services != nil {
			t.Error("services and an error")
		}
	})
}
