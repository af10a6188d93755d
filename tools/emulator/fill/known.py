# SPDX-License-Identifier: Apache-2.0
"""Writes known.json: values that AWS knows, from the packages that come with moto (run by `make known-values`)."""

import importlib.metadata
import json
import pathlib
import sys

import cfnlint
from moto.elbv2.ssl_policies import SSL_POLICIES

SCHEMAS = pathlib.Path(cfnlint.__file__).parent / "data" / "schemas"
DATABASE = SCHEMAS / "extensions" / "aws_rds_dbinstance"
# What moto leaves out of https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html.
OLDER_POLICIES = {"ELBSecurityPolicy-TLS-1-0-2015-04", "ELBSecurityPolicy-2015-05", "ELBSecurityPolicy-FS-2018-06", "ELBSecurityPolicy-FS-1-1-2019-08",
                  "ELBSecurityPolicy-FS-1-2-2019-08", "ELBSecurityPolicy-FS-1-2-Res-2019-08"}
ENGINES = ("mariadb", "mysql", "postgres")


def read(path):
    return json.loads(path.read_text())


def engine(rule):
    return rule["if"]["properties"]["Engine"].get("const")


def log_group_days():
    for path in (SCHEMAS / "resources").glob("*.json"):
        schema = read(path)
        if schema.get("typeName") == "AWS::Logs::LogGroup":
            return schema["properties"]["RetentionInDays"]["enum"]
    sys.exit("cfn-lint has no schema of AWS::Logs::LogGroup")


rules = read(DATABASE / "engine_version.json")["allOf"]
versions = {engine(rule): rule["then"]["properties"]["EngineVersion"]["enum"] for rule in rules if engine(rule) in ENGINES}
engines = next(rule["then"]["properties"]["Engine"]["enum"] for rule in rules if engine(rule) is None)

classes = {}
for region, schema in read(DATABASE / "dbinstanceclass_enum.json").items():
    for rule in schema["allOf"]:
        if engine(rule) == "postgres":
            classes.setdefault(region, set()).update(rule["then"]["properties"]["DBInstanceClass"]["enum"])
every = set().union(*classes.values())

known = {
    "source": "cfn-lint %s and moto %s" % (importlib.metadata.version("cfn-lint"), importlib.metadata.version("moto")),
    "date": read(SCHEMAS / "version.json")["schema_date"][:10],
    "databaseEngines": sorted(engines),
    "databaseVersions": {name: sorted(found, key=lambda v: [int(n) if n.isdigit() else 0 for n in v.replace("-", ".").split(".")])
                         for name, found in versions.items()},
    "postgresClasses": sorted(every),
    "postgresClassesMissing": {region: sorted(every - found) for region, found in sorted(classes.items())},
    "logRetentionDays": sorted(int(days) for days in log_group_days()),
    "tlsPolicies": sorted(set(SSL_POLICIES) | OLDER_POLICIES),
}
text = json.dumps(known, indent=None, separators=(",", ":")).replace('],"', '],\n"').replace('},"', '},\n"').replace(',"date"', ',\n"date"')
pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")
