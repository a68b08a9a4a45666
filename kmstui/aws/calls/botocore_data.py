"""botocore's data files, of which only what kmstui uses stays in memory.

botocore keeps all that it has read for as long as it lives: the endpoints of 300 services, and
what the API references say of every operation and member. That is a fifth of the AWS process.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader

ENDPOINT_PREFIXES = frozenset(
    {
        # Of what `operations` names.
        "access-analyzer",
        "cloudtrail",
        "iam",
        "kms",
        "sts",
        "tagging",
        # Of what credentials are fetched with: IAM Identity Center and `aws login`.
        "oidc",
        "portal.sso",
        "signin",
    }
)
"""The services whose endpoints are kept, by the names that endpoints.json has for them.

Where a service is not in the file, botocore follows the rules of the partition, as it does for
every service that is newer than the file.
"""

_CONTENT: dict[str, Callable[[bytes], bytes]] = {".json": bytes, ".json.gz": gzip.decompress}
"""By the ending of a file's name, how to come by what is in it."""


class SparingFileLoader(JSONFileLoader):
    """Reads as botocore's own, whose place it takes as `Loader.file_loader`, and keeps less."""

    def load_file(self, file_path: str) -> Any:
        """What a file holds that is named without its ending; None where there is none.

        Raises:
            ValueError: it is no JSON.
            OSError: it cannot be read.
        """
        for ending, content_of in _CONTENT.items():
            path = Path(file_path + ending)
            if path.is_file():
                content = content_of(path.read_bytes())
                return _endpoints(content) if path.stem == "endpoints" else _model(content)
        return None


def _endpoints(content: bytes) -> Any:
    endpoints = json.loads(content)
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {
            name: services[name] for name in services if name in ENDPOINT_PREFIXES
        }
    return endpoints


def _model(content: bytes) -> Any:
    return json.loads(content, object_hook=_undocumented)


def _undocumented(found: dict[str, Any]) -> dict[str, Any]:
    # A structure may have a member of this name, which is no string. Emptied and not left out:
    # for some parameters botocore takes it for granted.
    if isinstance(found.get("documentation"), str):
        found["documentation"] = ""
    return found
