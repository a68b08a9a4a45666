"""Fixtures around the embedded AWS: one server for each test process, reset for each test.

A directory's ``conftest.py`` imports the fixtures that its tests use:
``from tests.embedded import embedded, embedded_server``. Nothing here can reach a real AWS: every
variable that could is replaced.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.control import ControlledKms


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[ControlledKms]:
    """A running embedded AWS, shared by all tests of this process."""
    with ControlledKms.start() as server:
        yield server


@pytest.fixture
def embedded(embedded_server: ControlledKms) -> ControlledKms:
    """The embedded AWS with its world as at the start and every switch back."""
    embedded_server.control.reset()
    return embedded_server


@pytest.fixture
def aws_environment(embedded: ControlledKms, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The environment of the workshop's instance; no AWS variable of the real one is left."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    environment = embedded.environment
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@functools.cache
def client(embedded: ControlledKms, service: str, who: str = "instance", region: str = "") -> Any:
    """A boto3 client of ``service`` that asks the embedded AWS as ``who``; it does not retry.

    Clients are kept: making one costs more than most tests, and a reset changes no credentials.
    """
    environment = embedded.environment_for(who)
    return _session().client(
        service,
        region_name=region or embedded.region,
        endpoint_url=embedded.endpoint_url,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment.get("AWS_SESSION_TOKEN"),
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20),
    )


@functools.cache
def _session() -> Any:
    """One session, so that the service models are read once."""
    return boto3.Session()
