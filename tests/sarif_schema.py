"""The part of the SARIF 2.1.0 schema that kmstui's output touches, in the schema's own terms.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. Objects are closed, as in
the schema, so that a property it does not have is refused.
"""

from __future__ import annotations

from typing import Any


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def _list(items: dict[str, Any], *, least: int = 0, unique: bool = False) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least, "uniqueItems": unique}


_TEXT = {"type": "string"}
_URI = {"type": "string", "format": "uri"}
_URI_REFERENCE = {"type": "string", "format": "uri-reference"}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_LINE = {"type": "integer", "minimum": 1}
_MESSAGE = {**_object([], text=_TEXT, markdown=_TEXT, id=_TEXT), "anyOf": [{"required": ["text"]}]}
_MULTIFORMAT = _object(["text"], text=_TEXT, markdown=_TEXT)
_ARTIFACT = _object([], uri=_URI_REFERENCE, uriBaseId=_TEXT, index={"type": "integer"})
_REGION = _object([], startLine=_LINE, startColumn=_LINE, endLine=_LINE, endColumn=_LINE)
_RULE = _object(
    ["id"],
    id=_TEXT,
    name=_TEXT,
    shortDescription=_MULTIFORMAT,
    fullDescription=_MULTIFORMAT,
    help=_MULTIFORMAT,
    helpUri=_URI,
    defaultConfiguration=_object([], enabled={"type": "boolean"}, level=_LEVEL),
)
_REPLACEMENT = _object(
    ["deletedRegion"], deletedRegion=_REGION, insertedContent=_object([], text=_TEXT)
)
_CHANGE = _object(
    ["artifactLocation", "replacements"],
    artifactLocation=_ARTIFACT,
    replacements=_list(_REPLACEMENT, least=1),
)
_RESULT = _object(
    ["message"],
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level=_LEVEL,
    message=_MESSAGE,
    locations=_list(
        _object(
            [],
            physicalLocation=_object([], artifactLocation=_ARTIFACT, region=_REGION),
            logicalLocations=_list(_object([], fullyQualifiedName=_TEXT, kind=_TEXT)),
        )
    ),
    properties=_object([], tags=_list(_TEXT, unique=True)),
    fixes=_list(
        _object(
            ["artifactChanges"],
            description=_MESSAGE,
            artifactChanges=_list(_CHANGE, least=1, unique=True),
        ),
        unique=True,
    ),
)
_RUN = _object(
    ["tool"],
    tool=_object(
        ["driver"],
        driver=_object(
            ["name"],
            name=_TEXT,
            version=_TEXT,
            semanticVersion=_TEXT,
            informationUri=_URI,
            rules=_list(_RULE, unique=True),
        ),
    ),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations=_list(
        _object(
            ["executionSuccessful"],
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=_list(_object(["message"], message=_MESSAGE, level=_LEVEL)),
        )
    ),
    results=_list(_RESULT),
)
SARIF_SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **_object(
        ["version", "runs"],
        **{"$schema": _URI, "version": {"enum": ["2.1.0"]}, "runs": _list(_RUN)},
    ),
}
