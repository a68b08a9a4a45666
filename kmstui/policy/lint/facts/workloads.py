"""Whether a program or a person is behind a principal, as far as its name tells."""

from __future__ import annotations

import re

from kmstui.model import Arn, late_pattern
from kmstui.policy.lint.facts.statements import NamedKind, NamedPrincipal

_TOKEN = late_pattern(r"[A-Z]+[0-9]*(?![a-z])|[A-Z]?[a-z]+[0-9]*")
_WORKLOADS = frozenset(
    {
        "apprunner", "batch", "beanstalk", "ec2", "ecs", "eks", "emr", "fargate", "function",
        "glue", "instance", "instances", "irsa", "lambda", "node", "nodegroup", "pod",
        "sagemaker", "task", "worker", "workers",
    }
)  # fmt: skip
_PEOPLE = frozenset(
    {
        "admin", "admins", "administrator", "administrators", "cdk", "ci", "cicd",
        "cloudformation", "deploy", "deployer", "deployment", "operator", "operators", "pipeline",
        "sso", "terraform",
    }
)  # fmt: skip
_BREAK_GLASS = late_pattern(
    r"break(?:ing|the)?glass|emergency(?:access|admin|operator|ops|response|role|user)|firecall"
)
"""In a name without the signs between its words."""
_SERVICE_PATHS = ("service-role/", "aws-service-role/")


def is_break_glass(who: NamedPrincipal) -> bool:
    """Whether a user or role is for emergencies, as its name or path tells.

    Source: Well-Architected Framework, SEC03-BP03 "Establish emergency access process".
    """
    arn = Arn.maybe(who.value)
    if arn is None:
        return False
    name = arn.name.partition("/")[0] if who.kind is NamedKind.SESSION else arn.name
    return _BREAK_GLASS.search(re.sub(r"[^a-z]", "", name.lower())) is not None


def is_workload(who: NamedPrincipal) -> bool:
    """Whether a program is behind a principal: a service, or a role whose name says so.

    IAM does not tell what a role is for; its path and the words of its name do.
    """
    if who.kind is NamedKind.SERVICE:
        return True
    arn = Arn.maybe(who.value)
    if arn is None or who.kind not in (NamedKind.ROLE, NamedKind.SESSION):
        return False
    if arn.name.startswith(_SERVICE_PATHS):
        return True
    name = (
        arn.name.partition("/")[0] if who.kind is NamedKind.SESSION else arn.name.rsplit("/", 1)[-1]
    )
    words = {word.lower() for word in _TOKEN.findall(name)}
    return bool(words & _WORKLOADS) and not words & _PEOPLE and not is_break_glass(who)
