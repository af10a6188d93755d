// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one REST operation: the method, the path with {names} for its variable parts, the query key or header that tells it from
// its neighbours (empty: none), and its name. The first route that fits wins, so the particular ones come first.
type route struct {
	method, path, mark, action string
}

// readREST names the operation of a REST call.
func (c *Call) readREST() {
	switch c.Service {
	case "s3":
		c.Protocol, c.Action = S3, match(s3Routes, c)
	case "s3control":
		c.Protocol, c.Action = RESTXML, match(s3controlRoutes, c)
	case "route53":
		c.Protocol, c.Action = RESTXML, match(route53Routes, c)
	case "backup":
		c.Protocol, c.Action = RESTJSON, match(backupRoutes, c)
	case "lambda":
		c.Protocol, c.Action = RESTJSON, match(lambdaRoutes, c)
	default:
		c.Protocol, c.Action = RESTJSON, match(watcherRoutes[c.Service], c)
	}
}

func match(routes []route, c *Call) string {
	query, err := url.ParseQuery(c.RawQuery)
	if err != nil {
		query = url.Values{}
	}
	if id := query.Get("x-id"); id != "" { // The SDKs for Go and JavaScript name the S3 object operations themselves.
		return id
	}
	for _, r := range routes {
		if r.method == c.Method && marked(r.mark, query, c.Header) && pathFits(r.path, c.Path) {
			return r.action
		}
	}
	return ""
}

// marked tells whether the query key or header (written with a capital X) is there.
func marked(mark string, query url.Values, header http.Header) bool {
	if mark == "" {
		return true
	}
	if strings.HasPrefix(mark, "X-") {
		return header.Get(mark) != ""
	}
	return query.Has(mark)
}

// pathFits compares a path with a pattern part by part; a last part {name+} takes all that is left and must not be empty.
func pathFits(pattern, path string) bool {
	want := strings.Split(strings.Trim(pattern, "/"), "/")
	have := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range want {
		switch {
		case i >= len(have):
			return false
		case strings.HasSuffix(part, "+}"):
			return have[i] != ""
		case strings.HasPrefix(part, "{"):
			if have[i] == "" {
				return false
			}
		case part != have[i]:
			return false
		}
	}
	return len(want) == len(have)
}

// s3Routes follows https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html.
var s3Routes = append(bucketSettings(), []route{
	{"GET", "/", "", "ListBuckets"},
	{"HEAD", "/{bucket}", "", "HeadBucket"},
	{"GET", "/{bucket}", "list-type", "ListObjectsV2"},
	{"GET", "/{bucket}", "versions", "ListObjectVersions"},
	{"GET", "/{bucket}", "uploads", "ListMultipartUploads"},
	{"GET", "/{bucket}", "location", "GetBucketLocation"},
	{"GET", "/{bucket}", "policyStatus", "GetBucketPolicyStatus"},
	{"POST", "/{bucket}", "delete", "DeleteObjects"},
	{"GET", "/{bucket}", "", "ListObjects"},
	{"PUT", "/{bucket}", "", "CreateBucket"},
	{"DELETE", "/{bucket}", "", "DeleteBucket"},
	{"GET", "/{bucket}/{key+}", "tagging", "GetObjectTagging"},
	{"PUT", "/{bucket}/{key+}", "tagging", "PutObjectTagging"},
	{"DELETE", "/{bucket}/{key+}", "tagging", "DeleteObjectTagging"},
	{"GET", "/{bucket}/{key+}", "acl", "GetObjectAcl"},
	{"PUT", "/{bucket}/{key+}", "acl", "PutObjectAcl"},
	{"POST", "/{bucket}/{key+}", "uploads", "CreateMultipartUpload"},
	{"PUT", "/{bucket}/{key+}", "partNumber", "UploadPart"},
	{"POST", "/{bucket}/{key+}", "uploadId", "CompleteMultipartUpload"},
	{"DELETE", "/{bucket}/{key+}", "uploadId", "AbortMultipartUpload"},
	{"PUT", "/{bucket}/{key+}", "X-Amz-Copy-Source", "CopyObject"},
	{"HEAD", "/{bucket}/{key+}", "", "HeadObject"},
	{"GET", "/{bucket}/{key+}", "", "GetObject"},
	{"PUT", "/{bucket}/{key+}", "", "PutObject"},
	{"DELETE", "/{bucket}/{key+}", "", "DeleteObject"},
}...)

// bucketSettings are the sub-resources of a bucket, each with its name in the operations.
func bucketSettings() []route {
	names := [][3]string{ // query key, read and write name, delete name (empty: the setting cannot be deleted)
		{"accelerate", "BucketAccelerateConfiguration", ""}, {"acl", "BucketAcl", ""},
		{"analytics", "BucketAnalyticsConfiguration", "BucketAnalyticsConfiguration"}, {"cors", "BucketCors", "BucketCors"},
		{"encryption", "BucketEncryption", "BucketEncryption"},
		{"intelligent-tiering", "BucketIntelligentTieringConfiguration", "BucketIntelligentTieringConfiguration"},
		{"inventory", "BucketInventoryConfiguration", "BucketInventoryConfiguration"},
		{"lifecycle", "BucketLifecycleConfiguration", "BucketLifecycle"}, {"logging", "BucketLogging", ""},
		{"metrics", "BucketMetricsConfiguration", "BucketMetricsConfiguration"},
		{"notification", "BucketNotificationConfiguration", ""}, {"object-lock", "ObjectLockConfiguration", ""},
		{"ownershipControls", "BucketOwnershipControls", "BucketOwnershipControls"}, {"policy", "BucketPolicy", "BucketPolicy"},
		{"publicAccessBlock", "PublicAccessBlock", "PublicAccessBlock"}, {"replication", "BucketReplication", "BucketReplication"},
		{"requestPayment", "BucketRequestPayment", ""}, {"tagging", "BucketTagging", "BucketTagging"},
		{"versioning", "BucketVersioning", ""}, {"website", "BucketWebsite", "BucketWebsite"},
	}
	var routes []route
	for _, n := range names {
		routes = append(routes, route{"GET", "/{bucket}", n[0], "Get" + n[1]}, route{"PUT", "/{bucket}", n[0], "Put" + n[1]})
		if n[2] != "" {
			routes = append(routes, route{"DELETE", "/{bucket}", n[0], "Delete" + n[2]})
		}
	}
	return routes
}
