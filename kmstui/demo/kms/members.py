"""The members of a request, held to botocore's model of KMS as AWS's own validation holds them.

Types, required members, enumerations, lengths, ranges and patterns; what the model does not tell,
each operation checks itself.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from kmstui.demo.errors import AwsError, validation

_TYPES: dict[str, Any] = {
    "blob": str,
    "boolean": bool,
    "integer": int,
    "list": list,
    "map": dict,
    "string": str,
    "structure": dict,
}


@lru_cache(maxsize=1)
def _model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("kms", "service-2"), "kms")


def operations() -> list[str]:
    """The names of KMS's operations."""
    return list(_model().operation_names)


@lru_cache(maxsize=128)
def _input_shape(operation: str) -> Any:
    known = operation in _model().operation_names
    return _model().operation_model(operation).input_shape if known else None


def is_dry_run(operation: str, parameters: Mapping[str, Any]) -> bool:
    """Whether a request is to be judged and not carried out; other operations ignore `DryRun`."""
    shape = _input_shape(operation)
    return parameters.get("DryRun") is True and shape is not None and "DryRun" in shape.members


def check_members(operation: str, parameters: Mapping[str, Any]) -> None:
    """Raise SerializationException or ValidationException for the first member that is wrong."""
    shape = _input_shape(operation)
    if shape is not None:
        _check_structure(shape, parameters, "")


def _check_structure(shape: Any, value: Mapping[str, Any], path: str) -> None:
    for name in shape.required_members:
        if value.get(name) is None:
            raise validation("null", path + lower_first(name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            _check(member, value[name], path + lower_first(name))


def _check(shape: Any, value: Any, path: str) -> None:
    kind = shape.type_name
    if not isinstance(value, _TYPES.get(kind, object)) or (
        kind == "integer" and isinstance(value, bool)
    ):
        raise AwsError("SerializationException", f"{path} must be of type {kind}.")
    if kind == "structure":
        _check_structure(shape, value, f"{path}.")
    elif kind == "list":
        for position, item in enumerate(value, 1):
            _check(shape.member, item, f"{path}.{position}.member")
    elif kind == "integer":
        _check_range("value", value, value, shape.metadata, path)
    elif kind == "blob":
        _check_range("length", len(_decoded(value, path)), "…", shape.metadata, path)
    elif kind == "string":
        _check_text(value, shape.metadata, path)


def _check_text(value: str, limits: Mapping[str, Any], path: str) -> None:
    if "enum" in limits and value not in limits["enum"]:
        listed = ", ".join(limits["enum"])
        raise validation(value, path, f"Member must satisfy enum value set: [{listed}]")
    _check_range("length", len(value), value, limits, path)
    pattern = limits.get("pattern")
    if pattern and not re.fullmatch(pattern, value, re.ASCII):
        raise validation(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _check_range(what: str, size: int, value: Any, limits: Mapping[str, Any], path: str) -> None:
    if size < limits.get("min", size):
        raise validation(
            value, path, f"Member must have {what} greater than or equal to {limits['min']}"
        )
    if size > limits.get("max", size):
        raise validation(
            value, path, f"Member must have {what} less than or equal to {limits['max']}"
        )


def _decoded(text: str, path: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise AwsError("SerializationException", f"{path} is not base64.") from error


def lower_first(name: str) -> str:
    """A member as CloudTrail and the validation of requests spell it."""
    return name[:1].lower() + name[1:]
