"""Why the instance metadata service gave no credentials, of which botocore says nothing.

Source: EC2 User Guide, "Access instance metadata for an EC2 instance" and "Modify instance metadata
options".
"""

from __future__ import annotations

import os

from botocore import exceptions as boto
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.session import Session
from botocore.utils import (
    METADATA_BASE_URL,
    METADATA_BASE_URL_IPv6,
    resolve_imds_endpoint_mode,
)

_SECONDS = 1
"""The service is on the instance's own host."""


def fault_of_metadata(session: Session) -> str:
    """A clause about the service; asks it once, for a second at most."""
    if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return "AWS_EC2_METADATA_DISABLED keeps the instance's from being asked for"
    http = URLLib3Session(timeout=_SECONDS, proxies={})
    try:
        base = _base_url(session)
        token = http.send(
            AWSRequest(
                method="PUT",
                url=f"{base}latest/api/token",
                headers={"x-aws-ec2-metadata-token-ttl-seconds": "60"},
            ).prepare()
        )
        roles = http.send(
            AWSRequest(
                method="GET",
                url=f"{base}latest/meta-data/iam/security-credentials/",
                headers={"x-aws-ec2-metadata-token": token.text}
                if token.status_code == 200
                else {},
            ).prepare()
        )
    except (boto.ConnectTimeoutError, boto.ReadTimeoutError):
        return (
            "the instance metadata service does not answer (in a container, the instance's hop "
            "limit must be at least 2)"
        )
    except (boto.BotoCoreError, OSError, ValueError):
        return "no instance metadata service can be reached from here"
    finally:
        http.close()
    if roles.status_code == 404:
        return "no role is attached to this instance"
    if roles.status_code != 200:
        return f"the instance metadata service answers with HTTP {roles.status_code}"
    return "what the instance metadata service gives as the role's cannot be read"


def _base_url(session: Session) -> str:
    """As `botocore.utils.IMDSFetcher` chooses it."""
    named = session.get_config_variable("ec2_metadata_service_endpoint")
    if named:
        return f"{str(named).rstrip('/')}/"
    is_ipv6 = resolve_imds_endpoint_mode(session) == "ipv6"
    return str(METADATA_BASE_URL_IPv6 if is_ipv6 else METADATA_BASE_URL)
