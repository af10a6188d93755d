module github.com/bulkhead-iac/bulkhead/tools/awsprovider/upstream

go 1.26.0

require github.com/hashicorp/terraform-provider-aws v0.0.0-00010101000000-000000000000

// The fork only exports the provider's constructor (package xpprovider); it equals upstream 6.34.0.
replace github.com/hashicorp/terraform-provider-aws => github.com/upbound/terraform-provider-aws v0.0.0-20260305123303-f7691456b787
