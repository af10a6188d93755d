// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// UserDataLimit is how large user data may be before it is encoded, in bytes (EC2 user
// guide, "Instance user data").
const UserDataLimit = 16 * 1024

// Part is one piece of user data, run by cloud-init in the order given. Each piece
// fails for itself: the ones behind it still run.
type Part struct {
	// Name is the file name under which cloud-init keeps and logs the part, after its number.
	Name string
	// Body is a script that starts with "#!", or a "#cloud-config" document.
	Body string
}

// kinds are the pieces of user data that cloud-init knows by their first line
// (https://cloudinit.readthedocs.io/en/latest/explanation/format.html).
var kinds = []struct{ start, contentType string }{
	{"#!", "text/x-shellscript"},
	{"#cloud-config", "text/cloud-config"},
}

// contentType is what cloud-init takes the part for, "" if it would not know.
func (p Part) contentType() string {
	for _, kind := range kinds {
		if strings.HasPrefix(p.Body, kind.start) {
			return kind.contentType
		}
	}
	return ""
}

// CheckPart reports a body that cloud-init would silently ignore.
func CheckPart(p Part) error {
	if p.contentType() == "" {
		return fmt.Errorf("user data %q starts with neither \"#!\" nor \"#cloud-config\"; cloud-init would ignore it", p.Name)
	}
	return nil
}

// UserData joins parts into one multi-part document and encodes it in base64, as a
// launch template wants it. The same parts always give the same text, so that an
// unchanged service is not replaced. Cloud-init runs scripts in the order of their file names, which therefore begin with a
// number.
func UserData(parts ...Part) (string, error) {
	sum := sha256.New()
	for _, p := range parts {
		if err := CheckPart(p); err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(sum, "%q%q", p.Name, p.Body)
	}
	var document bytes.Buffer
	w := multipart.NewWriter(&document)
	boundary := "part-" + hex.EncodeToString(sum.Sum(nil)[:16])
	if err := w.SetBoundary(boundary); err != nil {
		return "", err
	}
	_, _ = fmt.Fprintf(&document, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%q\r\n\r\n", boundary)
	for i, p := range parts {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Type":        {p.contentType() + `; charset="utf-8"`},
			"Content-Disposition": {mime.FormatMediaType("attachment", map[string]string{"filename": fmt.Sprintf("%02d-%s", i+1, p.Name)})},
		})
		if err != nil {
			return "", err
		}
		if _, err := part.Write([]byte(p.Body)); err != nil {
			return "", err
		}
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	if document.Len() > UserDataLimit {
		return "", fmt.Errorf("user data is %d bytes and EC2 takes %d; put what is large into the image", document.Len(), UserDataLimit)
	}
	return base64.StdEncoding.EncodeToString(document.Bytes()), nil
}
