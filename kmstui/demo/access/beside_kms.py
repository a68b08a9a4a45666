"""May the caller ask the services beside KMS? IAM policies alone decide there.

STS's operations are not asked about: GetCallerIdentity needs no permission, and AssumeRole is
decided by the role's trust policy where the service is.
"""

from __future__ import annotations

from kmstui.demo.access.authorization import Call, require_by_identity
from kmstui.demo.errors import ServiceError
from kmstui.demo.front.wire import AwsRequest

PREFIXES = {
    "iam": "iam",
    "tagging": "tag",
    "cloudtrail": "cloudtrail",
    "access-analyzer": "access-analyzer",
}
"""The prefix of the actions, by the name under which requests are signed."""


def require_beside_kms(request: AwsRequest, call: Call) -> None:
    """Raise AccessDenied, spelled as the service spells it, unless IAM allows the request.

    The resource is taken to be `*`: policies that name roles or users one by one allow less here
    than in AWS.
    """
    try:
        require_by_identity(call, f"{PREFIXES[request.service]}:{request.operation}")
    except ServiceError as error:
        # https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
        code = "AccessDenied" if request.protocol == "query" else error.code
        status = 403 if request.protocol in {"query", "rest"} else error.status
        raise ServiceError(code, error.message, status) from None
