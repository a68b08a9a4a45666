"""Service principals taken apart: name, Region and domain.

It is NAME.amazonaws.com in every partition, or NAME.REGION.amazonaws.com where it is told of which
Region; few end in another domain (AWS CDK, aws-cdk-lib.aws_iam, ServicePrincipal; IAM User Guide,
"AWS service principals").
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from kmstui.model import late_pattern
from kmstui.policy.iam import DNS_SUFFIXES, knowledge, misspelt
from kmstui.policy.lint.facts.conditions import Clause
from kmstui.policy.lint.facts.statements import StatementFacts

REGION = r"[a-z]{2,4}(?:-[a-z]+){1,3}-[0-9]{1,2}"
USUAL = "amazonaws.com"
RETAIL = "amazon.com"
"""The domain of a few principals of the Alexa Skills Kit, and a slip in all others."""
_DOMAINS = tuple(sorted({*DNS_SUFFIXES.values(), RETAIL, "aws.internal"}, key=len, reverse=True))
_NAME = late_pattern(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")
_REGION = late_pattern(REGION)
_REGION_FIRST = frozenset({"elasticache-snapshot"})
"""`REGION.elasticache-snapshot.amazonaws.com` (ElastiCache User Guide, "Exporting a backup")."""


class ServiceName(NamedTuple):
    """A service principal."""

    name: str
    """Such as `logs` or `delivery.logs`."""
    region: str
    """Empty where none is named."""
    domain: str
    """What it ends in, without the dot before it."""
    region_first: bool = False
    """Whether the Region stands before the name."""

    def written(self, *, region: str | None = None, domain: str | None = None) -> str:
        """In its proper order, with another Region or domain where one is given."""
        labels = [self.name, self.region if region is None else region]
        if self.name in _REGION_FIRST:
            labels.reverse()
        return ".".join(label for label in (*labels, domain or self.domain) if label)

    @property
    def known(self) -> bool:
        """Whether the list of service principals has its name, whatever it ends in."""
        return self.name in knowledge().service_principals

    @property
    def listed_domain(self) -> bool:
        """Whether the list has its name with this domain."""
        if self.domain == USUAL:
            return self.known
        return f"{self.name}.{self.domain}" in knowledge().principals_of_other_domains


@lru_cache(maxsize=2048)
def read_service(value: str) -> ServiceName | None:
    """Take a service principal apart; None where it has not the form of one."""
    domain = next((each for each in _DOMAINS if value.endswith(f".{each}")), None)
    if domain is None:
        return None
    name = value.removesuffix(f".{domain}")
    if not _NAME.fullmatch(name):
        return None
    labels = name.split(".")
    if len(labels) > 1:
        if _REGION.fullmatch(labels[-1]):
            return ServiceName(".".join(labels[:-1]), labels[-1], domain)
        if _REGION.fullmatch(labels[0]):
            rest = ".".join(labels[1:])
            return ServiceName(rest, labels[0], domain, rest not in _REGION_FIRST)
    return ServiceName(name, "", domain)


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    return tuple(sorted(knowledge().service_principals))


def meant_service(name: str) -> str | None:
    """The name in the list that this one is a misspelling of; None where it may be new."""
    return misspelt(name, _names())


def partition_of_region(region: str) -> str:
    """The partition that a Region's name tells of.

    Source: `regionRegex` of botocore's `partitions.json`.
    """
    country, _, rest = region.partition("-")
    return _PARTITIONS.get(country) or _PARTITIONS.get(f"{country}-{rest.split('-')[0]}", "aws")


_PARTITIONS = {
    "cn": "aws-cn",
    "eusc": "aws-eusc",
    "us-gov": "aws-us-gov",
    "us-iso": "aws-iso",
    "us-isob": "aws-iso-b",
    "eu-isoe": "aws-iso-e",
    "us-isof": "aws-iso-f",
}

_ENABLED_FOR_ALL = frozenset(
    {
        "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
        "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2",
        "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    }
)  # fmt: skip
"""Account Management Reference Guide, "Enable or disable AWS Regions in your account"."""
_USES_KEYS_OF_ITS_REGION = frozenset({"logs"})
"""CloudWatch Logs User Guide, "Encrypt log data": the key stands in the log group's Region."""


def acts_across_regions(service: ServiceName) -> bool:
    """Whether the principal of one Region may well use a key of another.

    That of a Region which an account must enable first is named with it in the policies of other
    Regions (AWS CDK, aws-cdk-lib.aws_iam, ServicePrincipalOpts.region).
    """
    return service.region not in _ENABLED_FOR_ALL and service.name not in _USES_KEYS_OF_ITS_REGION


_LACKED = {"events": ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid")}
"""Keys (lower case) that a service does not send where it publishes to an encrypted SNS topic: "not
supported for EventBridge-to-encrypted topics" (SNS Developer Guide, "Key management", read on
2026-11-30; no guide says the like of another service)."""


@lru_cache(maxsize=4096)
def may_lack(service: str, key: str) -> bool:
    """Whether requests of a service principal lack a condition key for one of its uses."""
    read = read_service(service)
    return read is not None and key.lower() in _LACKED.get(read.name, ())


OF_PEOPLE = {
    "aws:principalorgid": "aws:SourceOrgID",
    "aws:principalorgpaths": "aws:SourceOrgPaths",
    "aws:principalaccount": "aws:SourceAccount",
    "kms:calleraccount": "aws:SourceAccount",
    "aws:principalarn": "",
    "aws:username": "",
    "kms:viaservice": "",
}
"""Keys (lower case) that tell of the user or role that asks, itself or through a service, with the
key that tells the like of the resource for which a service asks. Sources: IAM User Guide, "AWS
global condition context keys"; KMS Developer Guide, "kms:CallerAccount", "kms:ViaService"."""


def asked_of_people(facts: StatementFacts) -> Clause | None:
    """A condition that only requests of users and roles meet; None where there is none."""
    return next(
        (each for each in facts.clauses if each.key in OF_PEOPLE and each.demands_presence), None
    )
