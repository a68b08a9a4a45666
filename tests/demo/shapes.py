"""An answer as it came over the wire, held against botocore's model of the operation.

botocore itself leaves out members that it does not know and minds no missing ones, so that what
the demo answers in its own way would be seen by nobody.
"""

from __future__ import annotations

import base64
import binascii
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import cbor2

_KINDS: Mapping[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "float": (int, float),
    "timestamp": (int, float, datetime),
    "blob": (str, bytes),
}

UNLIKE_THE_MODEL = (
    # "The KeySpec and CustomerMasterKeySpec fields have the same value", says its documentation;
    # the model's list for it has no new one.
    ".CustomerMasterKeySpec",
    # `available` in each example of the API reference, `Available` in the model.
    ".VpcEndpoints[].State",
)
"""Members whose values AWS does not take from the model's lists."""


def watch(client: Any, tell: Callable[[str, list[str]], None]) -> None:
    """Call ``tell`` with each operation of ``client`` and what is wrong with its answer."""

    def look(operation_model: Any, response_dict: Mapping[str, Any], **_: object) -> None:
        shape = operation_model.output_shape
        if response_dict["status_code"] < 300:
            answer = _decoded(operation_model, response_dict) if shape else None
            faults = _faults(shape, answer, operation_model.name) if shape else ()
            tell(operation_model.name, list(faults))

    client.meta.events.register("before-parse", look)


def _decoded(model: Any, response: Mapping[str, Any]) -> Any:
    body = response["body"]
    protocol = model.service_model.resolved_protocol
    if protocol == "smithy-rpc-v2-cbor":
        return cbor2.loads(body)
    if protocol in ("query", "ec2"):
        root = ET.fromstring(body)
        wrapper = model.output_shape.serialization.get("resultWrapper")
        return root.find(f"{{*}}{wrapper}") if wrapper else root
    if protocol == "rest-xml":
        root = ET.fromstring(body)
        if "payload" not in model.output_shape.serialization:
            return root
        whole = ET.Element("Answer")
        whole.append(root)
        return whole
    return json.loads(body or b"{}")


def _faults(shape: Any, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, ET.Element):
        value = _of_xml(shape, value)
    kind = shape.type_name
    wrong_type = not isinstance(value, _KINDS[kind])
    if wrong_type or (isinstance(value, bool) and kind != "boolean"):
        yield f"{path} is {value!r}, and should be a {kind}"
    elif kind == "structure":
        yield from _structure_faults(shape, value, path)
    elif kind == "list":
        for item in value:
            yield from _faults(shape.member, item, f"{path}[]")
    elif kind == "map":
        for name, item in value.items():
            yield from _faults(shape.value, item, f"{path}[{name}]")
    elif kind == "blob" and isinstance(value, str):
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error:
            yield f"{path} is not base64"
    elif (
        kind == "string"
        and value not in (shape.metadata.get("enum") or (value,))
        and not path.endswith(UNLIKE_THE_MODEL)
    ):
        yield f"{path} is {value!r}, which the model does not list"


def _structure_faults(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in value.keys() - shape.members.keys() - {"ResponseMetadata"}:
        yield f"{path}.{name} is no member"
    for name in set(shape.required_members) - value.keys():
        yield f"{path}.{name} is missing"
    for name, member in shape.members.items():
        if name in value:
            yield from _faults(member, value[name], f"{path}.{name}")


_SCALARS: Mapping[str, Callable[[str], Any]] = {
    "boolean": {"true": True, "false": False}.get,
    "integer": int,
    "long": int,
    "timestamp": datetime.fromisoformat,
}


def _of_xml(shape: Any, element: ET.Element) -> Any:
    """One element by the names of the model; what is inside stays as it is."""
    kind, text = shape.type_name, element.text or ""
    if kind == "list":
        return list(element)
    if kind == "map":
        return {entry[0].text: entry[1] for entry in element}
    if kind != "structure":
        return _SCALARS.get(kind, str)(text)
    names = {each.serialization.get("name", name): name for name, each in shape.members.items()}
    tags = [(each.tag.rpartition("}")[2], each) for each in element]
    # EC2 sends the ID of a request beside the members, S3 the items of a list without one around.
    found: dict[str, Any] = {}
    for tag, each in tags:
        name = names.get(tag, tag)
        if name in shape.members and shape.members[name].serialization.get("flattened"):
            found.setdefault(name, []).append(each)
        elif tag != "requestId":
            found[name] = each
    return found
