"""What is wrong in an AWS config file is told with file and line, and what to write instead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from kmstui.service.errors import EndpointError, ProfileError
from kmstui.service.ports import Target

Connect = Callable[..., Awaitable[Any]]

_KEYS = "aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-secret\n"
_DEFAULT = f"[default]\nregion = eu-west-1\n{_KEYS}"


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (f"{_DEFAULT}[default]\n", 5, "the section [default] stands there a second time"),
        (f"{_DEFAULT}region = x\n", 5, "region is set a second time in [default]"),
        (f"{_DEFAULT}[profile a\nregion = x\n", 5, "“[profile a” lacks its closing bracket"),
        ("region = x\n", 1, "“region” stands before the first section"),
        (f"{_DEFAULT}nonsense\n", 5, "“nonsense” is neither a section nor a setting"),
        (f"\ufeff{_DEFAULT}", 1, "begins with a byte order mark"),
        (f"{_DEFAULT}# caf\xe9".encode("latin-1"), 5, "a byte (0xe9) that is no UTF-8"),
        (_DEFAULT.encode("utf-16"), 0, "the file is UTF-16"),
        (f"{_DEFAULT}s3 =\n  nonsense\n", 0, "the indented lines below a setting"),
    ],
)
@pytest.mark.parametrize("name", ["config", "credentials"])
async def test_a_file_that_cannot_be_read_names_the_line(
    name: str, content: str | bytes, line: int, said: str, no_aws: Path, connect: Connect
) -> None:
    path = no_aws / ".aws" / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ProfileError) as caught:
        await connect()
    place = f"{path}, line {line}" if line else str(path)
    assert caught.value.reason.startswith(f"{place}: ")
    assert said in caught.value.reason
    assert "not-a-secret" not in caught.value.sentence


@pytest.mark.parametrize(
    ("file", "section", "name", "said"),
    [
        ("config", "profile Foo Bar", "Foo Bar", 'needs quotes: write [profile "Foo Bar"]'),
        (
            "config",
            "Ann's Mac",
            "Ann's Mac",
            'lacks the word profile: write [profile "Ann\'s Mac"]',
        ),
        ("config", "work", "work", "lacks the word profile: write [profile work]"),
        ("credentials", "profile work", "work", "belongs into the config file alone: write [work]"),
    ],
)
async def test_a_section_that_cannot_be_used_says_what_is_missing(
    file: str, section: str, name: str, said: str, no_aws: Path, connect: Connect
) -> None:
    (no_aws / ".aws" / file).write_text(f"[{section}]\n{_KEYS}")
    with pytest.raises(ProfileError) as caught:
        await connect(Target(profile=name, region="eu-west-1"))
    assert f"[{section}]" in caught.value.reason
    assert said in caught.value.reason


@pytest.mark.parametrize("url", ["kms.local", "http://[::1", "ftp://x", "http://x y", "http://"])
@pytest.mark.parametrize(
    ("config", "variable", "place"),
    [
        ("[default]\nendpoint_url = {}\n", "", "in endpoint_url of the profile default"),
        (
            "[default]\nservices = s\n[services s]\nkms =\n  endpoint_url = {}\n",
            "",
            "of kms in [services s]",
        ),
        ("", "AWS_ENDPOINT_URL", "in AWS_ENDPOINT_URL"),
        ("", "AWS_ENDPOINT_URL_KMS", "in AWS_ENDPOINT_URL_KMS"),
    ],
)
async def test_an_endpoint_that_is_no_url_is_shown_with_its_place(
    url: str,
    config: str,
    variable: str,
    place: str,
    no_aws: Path,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (no_aws / ".aws" / "config").write_text(config.format(url))
    (no_aws / ".aws" / "credentials").write_text(f"[default]\n{_KEYS}")
    if variable:
        monkeypatch.setenv(variable, url)
    with pytest.raises(EndpointError) as caught:
        await connect(Target(region="eu-west-1"))
    assert caught.value.reason == f"“{url}” {place} is not a URL"


async def test_configured_endpoints_that_are_to_be_ignored_are(
    no_aws: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    (no_aws / ".aws" / "credentials").write_text(f"[default]\n{_KEYS}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    monkeypatch.setattr("kmstui.aws.session.open._addresses", lambda _: ())
    gateway = await connect(Target(region="eu-west-1"))
    assert gateway.info.endpoint_url == "https://kms.eu-west-1.amazonaws.com"
