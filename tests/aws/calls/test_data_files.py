"""What is left out of botocore's data changes no endpoint and no request."""

from __future__ import annotations

import gzip
import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointVariantError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.regions import EndpointResolver

from kmstui.aws.calls import operations
from kmstui.aws.calls.botocore_data import ENDPOINT_PREFIXES, SparingFileLoader
from kmstui.aws.calls.operations import Operation
from kmstui.aws.session.connector import AwsConnector
from kmstui.service.ports import Target

OPERATIONS = [each for each in vars(operations).values() if isinstance(each, Operation)]
SERVICES = {operation.service for operation in OPERATIONS}
OF_CREDENTIALS = {"sso", "sso-oidc", "signin", "sts"}
"""Services that botocore's credential providers ask."""


@pytest.fixture(scope="module")
def whole() -> Loader:
    return Loader()


@pytest.fixture(scope="module")
def sparing() -> Loader:
    return Loader(file_loader=SparingFileLoader())


def test_the_endpoints_of_all_services_in_use_are_kept(whole: Loader) -> None:
    models = [whole.load_service_model(name, "service-2") for name in SERVICES | OF_CREDENTIALS]
    assert {model["metadata"]["endpointPrefix"] for model in models} == ENDPOINT_PREFIXES


def test_endpoints_and_regions_are_the_same_in_every_partition(
    whole: Loader, sparing: Loader
) -> None:
    found = _endpoints(whole)
    assert len(found) > 2000
    assert _endpoints(sparing) == found


def _endpoints(loader: Loader) -> dict[object, object]:
    data: Any = loader.load_data("endpoints")
    resolver: Any = EndpointResolver(data)
    found: dict[object, object] = {}
    for partition in data["partitions"]:
        name = partition["partition"]
        found[name] = resolver.get_available_endpoints("kms", name)
        for region in partition["regions"]:
            found[region] = resolver.get_partition_for_region(region)
        # Also one that is newer than the file.
        regions = (*partition["regions"], f"{name}-global", "us-north-7")
        for asked in product(ENDPOINT_PREFIXES, regions, (False, True), (False, True)):
            prefix, region, dualstack, fips = asked
            try:
                found[name, asked] = resolver.construct_endpoint(
                    prefix,
                    region,
                    name,
                    use_dualstack_endpoint=dualstack,
                    use_fips_endpoint=fips,
                )
            except EndpointVariantError as error:
                found[name, asked] = str(error)
    return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.permission)
def test_requests_and_answers_have_the_same_members(
    operation: Operation, whole: Loader, sparing: Loader
) -> None:
    members = _members(whole, operation)
    assert members
    assert _members(sparing, operation) == members


def _members(loader: Loader, operation: Operation) -> list[tuple[str, object, object]]:
    """All that can be in a request and its answer, in depth."""
    model = ServiceModel(loader.load_service_model(operation.service, "service-2"))
    described: Any = model.operation_model(operation.name)
    waiting = [described.input_shape, described.output_shape, *described.error_shapes]
    found: list[tuple[str, object, object]] = [(operation.name, described.http, "")]
    seen: set[str] = set()
    while waiting:
        shape = waiting.pop()
        if shape is None or shape.name in seen:
            continue
        seen.add(shape.name)
        found.append((shape.name, shape.type_name, (shape.metadata, shape.serialization)))
        inner = dict(getattr(shape, "members", {}))
        found += [(shape.name, member, each.name) for member, each in inner.items()]
        waiting += inner.values()
        waiting += [getattr(shape, part, None) for part in ("member", "key", "value")]
    return found


def test_what_the_api_references_say_is_left_out(sparing: Loader) -> None:
    for service in SERVICES:
        model = ServiceModel(sparing.load_service_model(service, "service-2"))
        names = model.operation_names
        assert {model.operation_model(name).documentation for name in names} == {""}


@pytest.mark.parametrize("ending", [".json", ".json.gz"])
def test_a_member_called_documentation_stays(ending: str, tmp_path: Path) -> None:
    members = {"documentation": {"shape": "Text"}}
    text = json.dumps({"members": members, "documentation": "Long."}).encode()
    path = tmp_path / f"service-2{ending}"
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    assert SparingFileLoader().load_file(str(tmp_path / "service-2")) == {
        "members": members,
        "documentation": "",
    }


def test_a_file_that_is_not_there_is_told_as_botocore_tells_it(tmp_path: Path) -> None:
    assert SparingFileLoader().load_file(str(tmp_path / "service-2")) is None


async def test_a_connection_keeps_no_endpoints_of_other_services(scripted: Any) -> None:
    connector = AwsConnector(lambda record: None, lambda serial: "")
    (await connector.connect(Target())).close()
    kept = connector._opener()._loader.load_data("endpoints")
    assert {
        name for partition in kept["partitions"] for name in partition["services"]
    } <= ENDPOINT_PREFIXES
