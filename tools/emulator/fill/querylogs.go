// SPDX-License-Identifier: Apache-2.0

package fill

import "strings"

var (
	queryLog     = kind{"ResolverQueryLogConfig", "rslvr-qlc-", "resolver-query-log-config", "CREATED"}
	queryLogLink = kind{"ResolverQueryLogConfigAssociation", "rslvr-qlcassoc-", "", "ACTIVE"}
)

// queryLogs answers the query logging of Route 53 Resolver. moto can neither delete a configuration nor end an association,
// and refuses the tags of a configuration.
func (r *resolver) queryLogs(t *Table) {
	r.on(t, createQueryLog, "CreateResolverQueryLogConfig")
	r.on(t, get(queryLog), "GetResolverQueryLogConfig")
	r.on(t, list(queryLog), "ListResolverQueryLogConfigs")
	r.on(t, deleteQueryLog, "DeleteResolverQueryLogConfig")
	r.on(t, linkQueryLog, "AssociateResolverQueryLogConfig")
	r.on(t, get(queryLogLink), "GetResolverQueryLogConfigAssociation")
	r.on(t, list(queryLogLink), "ListResolverQueryLogConfigAssociations")
	r.on(t, unlinkQueryLog, "DisassociateResolverQueryLogConfig")
}

func createQueryLog(c *resolverCall) (record, *refusal) {
	if refusal := c.need("Name", "DestinationArn"); refusal != nil {
		return nil, refusal
	}
	if to := c.text("DestinationArn"); !strings.HasPrefix(to, "arn:aws:logs:") && !strings.HasPrefix(to, "arn:aws:s3:") && !strings.HasPrefix(to, "arn:aws:firehose:") {
		return nil, refused("InvalidParameterException", "The destination %q is neither a log group nor a bucket nor a delivery stream.", to)
	}
	c.body["OwnerId"], c.body["ShareStatus"], c.body["AssociationCount"] = c.Account, "NOT_SHARED", 0
	return c.create(queryLog), nil
}

func deleteQueryLog(c *resolverCall) (record, *refusal) {
	found, refusal := c.find(queryLog, c.text(queryLog.key()))
	if refusal != nil {
		return nil, refusal
	}
	if len(c.where(queryLogLink, record{queryLog.key(): found["Id"]})) > 0 {
		return nil, refused("InvalidRequestException", "The query logging configuration %s is associated with a VPC; end that first.", found["Id"])
	}
	return c.remove(queryLog, found), nil
}

func linkQueryLog(c *resolverCall) (record, *refusal) {
	found, refusal := c.find(queryLog, c.text(queryLog.key()))
	if refusal = first(c.need(queryLog.key(), "ResourceId"), refusal, c.needVPC(c.text("ResourceId"))); refusal != nil {
		return nil, refusal
	}
	if len(c.where(queryLogLink, record{queryLog.key(): found["Id"], "ResourceId": c.body["ResourceId"]})) > 0 {
		return nil, refused("ResourceExistsException", "The query logging configuration %s is associated with %s already.", found["Id"], c.text("ResourceId"))
	}
	c.body["Error"] = "NONE"
	return c.create(queryLogLink), nil
}

func unlinkQueryLog(c *resolverCall) (record, *refusal) {
	links := c.where(queryLogLink, record{queryLog.key(): c.body[queryLog.key()], "ResourceId": c.body["ResourceId"]})
	if len(links) == 0 {
		return nil, refused("ResourceNotFoundException", "The query logging configuration %s is not associated with %s.", c.text(queryLog.key()), c.text("ResourceId"))
	}
	return c.remove(queryLogLink, links[0]), nil
}
