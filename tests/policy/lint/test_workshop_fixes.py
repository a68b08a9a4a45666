"""The workshop's five policies, mended by the linter's fixes, are policies that KMS accepts."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import RULES, KeyContext, Severity
from kmstui.policy.lint.fixing import fix_all
from tests.control import ControlledKms
from tests.embedded import client, embedded, embedded_server
from tests.policy import workshop_printed as workshop

__all__ = ["embedded", "embedded_server"]

ALIAS = "alias/ImportedCMK"
_UNKNOWABLE = {"vpc endpoint": ("vpce-1xxxxxxxx1", "vpce-0123456789abcdef0")}
"""What the person alone knows and fills in: the ID of their endpoint."""


def _context(embedded: ControlledKms, who: str) -> KeyContext:
    key = embedded.control.key(ALIAS).metadata
    caller = client(embedded, "sts", who).get_caller_identity()["Arn"]
    return KeyContext(
        arn=Arn.parse(key["Arn"]),
        usage=key["KeyUsage"],
        spec=key["KeySpec"],
        caller=Arn.parse(caller),
    )


@pytest.mark.parametrize("who", ["instance", "admin"])
@pytest.mark.parametrize("name", workshop.ALL)
def test_the_fixes_make_a_policy_that_kms_accepts(
    embedded: ControlledKms, name: str, who: str
) -> None:
    key = _context(embedded, who)
    kms = client(embedded, "kms", who)
    with pytest.raises(ClientError):
        kms.put_key_policy(KeyId=str(key.arn), Policy=workshop.ALL[name])

    fixed = fix_all(workshop.ALL[name], key, named=RULES)
    text = fixed.text
    if name in _UNKNOWABLE:
        placeholder, value = _UNKNOWABLE[name]
        assert placeholder in text
        text = fix_all(text.replace(placeholder, value), key, named=RULES).text
    else:
        assert Severity.ERROR not in {each.severity for each in fixed.remaining}
    kms.put_key_policy(KeyId=str(key.arn), Policy=text)
    assert json.loads(kms.get_key_policy(KeyId=str(key.arn))["Policy"]) == json.loads(text)
    # And the one who mended it can put the policy again.
    kms.put_key_policy(KeyId=str(key.arn), Policy=text)


def test_a_user_that_is_gone_is_for_the_person_to_replace(embedded: ControlledKms) -> None:
    """The MFA policy names userA; no fix can know whom else to name."""
    key = _context(embedded, "admin")
    kms = client(embedded, "kms", "admin")
    text = fix_all(workshop.MFA.replace("userA", "nobody-here"), key, named=RULES).text
    with pytest.raises(ClientError) as refused:
        kms.put_key_policy(KeyId=str(key.arn), Policy=text)
    assert "principal" in str(refused.value)
    kms.put_key_policy(KeyId=str(key.arn), Policy=text.replace("nobody-here", "userA"))
