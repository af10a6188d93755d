// SPDX-License-Identifier: Apache-2.0

package toolchain_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// notOffered are properties of the SDK that the plugin cannot serve, because the SDK belongs to an
// older version of the upstream provider. The plugin refuses a program that sets one.
var notOffered = map[string]string{
	"aws:budgets/budget:Budget.autoAdjustData.historicalOptions.lookbackAvailablePeriods": "an output",
	"aws:budgets/budget:Budget.autoAdjustData.lastAutoAdjustTime":                         "an output",
	"aws:ec2/eip:Eip.vpc":                                                             "removed upstream; domain replaces it",
	"aws:ec2/flowLog:FlowLog.logGroupName":                                            "removed upstream; logDestination replaces it",
	"aws:ec2/launchTemplate:LaunchTemplate.elasticGpuSpecifications":                  "the AWS service has ended",
	"aws:ec2/launchTemplate:LaunchTemplate.elasticInferenceAccelerator":               "the AWS service has ended",
	"aws:lambda/function:Function.snapStart.optimizationStatus":                       "an output",
	"aws:lambda/function:Function.vpcConfig.vpcId":                                    "an output",
	"aws:lb/loadBalancer:LoadBalancer.subnetMappings.outpostId":                       "an output",
	"aws:rds/instance:Instance.name":                                                  "removed upstream; dbName replaces it",
	"aws:s3/bucketAclV2:BucketAclV2.accessControlPolicy.grants.grantee.displayName":   "an output",
	"aws:s3/bucketLoggingV2:BucketLoggingV2.targetGrants.grantee.displayName":         "an output",
	"aws:s3/bucketV2:BucketV2.lifecycleRules.expirations":                             "inline block; a resource of its own replaces it",
	"aws:s3/bucketV2:BucketV2.lifecycleRules.noncurrentVersionExpirations":            "inline block; a resource of its own replaces it",
	"aws:s3/bucketV2:BucketV2.loggings":                                               "inline block; a resource of its own replaces it",
	"aws:s3/bucketV2:BucketV2.objectLockConfiguration.rules":                          "inline block; a resource of its own replaces it",
	"aws:s3/bucketV2:BucketV2.replicationConfigurations":                              "inline block; a resource of its own replaces it",
	"aws:s3/bucketV2:BucketV2.serverSideEncryptionConfigurations":                     "inline block; a resource of its own replaces it",
	"aws:s3/bucketV2:BucketV2.versionings":                                            "inline block; a resource of its own replaces it",
	"aws:s3/bucketV2:BucketV2.websites":                                               "inline block; a resource of its own replaces it",
	"aws:secretsmanager/secret:Secret.replicas.lastAccessedDate":                      "an output",
	"aws:secretsmanager/secret:Secret.replicas.status":                                "an output",
	"aws:secretsmanager/secret:Secret.replicas.statusMessage":                         "an output",
	"aws:wafv2/webAcl:WebAcl.associationConfig.requestBodies.apiGateways":             "a body limit of services other than load balancers",
	"aws:wafv2/webAcl:WebAcl.associationConfig.requestBodies.appRunnerServices":       "a body limit of services other than load balancers",
	"aws:wafv2/webAcl:WebAcl.associationConfig.requestBodies.cloudfronts":             "a body limit of services other than load balancers",
	"aws:wafv2/webAcl:WebAcl.associationConfig.requestBodies.cognitoUserPools":        "a body limit of services other than load balancers",
	"aws:wafv2/webAcl:WebAcl.associationConfig.requestBodies.verifiedAccessInstances": "a body limit of services other than load balancers",
}

// property is the provider's description of one property, see tools/awsprovider/properties.go.
type property struct {
	Input      bool
	Required   bool
	List       bool
	Type       string
	Properties map[string]property
}

// TestProviderMatchesSDK compares every property of every resource that the source-built provider
// offers with the struct tags of the SDK's arguments: same names, and lists where the SDK has lists.
func TestProviderMatchesSDK(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	provider, err := toolchain.BuildProvider(t.Context(), toolchain.Options{Root: root, Progress: t.Output()})
	require.NoError(t, err)
	text, err := exec.CommandContext(t.Context(), provider.Path, "properties").Output()
	require.NoError(t, err)
	var offered map[string]map[string]property
	require.NoError(t, json.Unmarshal(text, &offered))
	require.Greater(t, len(offered), 50, "resources offered")

	module := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/v6")
	dir, err := module.Output()
	require.NoError(t, err)
	sdk := &sdkTypes{dir: filepath.Join(strings.TrimSpace(string(dir)), "go", "aws"), packages: map[string]map[string]*ast.StructType{}}
	var differences []string
	for resource, properties := range offered {
		parts := strings.Split(resource, ":")
		pkg, _, _ := strings.Cut(parts[1], "/")
		name := parts[2]
		args := strings.ToLower(name[:1]) + name[1:] + "Args"
		if one, reads := strings.CutPrefix(name, "get"); reads { // the SDK has GetX where there is no resource X, and LookupX where there is
			args = "Get" + one + "Args"
			if _, err := sdk.lookup(pkg, args); err != nil {
				args = "Lookup" + one + "Args"
			}
		}
		found, err := sdk.compare(pkg, args, resource, properties)
		require.NoError(t, err)
		// Every type of Terraform has an id, which the list of what is offered therefore leaves out.
		differences = append(differences, slices.DeleteFunc(found, func(d string) bool { return d == resource+".id" })...)
	}
	slices.Sort(differences)
	known := slices.Collect(maps.Keys(notOffered))
	slices.Sort(known)
	require.Equal(t, known, differences)
}

// sdkTypes finds struct types in the SDK's source.
type sdkTypes struct {
	dir      string
	packages map[string]map[string]*ast.StructType
}

func (s *sdkTypes) lookup(pkg, name string) (*ast.StructType, error) {
	if s.packages[pkg] == nil {
		types := map[string]*ast.StructType{}
		files, err := filepath.Glob(filepath.Join(s.dir, pkg, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if spec, ok := n.(*ast.TypeSpec); ok {
					if st, ok := spec.Type.(*ast.StructType); ok {
						types[spec.Name.Name] = st
					}
				}
				return true
			})
		}
		s.packages[pkg] = types
	}
	if st := s.packages[pkg][name]; st != nil {
		return st, nil
	}
	return nil, fmt.Errorf("the SDK package %s has no struct %s", pkg, name)
}

// compare returns the properties of the SDK's struct that the provider does not offer alike.
func (s *sdkTypes) compare(pkg, structName, path string, offered map[string]property) ([]string, error) {
	st, err := s.lookup(pkg, structName)
	if err != nil {
		return nil, err
	}
	var differences []string
	for _, field := range st.Fields.List {
		name, err := pulumiName(field)
		if err != nil {
			return nil, err
		}
		if name == "" {
			continue
		}
		p, ok := offered[name]
		if !ok || !p.Input {
			differences = append(differences, path+"."+name)
			continue
		}
		list, element := elementType(field.Type)
		if list != p.List && p.Type != "Map" {
			differences = append(differences, fmt.Sprintf("%s.%s (list: SDK %t, provider %t)", path, name, list, p.List))
		}
		// WAF statements hold statements: the provider unrolls them to some depth, the SDK does not.
		recursive := element == structName || strings.Contains(element, "RuleStatement") && strings.Contains(structName, "RuleStatement")
		if element != "" && len(p.Properties) > 0 && !recursive {
			nested, err := s.compare(pkg, element, path+"."+name, p.Properties)
			if err != nil {
				return nil, err
			}
			differences = append(differences, nested...)
		}
	}
	return differences, nil
}

// pulumiName returns the name of a property, empty for a field that is none.
func pulumiName(field *ast.Field) (string, error) {
	if field.Tag == nil {
		return "", nil
	}
	raw, err := strconv.Unquote(field.Tag.Value)
	return reflect.StructTag(raw).Get("pulumi"), err
}

// elementType tells whether a field is a list, and the name of the struct that it holds, if any.
func elementType(e ast.Expr) (list bool, structName string) {
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.ArrayType:
			list, e = true, x.Elt
		case *ast.Ident:
			if ast.IsExported(x.Name) {
				return list, x.Name
			}
			return list, ""
		default:
			return list, ""
		}
	}
}
