// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

func TestXMLSurvivesReadingAndWriting(t *testing.T) {
	t.Parallel()
	const document = `<?xml version="1.0" encoding="UTF-8"?>
<A xmlns="urn:x" xmlns:xsi="urn:y"><B xsi:type="C">1 &lt; 2 &amp; 3</B><List><member>a</member><member>b</member></List><E></E></A>`
	root, err := wire.ParseXML([]byte(document))
	require.NoError(t, err)
	require.Equal(t, document, string(root.Bytes()))
	require.Equal(t, "1 < 2 & 3", root.Get("B"))
	require.Len(t, root.Find("List/member"), 2)
	root.Set(wire.Element("B", "new"))
	root.Remove("List")
	require.Equal(t, "new", root.Get("B"))
	require.Empty(t, root.Find("List/member"))
}

func FuzzParseXML(f *testing.F) {
	f.Add([]byte("<a b='1'>x<c/></a>"))
	f.Add([]byte("<a></b>"))
	f.Fuzz(func(t *testing.T, document []byte) {
		root, err := wire.ParseXML(document)
		if err != nil {
			return
		}
		again, err := wire.ParseXML(root.Bytes())
		require.NoError(t, err)
		require.Equal(t, root.Bytes(), again.Bytes())
	})
}
