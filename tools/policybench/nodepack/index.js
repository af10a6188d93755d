// SPDX-License-Identifier: Apache-2.0

// Ten rules of the Bulkhead pack, written with @pulumi/policy, for the comparison of policy packs. It is plain
// JavaScript and does not load @pulumi/aws, so that nothing is compiled or read at its start but the SDK.
"use strict";

const { PolicyPack } = require("@pulumi/policy");

const block = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock";
const buckets = ["aws:s3/bucketV2:BucketV2", "aws:s3/bucket:Bucket"];
const databases = ["aws:rds/instance:Instance", "aws:rds/cluster:Cluster"];
const listeners = ["aws:lb/listener:Listener", "aws:alb/listener:Listener"];
const openings = [
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:ec2/securityGroupRule:SecurityGroupRule",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
];
const identities = [
  "aws:iam/policy:Policy",
  "aws:iam/rolePolicy:RolePolicy",
  "aws:iam/userPolicy:UserPolicy",
  "aws:iam/groupPolicy:GroupPolicy",
  "aws:iam/role:Role",
];
const flags = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];

// rule judges one resource. The check returns what is wrong, or nothing.
function rule(name, description, types, check) {
  return {
    name,
    description,
    enforcementLevel: "mandatory",
    validateResource: (args, report) => {
      if (!types.includes(args.type)) {
        return;
      }
      const problem = check(args.props);
      if (problem) {
        report(problem);
      }
    },
  };
}

const wantTrue = (name) => (props) => (props[name] === true ? undefined : `${name} is not true`);

function described(props) {
  const texts = [props.description];
  for (const side of ["ingress", "egress"]) {
    for (const r of props[side] || []) {
      texts.push(r.description);
    }
  }
  const vague = (t) => !t || t.trim().length < 4 || t === "Managed by Pulumi" || t === "Managed by Terraform";
  return texts.some(vague) ? "a description is missing" : undefined;
}

const isSet = (value) => value !== undefined && value !== null;

// unsetOr tells whether a value is the word or not set, for properties whose default is that word.
const unsetOr = (value, word) => !isSet(value) || value === word;

function rotation(props) {
  const symmetric =
    unsetOr(props.customerMasterKeySpec, "SYMMETRIC_DEFAULT") &&
    unsetOr(props.keyUsage, "ENCRYPT_DECRYPT") &&
    unsetOr(props.customKeyStoreId, "");
  return symmetric && props.enableKeyRotation !== true ? "enableKeyRotation is not true" : undefined;
}

function encrypted(props) {
  const copied = isSet(props.replicateSourceDb) || isSet(props.replicationSourceIdentifier);
  return props.storageEncrypted === true || copied ? undefined : "storageEncrypted is not true";
}

function modernTLS(props) {
  if (props.protocol !== "HTTPS" && props.protocol !== "TLS") {
    return undefined;
  }
  const policy = props.sslPolicy || "";
  const thirteen = policy.startsWith("ELBSecurityPolicy-TLS13-1-2-") || policy.startsWith("ELBSecurityPolicy-TLS13-1-3-");
  const modern = (thirteen && !policy.includes("-Ext1-")) || policy.startsWith("ELBSecurityPolicy-FS-1-2-");
  return modern ? undefined : `sslPolicy is ${policy}`;
}

// statements reads one statement or a list of them; what cannot be read is another rule's business.
function statements(document) {
  try {
    const found = JSON.parse(document).Statement;
    return Array.isArray(found) ? found : [found];
  } catch {
    return [];
  }
}

// given tells whether an element of a statement names anything.
const given = (element) => (Array.isArray(element) ? element.length > 0 : isSet(element));

// inverted reads the policy of a resource, or the inline policies of a role.
function inverted(props) {
  const documents = [props.policy, ...(props.inlinePolicies || []).map((inline) => inline.policy)];
  for (const document of documents) {
    for (const s of document ? statements(document) : []) {
      for (const key of ["NotPrincipal", "NotAction", "NotResource"]) {
        if (s.Effect !== "Deny" && given(s[key])) {
          return `statement ${s.Sid} allows with ${key}`;
        }
      }
    }
  }
  return undefined;
}

function ownership(props) {
  const setting = props.rule && props.rule.objectOwnership;
  return setting === "BucketOwnerEnforced" ? undefined : `rule.objectOwnership is ${setting}`;
}

// accessBlock is the rule that looks at two resources; it finds the block by the bucket's name.
const accessBlock = {
  name: "s3-public-access-block",
  description: "Every bucket has a public access block with all four flags",
  enforcementLevel: "mandatory",
  validateStack: (args, report) => {
    const blocked = new Set();
    for (const r of args.resources) {
      if (r.type === block && flags.every((flag) => r.props[flag] === true)) {
        blocked.add(r.props.bucket);
      }
    }
    for (const r of args.resources) {
      if (buckets.includes(r.type) && !blocked.has(r.props.bucket)) {
        report("no public access block with all four flags points at this bucket", r.urn);
      }
    }
  },
};

new PolicyPack("ten-node", {
  policies: [
    accessBlock,
    rule("s3-block-public-acls", "Public access blocks set blockPublicAcls", [block], wantTrue("blockPublicAcls")),
    rule(
      "s3-ownership-enforced",
      "Bucket ownership controls disable ACLs",
      ["aws:s3/bucketOwnershipControls:BucketOwnershipControls"],
      ownership,
    ),
    rule("s3-force-destroy", "Buckets are not emptied when they are removed", buckets, (props) =>
      props.forceDestroy === true ? "forceDestroy is true" : undefined,
    ),
    rule("sg-rule-described", "Security groups and rules say what they are for", openings, described),
    rule("iam-inverted", "Identity policies do not allow by exclusion", identities, inverted),
    rule("kms-rotation", "Keys rotate", ["aws:kms/key:Key"], rotation),
    rule("rds-storage-encrypted", "Database storage is encrypted", databases, encrypted),
    rule("rds-deletion-protection", "Databases are protected from deletion", databases, wantTrue("deletionProtection")),
    rule("elb-tls-policy", "Listeners speak TLS 1.2 and later only", listeners, modernTLS),
  ],
});
