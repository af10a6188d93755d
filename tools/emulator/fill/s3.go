// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"net/http"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// bucketTags lets CreateBucket tag the new bucket (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html), which moto ignores.
func bucketTags(t *Table) {
	t.on("s3", createTaggedBucket, "CreateBucket")
}

func createTaggedBucket(x *Exchange) (*wire.Reply, error) {
	if len(x.Call.Body) == 0 {
		return x.Pass()
	}
	root, err := wire.ParseXML(x.Call.Body)
	if err != nil {
		return x.Pass() // moto refuses it.
	}
	tags := root.Find("Tags/Tag")
	root.Remove("Tags")
	x.Call.Body = root.Bytes()
	if len(root.Children) == 0 {
		x.Call.Body = nil
	}
	dropChecksums(x.Call)
	reply, err := x.Pass()
	if !succeeded(reply, err) || len(tags) == 0 {
		return reply, err
	}
	put := x.Call.Clone()
	put.Action, put.RawQuery = "PutBucketTagging", "tagging"
	put.Body = wire.Parent("Tagging", &wire.Node{Name: "TagSet", Children: tags}).Bytes()
	tagged, err := x.Forward(put)
	if err != nil || tagged.Status >= http.StatusBadRequest {
		return tagged, err
	}
	return reply, nil
}

// dropChecksums removes what is true of the original body only.
func dropChecksums(call *wire.Call) {
	for _, name := range []string{"Content-Md5", "X-Amz-Sdk-Checksum-Algorithm", "X-Amz-Checksum-Crc32", "X-Amz-Checksum-Crc64nvme", "X-Amz-Checksum-Sha256"} {
		call.Header.Del(name)
	}
	call.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
}
