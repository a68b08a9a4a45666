"""Which tables of a YAML or JSON file are keys, and where each has its policy.

CloudFormation (SAM and the Serverless Framework write the same), Kubernetes as the AWS controllers
(ACK) and Crossplane have it, Ansible's modules, Pulumi's YAML, and Terraform's JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kmstui.policy.infrastructure.values import Items, Table, Text, Value, tables_of

KEY, ENDPOINT = "key", "endpoint"

_CLOUDFORMATION = {
    "AWS::KMS::Key": ("KeyPolicy",),
    "AWS::KMS::ReplicaKey": ("KeyPolicy",),
    "AWS::EC2::VPCEndpoint": ("PolicyDocument",),
}
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_KMS.html"""
_PULUMI = ("aws:kms:Key", "aws:kms/key:Key", "aws:kms:ReplicaKey", "aws:kms:KeyPolicy",
           "aws:kms/keyPolicy:KeyPolicy", "aws-native:kms:Key")  # fmt: skip
_ANSIBLE = ("amazon.aws.kms_key", "community.aws.aws_kms", "aws_kms", "kms_key")
TERRAFORM_KEYS = (
    "aws_kms_key", "aws_kms_replica_key", "aws_kms_external_key", "aws_kms_replica_external_key",
    "aws_kms_key_policy", "awscc_kms_key", "awscc_kms_replica_key",
)  # fmt: skip
TERRAFORM_POLICIES = ("policy", "key_policy")
_SERVICE = ("ServiceName", "service_name", "serviceName")
_USAGE = ("KeyUsage", "key_usage", "keyUsage")
_SPEC = ("KeySpec", "key_spec", "keySpec", "customer_master_key_spec", "customerMasterKeySpec")


class Held(NamedTuple):
    """A policy that a file holds, not worked out yet."""

    name: str
    """Of the resource, as the file calls it; empty where the policy is all there is."""
    policy: Value
    kind: str = KEY
    properties: Table | None = None
    """What else the file says of the key."""
    partial: bool = False
    """Whether other statements may come to it from elsewhere."""

    def known_of_key(self) -> tuple[str, str]:
        """KeyUsage and KeySpec as far as the file tells."""
        table = self.properties
        return (table.known(*_USAGE), table.known(*_SPEC)) if table is not None else ("", "")


def policies_of(root: Value) -> Iterator[Held]:
    """The policies that a document holds, in the order written."""
    if isinstance(root, Table) and isinstance(root.get("Statement"), Items | Table):
        yield Held("", root)
        return
    if isinstance(root, Table):
        yield from _of_resource("", root)
    for table in tables_of(root):
        for name, value in table.members:
            if isinstance(value, Table):
                yield from _of_resource(name.text, value)
            if name.text in _ANSIBLE and isinstance(value, Table):
                yield from _policy_in(value, name.text, "policy")
            if name.text in TERRAFORM_KEYS and isinstance(value, Table):
                for address, body in value.members:
                    for each in body.items if isinstance(body, Items) else (body,):
                        label = f"{name.text}.{address.text}"
                        yield from _policy_in(each, label, *TERRAFORM_POLICIES)


def _of_resource(name: str, table: Table) -> Iterator[Held]:
    """The policy of a resource that says of which type it is."""
    kind = table.known("Type") or table.known("type")
    properties = table.get("Properties", "properties")
    if kind in _CLOUDFORMATION:
        endpoint = kind == "AWS::EC2::VPCEndpoint"
        yield from _policy_in(properties, name, *_CLOUDFORMATION[kind], endpoint=endpoint)
    elif kind in _PULUMI:
        yield from _policy_in(properties, name, "policy", "keyPolicy")
    elif table.known("kind") == "Key" and "kms" in table.known("apiVersion"):
        spec = table.get("spec")
        inside = spec.get("forProvider") if isinstance(spec, Table) else None
        yield from _policy_in(inside or spec, name or "Key", "policy")


def _policy_in(
    holder: Value | None, name: str, *members: str, endpoint: bool = False
) -> Iterator[Held]:
    if not isinstance(holder, Table):
        return
    policy = holder.get(*members)
    if not isinstance(policy, Text | Table | Items):
        return
    if not endpoint:
        yield Held(name, policy, KEY, holder)
        return
    service = holder.get(*_SERVICE)
    if service is not None and is_kms_service(service):
        yield Held(name, policy, ENDPOINT)


def is_kms_service(service: Value) -> bool:
    """Whether the service of a VPC endpoint is KMS, by its end: the Region need not be known."""
    texts = [service.text] if isinstance(service, Text) else []
    for table in tables_of(service):
        texts += [each.text for _, each in table.members if isinstance(each, Text)]
        for _, each in table.members:
            items = each.items if isinstance(each, Items) else ()
            texts += [item.text for item in items if isinstance(item, Text)]
    return any(text.endswith((".kms", ".kms-fips")) for text in texts)
