"""What is wrong with a source of credentials: which one it is, and what it said or printed.

botocore lets whatever a source stumbles over through as it is: a `JSONDecodeError` for a helper
that greets before it answers. Which source was asked, and with what, the frames of the error tell.

Source: AWS SDKs and Tools Reference Guide, "Process credential provider" and "Container credential
provider".
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any, NamedTuple

from botocore import exceptions as boto
from botocore.credentials import CredentialProvider, Credentials
from botocore.utils import IMDSRegionProvider

from kmstui.aws.calls.call_context import CallContext, Explanation
from kmstui.service.errors import CredentialsMissingError, ServiceError

_SHOWN = 160
"""Characters shown of what a source printed."""

_MAY_BE_SECRET = re.compile(r"(?=\S*[0-9])(?=\S*[a-z])(?=\S*[A-Z])[A-Za-z0-9/+=_-]{16,}")
"""Words that may be keys or tokens, which go on no screen."""

_PROCESS = "custom-process"


class _Source(NamedTuple):
    name: str
    next_step: str


_SOURCES = {
    _PROCESS: _Source(
        "credential_process",
        "Run that command in a shell: it must print the credentials as JSON, and nothing else.",
    ),
    "container-role": _Source(
        "the container's credential service",
        "Check AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and "
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE.",
    ),
    "assume-role-with-web-identity": _Source(
        "the web identity",
        "Check AWS_WEB_IDENTITY_TOKEN_FILE or web_identity_token_file of the profile.",
    ),
    "assume-role": _Source(
        "STS, which is asked for the role", "Check role_arn and source_profile of the profile."
    ),
    "iam-role": _Source(
        "the instance metadata service",
        "Check the instance's role; in a container, the instance's hop limit must be at least 2.",
    ),
    "sso": _Source("the SSO sign-in", "{renew}"),
    "login": _Source("the sign-in", "{renew}"),
}
"""By botocore's names of them."""

_FROM = {"botocore.credentials", "botocore.utils"}
"""The modules whose frames tell of a source."""

_QUOTING = (boto.CredentialRetrievalError, boto.MetadataRetrievalError)
"""Of botocore's own errors those that only quote; `botocore_errors` explains the others."""


def explain_source(error: BaseException, call: CallContext) -> ServiceError | None:
    """The error of a source of credentials; None where something else has failed."""
    explained = isinstance(error, boto.BotoCoreError) and not isinstance(error, _QUOTING)
    if explained or isinstance(error, boto.ClientError | ServiceError):
        return None
    frames = list(_frames(error))
    method = next(filter(None, map(_method, frames)), "")
    if not method:
        return None
    source = _source(method)
    known = _known(frames)
    said = (_said_by_process if method == _PROCESS else _said)(error, known)
    return Explanation(CredentialsMissingError, "{source} {fault}", source.next_step).error(
        call, source=source.name, fault=said
    )


def sources_asked() -> Iterator[str]:
    """The sources of credentials that threads wait for at the moment, as people know them."""
    for frame in sys._current_frames().values():
        frames = list(_callers(frame))
        method = next(filter(None, map(_method, frames)), "")
        if method:
            command = _known(reversed(frames)).get("credential_process")
            yield _source(method).name + (f" ({_shown(str(command))})" if command else "")


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _source(method: str) -> _Source:
    return _SOURCES.get(method) or _Source(
        f"the source of credentials {method}", "Check what the profile names as their source."
    )


def _known(frames: Iterable[FrameType]) -> dict[str, Any]:
    """The variables of botocore's frames; of two of a name, that of the frame which comes later."""
    return {
        name: value
        for frame in frames
        if frame.f_globals.get("__name__") in _FROM
        for name, value in frame.f_locals.items()
    }


def _frames(error: BaseException) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _method(frame: FrameType) -> str:
    """Botocore's name of the source whose code a frame runs."""
    if frame.f_globals.get("__name__") not in _FROM:
        return ""
    owner: Any = frame.f_locals.get("self")
    if isinstance(owner, IMDSRegionProvider):
        return "iam-role"
    if isinstance(owner, CredentialProvider):
        return str(owner.METHOD or "")
    # Those that are there and are fetched anew.
    return str(owner.method or "") if isinstance(owner, Credentials) else ""


def _said(error: BaseException, found: dict[str, Any]) -> str:
    if isinstance(error, RuntimeError):
        return "gave credentials that have expired already"
    if isinstance(error, OSError):
        file = f"{error.filename}: " if error.filename else ""
        return f"could not be asked: {file}{error.strerror or error}"
    if isinstance(error, KeyError):
        return f"gave no {error.args[0] if error.args else 'credentials'}"
    if found.get("time_str") is not None:
        return f"gave an Expiration that is no date: {_shown(str(found['time_str']))}"
    message = error.kwargs.get("error_msg") if isinstance(error, boto.BotoCoreError) else None
    told = _shown(str(message if message is not None else error))
    return f"gave no credentials: {told or type(error).__name__}"


def _said_by_process(error: BaseException, found: dict[str, Any]) -> str:
    command = _shown(str(found.get("credential_process") or ""))
    if found.get("credential_process") == "":
        return "is empty"
    which = f"({command}) " if command else ""
    return which + _fault_of_process(error, found)


def _fault_of_process(error: BaseException, found: dict[str, Any]) -> str:
    process = found.get("p")
    if isinstance(error, OSError):
        return f"cannot be started: {error.strerror or error}"
    if isinstance(error, ValueError) and not {"process_list", "creds_dict"} & found.keys():
        return f"cannot be read as a command: {error}"
    status = getattr(process, "returncode", 0)
    if status:
        said = _shown(_text(found.get("stderr")) or _before_json(found.get("stdout")))
        ended = f"ended with status {status}" if status > 0 else f"was ended by signal {-status}"
        return f"{ended}: {said}" if said else f"{ended} and said nothing"
    if isinstance(error, UnicodeDecodeError):
        return "printed bytes that are no text"
    if isinstance(error, json.JSONDecodeError):
        printed = _text(found.get("stdout"))
        if not printed.strip():
            return "printed nothing"
        before = _shown(_before_json(found.get("stdout")))
        return f"printed what is no JSON: “{before}”" if before else "printed JSON that is broken"
    if isinstance(error, AttributeError):
        return "printed JSON that is no object"
    return _said(error, found)


def _text(printed: Any) -> str:
    return printed.decode("utf-8", "replace") if isinstance(printed, bytes) else ""


def _before_json(printed: Any) -> str:
    # What follows may be the credentials.
    return _text(printed).split("{", 1)[0]


def _shown(text: str) -> str:
    words = " ".join(text.split())
    return _MAY_BE_SECRET.sub("…", words)[:_SHOWN].rstrip(" .")
