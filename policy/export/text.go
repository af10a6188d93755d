// SPDX-License-Identifier: Apache-2.0

package export

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// longest is the largest file that is read; the engine's own limit for one message is 400 MB.
const longest = 1 << 30

// gzipMark begins a file in gzip form (RFC 1952, 2.3.1), as a backend keeps its checkpoints when it is told to.
var gzipMark = []byte{0x1f, 0x8b}

// plainText reads a whole file as UTF-8. What is packed by gzip is unpacked; a byte order mark is obeyed and left out, because
// PowerShell writes UTF-16 where a shell would write what it is given.
func plainText(r io.Reader) ([]byte, error) {
	in := bufio.NewReader(r)
	var from io.Reader = in
	if mark, _ := in.Peek(len(gzipMark)); bytes.Equal(mark, gzipMark) { // what cannot be read is an error below
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("the file is not complete: %w", err)
		}
		from = unpacked
	}
	text, err := io.ReadAll(io.LimitReader(transform.NewReader(from, unicode.BOMOverride(encoding.Nop.NewDecoder())), longest+1))
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	if len(text) > longest {
		return nil, fmt.Errorf("the file is larger than %d bytes", longest)
	}
	return text, nil
}
