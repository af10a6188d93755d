// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// account asks AWS about one account and region. It only reads.
type account struct {
	id, region, partition string

	ec2     *ec2.Client
	elb     *elb.Client
	iam     *iam.Client
	kms     *kms.Client
	logs    *cloudwatchlogs.Client
	quotas  quotas
	rds     *rds.Client
	route53 *route53.Client
	s3      *s3.Client
	trail   *cloudtrail.Client

	summaryOnce func() (map[string]int32, error)
}

// newAccount makes the clients, and sees whose account the credentials are of.
func newAccount(ctx context.Context, c aws.Config) (*account, error) {
	who, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("AWS does not know who asks: %w; give credentials of the account", err)
	}
	caller, err := arn.Parse(aws.ToString(who.Arn))
	if err != nil {
		return nil, fmt.Errorf("AWS says that %q asks: %w", aws.ToString(who.Arn), err)
	}
	a := &account{
		id: aws.ToString(who.Account), region: c.Region, partition: caller.Partition,
		ec2: ec2.NewFromConfig(c), elb: elb.NewFromConfig(c), iam: iam.NewFromConfig(c), kms: kms.NewFromConfig(c), logs: cloudwatchlogs.NewFromConfig(c),
		quotas: servicequotas.NewFromConfig(c), rds: rds.NewFromConfig(c), route53: route53.NewFromConfig(c),
		s3: s3.NewFromConfig(c), trail: cloudtrail.NewFromConfig(c),
	}
	a.summaryOnce = sync.OnceValues(func() (map[string]int32, error) {
		answer, err := a.iam.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
		if err != nil {
			return nil, err
		}
		return answer.SummaryMap, nil
	})
	return a, nil
}

// pages walks a paginated list; each of its pages counts for what tally says.
func pages[Page, Options any](ctx context.Context, more func() bool, next func(context.Context, ...func(*Options)) (Page, error), tally func(Page) int) (int, error) {
	n := 0
	for more() {
		page, err := next(ctx)
		if err != nil {
			return 0, err
		}
		n += tally(page)
	}
	return n, nil
}

func (a *account) vpcs(ctx context.Context, _ string) (int, error) {
	p := ec2.NewDescribeVpcsPaginator(a.ec2, &ec2.DescribeVpcsInput{})
	return pages(ctx, p.HasMorePages, p.NextPage, func(o *ec2.DescribeVpcsOutput) int { return len(o.Vpcs) })
}

func (a *account) internetGateways(ctx context.Context, _ string) (int, error) {
	p := ec2.NewDescribeInternetGatewaysPaginator(a.ec2, &ec2.DescribeInternetGatewaysInput{})
	return pages(ctx, p.HasMorePages, p.NextPage, func(o *ec2.DescribeInternetGatewaysOutput) int { return len(o.InternetGateways) })
}

func (a *account) egressOnlyGateways(ctx context.Context, _ string) (int, error) {
	p := ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(a.ec2, &ec2.DescribeEgressOnlyInternetGatewaysInput{})
	return pages(ctx, p.HasMorePages, p.NextPage, func(o *ec2.DescribeEgressOnlyInternetGatewaysOutput) int { return len(o.EgressOnlyInternetGateways) })
}

// natGateways counts those in a zone. AWS counts them while they wait, work or are being deleted.
func (a *account) natGateways(ctx context.Context, zone string) (int, error) {
	var subnets []string
	p := ec2.NewDescribeNatGatewaysPaginator(a.ec2, &ec2.DescribeNatGatewaysInput{Filter: []ec2types.Filter{filter("state", "pending", "available", "deleting")}})
	if _, err := pages(ctx, p.HasMorePages, p.NextPage, func(o *ec2.DescribeNatGatewaysOutput) int {
		for _, g := range o.NatGateways {
			subnets = append(subnets, aws.ToString(g.SubnetId))
		}
		return 0
	}); err != nil || len(subnets) == 0 {
		return 0, err
	}
	here := map[string]bool{}
	q := ec2.NewDescribeSubnetsPaginator(a.ec2, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{filter("availability-zone", zone)}})
	if _, err := pages(ctx, q.HasMorePages, q.NextPage, func(o *ec2.DescribeSubnetsOutput) int {
		for _, s := range o.Subnets {
			here[aws.ToString(s.SubnetId)] = true
		}
		return 0
	}); err != nil {
		return 0, err
	}
	return len(slices.DeleteFunc(subnets, func(id string) bool { return !here[id] })), nil
}

func filter(name string, values ...string) ec2types.Filter {
	return ec2types.Filter{Name: &name, Values: values}
}

func (a *account) addresses(ctx context.Context, _ string) (int, error) {
	answer, err := a.ec2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
	if err != nil {
		return 0, err
	}
	return len(answer.Addresses), nil
}

// endpoints counts those of one kind, in a VPC if one is named.
func (a *account) endpoints(ctx context.Context, filters ...ec2types.Filter) (int, error) {
	p := ec2.NewDescribeVpcEndpointsPaginator(a.ec2, &ec2.DescribeVpcEndpointsInput{Filters: filters})
	return pages(ctx, p.HasMorePages, p.NextPage, func(o *ec2.DescribeVpcEndpointsOutput) int { return len(o.VpcEndpoints) })
}

func (a *account) interfaceEndpoints(ctx context.Context, vpc string) (int, error) {
	if vpc == "" { // one that does not exist yet
		return 0, nil
	}
	return a.endpoints(ctx, filter("vpc-endpoint-type", "Interface"), filter("vpc-id", vpc))
}

func (a *account) gatewayEndpoints(ctx context.Context, _ string) (int, error) {
	return a.endpoints(ctx, filter("vpc-endpoint-type", "Gateway"))
}

func (a *account) securityGroups(ctx context.Context, _ string) (int, error) {
	p := ec2.NewDescribeSecurityGroupsPaginator(a.ec2, &ec2.DescribeSecurityGroupsInput{})
	return pages(ctx, p.HasMorePages, p.NextPage, func(o *ec2.DescribeSecurityGroupsOutput) int { return len(o.SecurityGroups) })
}

// application says that a load balancer is one for HTTP, which it is unless it says otherwise.
func application(r *pack.Resource) (string, bool) {
	kind, told := r.Inputs().Get("loadBalancerType").Text()
	return "", !told || kind == "" || kind == "application"
}

func (a *account) loadBalancers(ctx context.Context, _ string) (int, error) {
	p := elb.NewDescribeLoadBalancersPaginator(a.elb, &elb.DescribeLoadBalancersInput{})
	return pages(ctx, p.HasMorePages, p.NextPage, func(o *elb.DescribeLoadBalancersOutput) int {
		n := 0
		for _, b := range o.LoadBalancers {
			if b.Type == elbtypes.LoadBalancerTypeEnumApplication {
				n++
			}
		}
		return n
	})
}

func (a *account) targetGroups(ctx context.Context, _ string) (int, error) {
	p := elb.NewDescribeTargetGroupsPaginator(a.elb, &elb.DescribeTargetGroupsInput{})
	return pages(ctx, p.HasMorePages, p.NextPage, func(o *elb.DescribeTargetGroupsOutput) int { return len(o.TargetGroups) })
}

func (a *account) databases(ctx context.Context, _ string) (int, error) {
	p := rds.NewDescribeDBInstancesPaginator(a.rds, &rds.DescribeDBInstancesInput{})
	return pages(ctx, p.HasMorePages, p.NextPage, func(o *rds.DescribeDBInstancesOutput) int { return len(o.DBInstances) })
}

// keys counts those of AWS too, which do not count for the quota: telling them apart takes a call for each, and the quota is large.
func (a *account) keys(ctx context.Context, _ string) (int, error) {
	p := kms.NewListKeysPaginator(a.kms, &kms.ListKeysInput{Limit: aws.Int32(1000)})
	return pages(ctx, p.HasMorePages, p.NextPage, func(o *kms.ListKeysOutput) int { return len(o.Keys) })
}

func (a *account) buckets(ctx context.Context, _ string) (int, error) {
	p := s3.NewListBucketsPaginator(a.s3, &s3.ListBucketsInput{MaxBuckets: aws.Int32(10000)})
	return pages(ctx, p.HasMorePages, p.NextPage, func(o *s3.ListBucketsOutput) int { return len(o.Buckets) })
}

// summary counts what IAM counts by itself.
func (a *account) summary(what string) func(context.Context, string) (int, error) {
	return func(context.Context, string) (int, error) {
		counts, err := a.summaryOnce()
		return int(counts[what]), err
	}
}

// trails counts those of other regions too that watch this one, as AWS does.
func (a *account) trails(ctx context.Context, _ string) (int, error) {
	answer, err := a.trail.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
	if err != nil {
		return 0, err
	}
	return len(answer.TrailList), nil
}

func (a *account) logPolicies(ctx context.Context, _ string) (int, error) {
	answer, err := a.logs.DescribeResourcePolicies(ctx, &cloudwatchlogs.DescribeResourcePoliciesInput{})
	if err != nil {
		return 0, err
	}
	return len(answer.ResourcePolicies), nil
}

// instance is one that runs: its type, and the auto-scaling group that has started it, if any.
type instance struct{ kind, group string }

// running are the instances that count for a quota of vCPUs.
func (a *account) running(ctx context.Context) ([]instance, error) {
	var found []instance
	p := ec2.NewDescribeInstancesPaginator(a.ec2, &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{
		filter("instance-state-name", "pending", "running"),
	}})
	_, err := pages(ctx, p.HasMorePages, p.NextPage, func(o *ec2.DescribeInstancesOutput) int {
		for _, reservation := range o.Reservations {
			for _, i := range reservation.Instances {
				one := instance{kind: string(i.InstanceType)}
				for _, tag := range i.Tags {
					if aws.ToString(tag.Key) == "aws:autoscaling:groupName" {
						one.group = aws.ToString(tag.Value)
					}
				}
				if i.InstanceLifecycle != ec2types.InstanceLifecycleTypeSpot { // Spot has quotas of its own.
					found = append(found, one)
				}
			}
		}
		return 0
	})
	return found, err
}

// vcpus is how many vCPUs an instance of each type has.
func (a *account) vcpus(ctx context.Context, kinds []string) (map[string]int, error) {
	size := map[string]int{}
	for some := range slices.Chunk(kinds, 100) { // as many as one call takes
		types := make([]ec2types.InstanceType, len(some))
		for i, kind := range some {
			types[i] = ec2types.InstanceType(kind)
		}
		answer, err := a.ec2.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: types})
		if err != nil {
			return nil, err
		}
		for _, t := range answer.InstanceTypes {
			if t.VCpuInfo != nil {
				size[string(t.InstanceType)] = int(aws.ToInt32(t.VCpuInfo.DefaultVCpus))
			}
		}
	}
	return size, nil
}

// openZones are the zones that the account may use.
func (a *account) openZones(ctx context.Context) ([]string, error) {
	answer, err := a.ec2.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{})
	if err != nil {
		return nil, err
	}
	var zones []string
	for _, z := range answer.AvailabilityZones {
		zones = append(zones, aws.ToString(z.ZoneName))
	}
	return zones, nil
}

// offered are the zones that have an instance type.
func (a *account) offered(ctx context.Context, kind string) ([]string, error) {
	var zones []string
	p := ec2.NewDescribeInstanceTypeOfferingsPaginator(a.ec2, &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: ec2types.LocationTypeAvailabilityZone, Filters: []ec2types.Filter{filter("instance-type", kind)},
	})
	_, err := pages(ctx, p.HasMorePages, p.NextPage, func(o *ec2.DescribeInstanceTypeOfferingsOutput) int {
		for _, offering := range o.InstanceTypeOfferings {
			zones = append(zones, aws.ToString(offering.Location))
		}
		return 0
	})
	slices.Sort(zones)
	return zones, err
}

// orderable are the zones in which RDS offers a class with a version, with a standby elsewhere if one is wanted. A major version alone
// means the minor one that RDS takes by default.
func (a *account) orderable(ctx context.Context, engine, version, class string, standby bool) ([]string, error) {
	if version != "" && !strings.Contains(version, ".") {
		answer, err := a.rds.DescribeDBEngineVersions(ctx, &rds.DescribeDBEngineVersionsInput{Engine: &engine, EngineVersion: &version, DefaultOnly: aws.Bool(true)})
		if err != nil {
			return nil, err
		}
		if len(answer.DBEngineVersions) == 0 {
			return nil, fmt.Errorf("RDS names no default of %s %s", engine, version)
		}
		version = aws.ToString(answer.DBEngineVersions[0].EngineVersion)
	}
	in := &rds.DescribeOrderableDBInstanceOptionsInput{Engine: &engine, DBInstanceClass: &class, Vpc: aws.Bool(true)}
	if version != "" {
		in.EngineVersion = &version
	}
	var zones []string
	p := rds.NewDescribeOrderableDBInstanceOptionsPaginator(a.rds, in)
	_, err := pages(ctx, p.HasMorePages, p.NextPage, func(o *rds.DescribeOrderableDBInstanceOptionsOutput) int {
		for _, option := range o.OrderableDBInstanceOptions {
			for _, z := range option.AvailabilityZones {
				if !standby || aws.ToBool(option.MultiAZCapable) {
					zones = append(zones, aws.ToString(z.Name))
				}
			}
		}
		return 0
	})
	slices.Sort(zones)
	return slices.Compact(zones), err
}

// hasRole reports whether the account has a role.
func (a *account) hasRole(ctx context.Context, name string) (bool, error) {
	_, err := a.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	var none *iamtypes.NoSuchEntityException
	if errors.As(err, &none) {
		return false, nil
	}
	return err == nil, err
}

// defaultDiskKey is the key of the disks that name none.
func (a *account) defaultDiskKey(ctx context.Context) (string, error) {
	answer, err := a.ec2.GetEbsDefaultKmsKeyId(ctx, &ec2.GetEbsDefaultKmsKeyIdInput{})
	if err != nil {
		return "", err
	}
	return aws.ToString(answer.KmsKeyId), nil
}

// errNoKey says that a key does not exist.
var errNoKey = errors.New("no such key")

type keyFacts struct {
	arn, state string
	ofAWS      bool
}

func (a *account) key(ctx context.Context, id string) (keyFacts, error) {
	answer, err := a.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
	var none *kmstypes.NotFoundException
	switch {
	case errors.As(err, &none):
		return keyFacts{}, errNoKey
	case err != nil:
		return keyFacts{}, err
	}
	k := answer.KeyMetadata
	return keyFacts{aws.ToString(k.Arn), string(k.KeyState), k.KeyManager == kmstypes.KeyManagerTypeAws}, nil
}

func (a *account) keyPolicy(ctx context.Context, id string) (string, error) {
	answer, err := a.kms.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &id, PolicyName: aws.String("default")})
	if err != nil {
		return "", err
	}
	return aws.ToString(answer.Policy), nil
}

// granted reports whether a grant lets a role decrypt with a key and pass that on.
func (a *account) granted(ctx context.Context, id, role string) (bool, error) {
	found := 0
	p := kms.NewListGrantsPaginator(a.kms, &kms.ListGrantsInput{KeyId: &id})
	found, err := pages(ctx, p.HasMorePages, p.NextPage, func(o *kms.ListGrantsOutput) int {
		n := 0
		for _, g := range o.Grants {
			if aws.ToString(g.GranteePrincipal) == role && slices.Contains(g.Operations, kmstypes.GrantOperationDecrypt) && slices.Contains(g.Operations, kmstypes.GrantOperationCreateGrant) {
				n++
			}
		}
		return n
	})
	return found > 0, err
}

// zone is a hosted zone: its name without a dot at the end, and the name servers that answer for it.
type zone struct {
	name    string
	servers []string
}

func (a *account) hostedZone(ctx context.Context, id string) (zone, error) {
	answer, err := a.route53.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &id})
	if err != nil {
		return zone{}, err
	}
	z := zone{name: strings.TrimSuffix(aws.ToString(answer.HostedZone.Name), ".")}
	if answer.DelegationSet != nil {
		z.servers = answer.DelegationSet.NameServers
	}
	return z, nil
}
