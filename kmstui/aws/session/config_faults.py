"""What is wrong in a person's AWS config files, with file, line and what to write instead.

Source: AWS SDKs and Tools Reference Guide, "Using shared config and credentials files to globally
configure AWS SDKs and tools" and "Service-specific endpoints".
"""

from __future__ import annotations

import ast
import configparser
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore import exceptions as boto
from botocore.configloader import raw_config_parse
from botocore.session import Session

from kmstui.service.errors import EndpointError, ProfileError

_BOMS = ("\ufeff", "ï»¿")
"""A byte order mark, read as UTF-8 and as Latin-1."""


def unreadable_file(error: boto.ConfigParseError) -> ProfileError:
    """The fault of a file that botocore cannot parse."""
    path = str(error.kwargs.get("path", ""))
    line, fault, next_step = _fault_of_text(path) or _fault(error.kwargs.get("error"))
    place = f"{path}, line {line}" if line else path
    return ProfileError(f"{place}: {fault}", next_step)


def _fault_of_text(path: str) -> tuple[int, str, str] | None:
    """A fault that makes the parser stumble over something else, or say nothing of the line.

    Line (from 1; 0 where it is not known), what is wrong there, and what to do.
    """
    try:
        content = Path(path).read_bytes()
        lines = content.decode("utf-8").splitlines()
    except OSError:
        return None
    except UnicodeDecodeError as error:
        if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            return 0, "the file is UTF-16", "Save it as UTF-8."
        line = content[: error.start].count(b"\n") + 1
        return line, f"a byte ({content[error.start]:#04x}) that is no UTF-8", "Save it as UTF-8."
    for number, line_text in enumerate(lines, 1):
        if line_text.startswith("[") and "]" not in line_text:
            fault = f"the section “{_shown(line_text)}” lacks its closing bracket"
            return number, fault, "Add the ]."
    return None


def _fault(error: object) -> tuple[int, str, str]:
    if isinstance(error, configparser.DuplicateSectionError):
        fault = f"the section [{error.section}] stands there a second time"
        return error.lineno or 0, fault, "Put its lines into the first one, or rename it."
    if isinstance(error, configparser.DuplicateOptionError):
        fault = f"{error.option} is set a second time in [{error.section}]"
        return error.lineno or 0, fault, "Take one of the two away."
    if isinstance(error, configparser.MissingSectionHeaderError):
        if error.line.startswith(_BOMS):
            fault = "the file begins with a byte order mark"
            return error.lineno, fault, "Save it as UTF-8 without a BOM."
        fault = f"“{_shown(error.line)}” stands before the first section"
        return error.lineno, fault, "Put a line like [default] above it."
    if isinstance(error, configparser.ParsingError) and error.errors:
        line, text = error.errors[0]
        # Before 3.13 the parser keeps it as `repr` writes it.
        plain = text if sys.version_info >= (3, 13) else ast.literal_eval(text)
        return line, f"“{_shown(plain)}” is neither a section nor a setting", "Write name = value."
    return (
        0,
        "the indented lines below a setting are not settings",
        "Write each as name = value, or take the indentation away.",
    )


def _shown(line: str) -> str:
    # A value may be a secret.
    return " ".join(line.split("=", 1)[0].split())[:60]


def unusable_section(error: boto.ProfileNotFound) -> ProfileError | None:
    """A section that is meant as the profile but cannot be used as one; None without any."""
    name = str(error.kwargs.get("profile", ""))
    config = os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"
    credentials = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    quoted = f'"{name}"' if name.split() != [name] or "'" in name else name
    for section in _sections(config):
        if section in {name, quoted}:
            what = f"lacks the word profile: write [profile {quoted}]"
        elif section == f"profile {name}":
            what = f"needs quotes: write [profile {quoted}]"
        else:
            continue
        return ProfileError(f"the section [{section}] of {config} {what}", "Correct it.")
    if f"profile {name}" in _sections(credentials):
        return ProfileError(
            f"the section [profile {name}] of {credentials} has the word profile, which belongs "
            f"into the config file alone: write [{name}]",
            "Correct it.",
        )
    return None


def _sections(path: str) -> tuple[str, ...]:
    try:
        return tuple(raw_config_parse(path))
    except (boto.BotoCoreError, OSError):
        return ()


def refuse_what_is_no_url(session: Session, asked_for: str) -> None:
    """Refuse an endpoint that is no URL; botocore finds out with the first request, or never.

    Args:
        session: With the profile's settings.
        asked_for: The endpoint of the flag or of kmstui's own settings, or empty.

    Raises:
        EndpointError: with the value and where it stands.
    """
    url, place = _endpoint(session, asked_for)
    if url and not _is_url(url):
        raise EndpointError(
            f"“{url}”{place} is not a URL", "Give one like https://kms.eu-central-1.amazonaws.com."
        )


def _endpoint(session: Session, asked_for: str) -> tuple[str, str]:
    """The endpoint of KMS that is configured, and a clause about where; both may be empty."""
    if asked_for:
        return asked_for, ""
    if session.get_config_variable("ignore_configured_endpoint_urls"):
        return "", ""
    for name in ("AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL"):
        if os.environ.get(name):
            return os.environ[name], f" in {name}"
    profile: Any = session.get_scoped_config()
    name = str(session.get_config_variable("profile") or "default")
    services = str(profile.get("services") or "")
    of_kms: Any = session.full_config.get("services", {}).get(services, {}).get("kms")
    if isinstance(of_kms, dict) and of_kms.get("endpoint_url"):
        return str(of_kms["endpoint_url"]), f" of kms in [services {services}]"
    return str(profile.get("endpoint_url") or ""), f" in endpoint_url of the profile {name}"


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and has_port
        and (url.isprintable() and " " not in url)
    )
