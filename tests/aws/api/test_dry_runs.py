"""What KMS is asked about oneself: judged over HTTP, and nothing done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kmstui.aws.calls.operations import DRY_RUNS, Operation
from kmstui.model import DryRun
from kmstui.service.errors import (
    AccessDeniedError,
    InvalidStateError,
    MalformedAnswerError,
    ReadOnlyError,
    ServiceError,
)
from tests.control import ControlledKms
from tests.embedded import client

Connect = Callable[..., Awaitable[Any]]

pytestmark = pytest.mark.usefixtures("aws_environment")

KINDS = {
    "SYMMETRIC_DEFAULT": (
        "ENCRYPT_DECRYPT",
        "SYMMETRIC_DEFAULT",
        ("Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
    ),
    "RSA_2048": ("ENCRYPT_DECRYPT", "RSAES_OAEP_SHA_256", ("Encrypt", "Decrypt", "ReEncrypt")),
    "ECC_NIST_P384": ("SIGN_VERIFY", "ECDSA_SHA_384", ("Sign",)),
    "HMAC_256": ("GENERATE_VERIFY_MAC", "HMAC_SHA_256", ("GenerateMac",)),
    "ECC_NIST_P256": ("KEY_AGREEMENT", "ECDH", ("DeriveSharedSecret",)),
    "ECC_NIST_P521": ("KEY_AGREEMENT", "ECDH", ("DeriveSharedSecret",)),
    "ML_KEM_768": ("ENCAPSULATE_DECAPSULATE", "ML_KEM", ("Encapsulate", "Decapsulate")),
}


@pytest.fixture
async def gateway(
    embedded: ControlledKms, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> Any:
    for name, value in embedded.environment_for("admin").items():
        monkeypatch.setenv(name, value)
    return await connect(read_only=True)


@pytest.mark.parametrize(
    ("spec", "operation"), [(spec, name) for spec, (*_, names) in KINDS.items() for name in names]
)
async def test_each_operation_is_sent_so_that_kms_would_carry_it_out(
    embedded: ControlledKms, gateway: Any, spec: str, operation: str
) -> None:
    usage, algorithm, _ = KINDS[spec]
    admin = client(embedded, "kms", "admin")
    arn = admin.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]
    await gateway.dry_run(DryRun(operation, arn, spec, algorithm))
    assert admin.describe_key(KeyId=arn)["KeyMetadata"]["Enabled"], "and nothing was done"


@pytest.mark.parametrize(
    "operation", ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"]
)
async def test_pairs_of_data_keys(embedded: ControlledKms, gateway: Any, operation: str) -> None:
    admin = client(embedded, "kms", "admin")
    arn = admin.create_key()["KeyMetadata"]["Arn"]
    await gateway.dry_run(DryRun(operation, arn, algorithm="ECC_NIST_P256"))
    assert admin.describe_key(KeyId=arn)["KeyMetadata"]["Enabled"], "and nothing was done"


async def test_a_grant_that_would_be_made_is_not_made(
    embedded: ControlledKms, gateway: Any
) -> None:
    admin = client(embedded, "kms", "admin")
    arn = admin.create_key()["KeyMetadata"]["Arn"]
    await gateway.dry_run(DryRun("CreateGrant", arn, grantee=(await gateway.caller()).arn))
    assert admin.list_grants(KeyId=arn)["Grants"] == []


@pytest.mark.parametrize(
    ("spec", "operation", "code"),
    [
        ("ECC_NIST_P384", "Verify", "KMSInvalidSignatureException"),
        ("HMAC_256", "VerifyMac", "KMSInvalidMacException"),
    ],
)
async def test_what_is_made_up_can_be_found_wrong(
    embedded: ControlledKms, gateway: Any, spec: str, operation: str, code: str
) -> None:
    usage, algorithm, _ = KINDS[spec]
    admin = client(embedded, "kms", "admin")
    arn = admin.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]
    with pytest.raises(ServiceError) as caught:
        await gateway.dry_run(DryRun(operation, arn, spec, algorithm))
    assert caught.value.context.code == code


async def test_a_refusal_keeps_the_words_of_kms(embedded: ControlledKms, connect: Connect) -> None:
    arn = embedded.control.key("alias/hr/payroll").metadata["Arn"]
    with pytest.raises(AccessDeniedError) as caught:
        await (await connect()).dry_run(DryRun("Decrypt", arn, algorithm="SYMMETRIC_DEFAULT"))
    assert "is not authorized to perform: kms:Decrypt" in caught.value.context.service_message


async def test_a_disabled_key_is_said_to_be_disabled(embedded: ControlledKms, gateway: Any) -> None:
    admin = client(embedded, "kms", "admin")
    arn = admin.create_key()["KeyMetadata"]["Arn"]
    admin.disable_key(KeyId=arn)
    with pytest.raises(InvalidStateError, match="is disabled"):
        await gateway.dry_run(DryRun("Decrypt", arn, algorithm="SYMMETRIC_DEFAULT"))


async def test_the_encryption_context_is_sent(embedded: ControlledKms, gateway: Any) -> None:
    arn = client(embedded, "kms", "admin").create_key()["KeyMetadata"]["Arn"]
    asked = DryRun("Encrypt", arn, "SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT", (("App", "x"),))
    await gateway.dry_run(asked)
    (sent,) = [each for each in embedded.control.requests() if each.operation == "Encrypt"]
    assert sent.parameters["EncryptionContext"] == {"App": "x"}
    assert sent.parameters["DryRun"] is True


async def test_an_endpoint_that_does_it_all_the_same_is_told_of(
    scripted: Any, connect: Connect
) -> None:
    gateway = await connect()
    with pytest.raises(MalformedAnswerError, match="does not know DryRun"):
        await gateway.dry_run(DryRun("Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/k"))


@pytest.mark.parametrize("operation", list(DRY_RUNS.values()), ids=lambda each: each.name)
async def test_without_the_parameter_a_dry_run_does_not_leave(
    operation: Operation, scripted: Any, connect: Connect
) -> None:
    gateway = await connect()
    key = {"SourceKeyId" if operation.name == "ReEncrypt" else "KeyId": "k"}
    for params in (key, {**key, "DryRun": False}):
        with pytest.raises(ReadOnlyError, match="was no dry run"):
            await gateway._calls.send(operation, params, lambda _: None)
    assert scripted.targets == []
