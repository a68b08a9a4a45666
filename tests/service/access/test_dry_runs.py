"""KMS is asked about the caller by dry runs: what is sent, and what each answer means."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from kmstui.aws.calls.operations import DRY_RUNS
from kmstui.service.access.dry_runs import (
    _ALGORITHMS,
    _WITH_CONTEXT,
    ASKABLE,
    AskedKey,
    Judgement,
    ask_kms,
    asking,
    sent_words,
)
from kmstui.service.errors import (
    AccessDeniedError,
    CancelledByPersonError,
    ErrorContext,
    FailedError,
    InvalidInputError,
    InvalidStateError,
    MalformedAnswerError,
    NetworkError,
    NotFoundError,
    ServiceFailureError,
    ThrottledError,
    UnsupportedError,
)
from tests.fakes import IMPORTED, FakeGateway
from tests.fakes.world import CALLER, arn_of

KEY = AskedKey(arn_of(IMPORTED), CALLER.arn, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT")
MODEL: Any = botocore.session.get_session().get_service_model("kms")


def key(usage: str, spec: str) -> AskedKey:
    return AskedKey(KEY.arn, KEY.caller, usage, spec)


def denied(operation: str, said: str = "", code: str = "AccessDeniedException") -> FailedError:
    context = ErrorContext(operation, KEY.arn, code, said)
    return AccessDeniedError("no IAM policy allows it", "Ask somebody.", context)


async def answers(gateway: FakeGateway, *actions: str, of: AskedKey = KEY):
    wanted = asking(of, actions)
    return {each.action: each for each in (*await ask_kms(gateway, wanted), *wanted.unasked)}


def test_every_dry_run_that_the_gateway_can_send_is_asked_and_no_other():
    operations = {name for name in MODEL.operation_names if _takes(name, "DryRun")}
    sent = {name.removeprefix("kms:") for name in ASKABLE} - {"ReEncryptFrom", "ReEncryptTo"}
    assert sent == set(DRY_RUNS) == operations - {"RevokeGrant", "RetireGrant"}
    contexts = {name for name in sent if _takes(name, "EncryptionContext")} | {"ReEncrypt"}
    assert contexts == _WITH_CONTEXT


def _takes(operation: str, member: str) -> bool:
    shape = MODEL.operation_model(operation).input_shape
    return shape is not None and member in shape.members


def test_every_kind_of_key_has_an_algorithm_that_kms_knows():
    shapes = ("Encryption", "Signing", "Mac", "KeyAgreement")
    known = {name for each in shapes for name in MODEL.shape_for(f"{each}AlgorithmSpec").enum}
    assert set(_ALGORITHMS.values()) <= known | {"ML_KEM"}
    for spec in MODEL.shape_for("KeySpec").enum:
        usages = [u for u in MODEL.shape_for("KeyUsageType").enum if key(u, spec).algorithm]
        assert usages, spec


@pytest.mark.parametrize(
    ("usage", "spec", "wanted"),
    [
        ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT"),
        ("ENCRYPT_DECRYPT", "RSA_4096", "RSAES_OAEP_SHA_256"),
        ("SIGN_VERIFY", "RSA_2048", "RSASSA_PSS_SHA_256"),
        ("SIGN_VERIFY", "ECC_NIST_P384", "ECDSA_SHA_384"),
        ("SIGN_VERIFY", "ML_DSA_65", "ML_DSA_SHAKE_256"),
        ("GENERATE_VERIFY_MAC", "HMAC_384", "HMAC_SHA_384"),
        ("KEY_AGREEMENT", "ECC_NIST_P256", "ECDH"),
        ("ENCAPSULATE_DECAPSULATE", "ML_KEM_1024", "ML_KEM"),
        ("SIGN_VERIFY", "OF_TOMORROW", ""),
    ],
)
def test_the_algorithm_of_a_key(usage: str, spec: str, wanted: str):
    assert key(usage, spec).algorithm == wanted


async def test_what_kms_would_carry_out_is_allowed_and_each_request_is_sent_once():
    gateway = FakeGateway()
    actions = ("kms:CreateGrant", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:Decrypt")
    told = await answers(gateway, *actions)
    assert {each.judgement for each in told.values()} == {Judgement.ALLOWED}
    # A grant comes last: by then the endpoint has shown that it knows the parameter.
    assert [each.operation for each in gateway.dry_runs] == ["Decrypt", "ReEncrypt", "CreateGrant"]
    assert gateway.dry_runs[-1].grantee == CALLER.arn
    assert gateway.dry_runs[0].algorithm == "SYMMETRIC_DEFAULT"


async def test_a_refusal_is_told_in_the_words_of_kms():
    gateway = FakeGateway()
    said = "User: x is not authorized to perform: kms:Decrypt because no session policy allows it"
    gateway.fail("kms:Decrypt", denied("kms:Decrypt", said))
    told = await answers(gateway, "kms:Decrypt", "kms:Encrypt")
    assert told["kms:Decrypt"].judgement is Judgement.DENIED
    assert said in told["kms:Decrypt"].sentence
    assert told["kms:Encrypt"].judgement is Judgement.ALLOWED


async def test_a_half_of_reencrypt_is_refused_only_where_kms_refuses_that_half():
    gateway = FakeGateway()
    said = "User: x is not authorized to perform: kms:ReEncryptTo on resource: y"
    gateway.fail("kms:ReEncrypt", denied("kms:ReEncrypt", said))
    told = await answers(gateway, "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:ReEncrypt")
    assert len(gateway.dry_runs) == 1
    assert told["kms:ReEncryptTo"].judgement is Judgement.DENIED
    assert told["kms:ReEncrypt"].judgement is Judgement.DENIED
    assert told["kms:ReEncryptFrom"].judgement is Judgement.NOT_JUDGED
    assert "refuses kms:ReEncryptTo on this same key" in told["kms:ReEncryptFrom"].sentence


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            InvalidStateError("it is disabled", "Enable the key first (x)."),
            "it is disabled. Enable",
        ),
        (InvalidInputError("1 validation error"), "Not valid: 1 validation error."),
        (UnsupportedError("not this kind of key"), "Not supported: not this kind of key."),
        (NotFoundError("there is no such key"), "Not found: there is no such key."),
        (ServiceFailureError("it broke inside"), "Service failure: it broke inside."),
        (denied("kms:Decrypt", code="OptInRequired"), "AccessDenied: no IAM policy allows it."),
        (denied("sts:AssumeRole"), "AccessDenied: no IAM policy allows it. Ask somebody."),
    ],
)
async def test_what_says_nothing_of_the_permission_is_no_answer(error: FailedError, words: str):
    gateway = FakeGateway()
    gateway.fail("kms:Decrypt", error)
    told = await answers(gateway, "kms:Decrypt", "kms:GenerateDataKey")
    assert told["kms:Decrypt"].judgement is Judgement.NOT_JUDGED
    assert told["kms:Decrypt"].sentence.startswith("KMS does not say whether it is allowed.")
    assert words in told["kms:Decrypt"].sentence
    assert told["kms:GenerateDataKey"].judgement is Judgement.ALLOWED


@pytest.mark.parametrize(
    "error",
    [
        ThrottledError("the quota is used up", "Try again soon."),
        NetworkError("nothing answered"),
        MalformedAnswerError("the endpoint does not know DryRun", "Nothing more is asked of it."),
    ],
)
async def test_after_what_every_request_would_meet_no_further_one_is_sent(error: FailedError):
    gateway = FakeGateway()
    gateway.fail("kms:Decrypt", error)
    told = await answers(gateway, "kms:Encrypt", "kms:Decrypt", "kms:CreateGrant")
    assert [each.operation for each in gateway.dry_runs] == ["Encrypt", "Decrypt"]
    assert told["kms:CreateGrant"].judgement is Judgement.NOT_JUDGED
    assert "Not asked any more, after Decrypt: " in told["kms:CreateGrant"].sentence
    assert error.reason in told["kms:CreateGrant"].sentence
    assert told["kms:CreateGrant"].request is None


async def test_a_cancelled_connection_ends_it():
    gateway = FakeGateway()
    gateway.fail("kms:Decrypt", CancelledByPersonError("the connection was switched"))
    with pytest.raises(CancelledByPersonError):
        await answers(gateway, "kms:Decrypt")


@pytest.mark.parametrize("operation", ["Verify", "VerifyMac"])
async def test_a_made_up_signature_that_was_checked_tells_of_the_permission(operation: str):
    usage, spec, code = {
        "Verify": ("SIGN_VERIFY", "ECC_NIST_P256", "KMSInvalidSignatureException"),
        "VerifyMac": ("GENERATE_VERIFY_MAC", "HMAC_256", "KMSInvalidMacException"),
    }[operation]
    gateway = FakeGateway()
    context = ErrorContext(f"kms:{operation}", KEY.arn, code)
    gateway.fail(f"kms:{operation}", InvalidInputError(f"refused with {code}", "", context))
    told = await answers(gateway, f"kms:{operation}", of=key(usage, spec))
    assert told[f"kms:{operation}"].judgement is Judgement.ALLOWED
    assert code in told[f"kms:{operation}"].sentence


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("kms:DescribeKey", "KMS has no dry run of it"),
        ("kms:PutKeyPolicy", "KMS has no dry run of it"),
        ("kms:GenerateRandom", "KMS has no dry run of it"),
        ("kms:RevokeGrant", "about a grant that exists"),
        ("kms:RetireGrant", "about a grant that exists"),
        ("kms:Sign", "does not work with a key of usage ENCRYPT_DECRYPT"),
    ],
)
async def test_what_cannot_be_asked_says_why_and_sends_nothing(action: str, words: str):
    gateway = FakeGateway()
    told = await answers(gateway, action)
    assert told[action].judgement is Judgement.NOT_ASKED
    assert words in told[action].sentence
    assert gateway.dry_runs == []


async def test_a_key_that_may_not_be_described_is_asked_what_needs_no_algorithm():
    gateway = FakeGateway()
    told = await answers(gateway, "kms:Decrypt", "kms:CreateGrant", "kms:Sign", of=key("", ""))
    assert [each.operation for each in gateway.dry_runs] == ["Decrypt", "CreateGrant"]
    assert "could not be described" in told["kms:Sign"].sentence
    unknown = await answers(gateway, "kms:Sign", of=key("SIGN_VERIFY", "OF_TOMORROW"))
    assert "knows no algorithm" in unknown["kms:Sign"].sentence


async def test_the_encryption_context_goes_with_what_takes_one():
    gateway = FakeGateway()
    given = (("App", "orders"),)
    told = AskedKey(KEY.arn, KEY.caller, KEY.usage, KEY.spec, given)
    await answers(gateway, "kms:Decrypt", "kms:CreateGrant", of=told)
    assert [each.encryption_context for each in gateway.dry_runs] == [given, ()]
    rsa = AskedKey(KEY.arn, KEY.caller, "ENCRYPT_DECRYPT", "RSA_2048", given)
    await answers(gateway, "kms:Encrypt", of=rsa)
    assert gateway.dry_runs[-1].encryption_context == (), "only symmetric keys take one"


def test_what_is_sent_is_named():
    actions = ("kms:ReEncryptTo", "kms:CreateGrant", "kms:Decrypt")
    assert [sent_words(each) for each in asking(KEY, actions).sent] == [
        "Decrypt (without a ciphertext)",
        "ReEncrypt from the key to this same key (without a ciphertext)",
        "CreateGrant of DescribeKey to yourself",
    ]
