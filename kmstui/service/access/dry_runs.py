"""Asks KMS itself what the caller may do with a key, by dry runs, which do nothing.

"DryRun is an optional API parameter that you specify to verify that AWS KMS API calls will
succeed": https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html, which says
too that each is recorded by CloudTrail, billed and counted as the request that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kmstui.model import DryRun
from kmstui.policy.iam import action_info
from kmstui.service.errors import (
    AccessDeniedError,
    CredentialsExpiredError,
    CredentialsMissingError,
    EndpointError,
    FailedError,
    MalformedAnswerError,
    MfaError,
    NetworkError,
    ProfileError,
    RegionMissingError,
    ServiceError,
    ThrottledError,
)
from kmstui.service.ports import DryRunGateway

RE_ENCRYPT_HALVES = ("kms:ReEncryptFrom", "kms:ReEncryptTo")
"""Permissions that no operation bears the name of: ReEncrypt needs one on each of its two keys."""

_OF_KEY = (
    "Encrypt",
    "Decrypt",
    "ReEncrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "Sign",
    "Verify",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
    "Encapsulate",
    "Decapsulate",
    "CreateGrant",
)
"""In the order in which they are sent: an endpoint that does not know `DryRun` shows that before
it is asked for a grant."""
_OPERATIONS: Mapping[str, str] = {
    **{f"kms:{name}": name for name in _OF_KEY},
    **dict.fromkeys(RE_ENCRYPT_HALVES, "ReEncrypt"),
}
ASKABLE = tuple(_OPERATIONS)
"""The actions that a dry run of kmstui asks about."""
RE_ENCRYPT = frozenset(action for action, name in _OPERATIONS.items() if name == "ReEncrypt")
"""Those that need permissions on two keys; both are taken to be the same."""

_ABOUT_GRANTS = ("kms:RevokeGrant", "kms:RetireGrant")

_WITH_CONTEXT = frozenset(
    {
        "Encrypt",
        "Decrypt",
        "ReEncrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
    }
)
"""Operations that take an encryption context. Source: KMS API Reference."""

MOST_TOKENS = 10
"""Grant tokens of one request (KMS API Reference, GrantTokens)."""

_SYMMETRIC = "SYMMETRIC_DEFAULT"
_PAIR_SPEC = "ECC_NIST_P256"
"""Data key pairs of any spec need the same permission."""

_ALGORITHMS: Mapping[tuple[str, str], str] = {
    ("ENCRYPT_DECRYPT", _SYMMETRIC): _SYMMETRIC,
    ("ENCRYPT_DECRYPT", "RSA"): "RSAES_OAEP_SHA_256",
    ("ENCRYPT_DECRYPT", "SM2"): "SM2PKE",
    ("SIGN_VERIFY", "RSA"): "RSASSA_PSS_SHA_256",
    ("SIGN_VERIFY", "ECC_NIST_P256"): "ECDSA_SHA_256",
    ("SIGN_VERIFY", "ECC_NIST_P384"): "ECDSA_SHA_384",
    ("SIGN_VERIFY", "ECC_NIST_P521"): "ECDSA_SHA_512",
    ("SIGN_VERIFY", "ECC_SECG_P256K1"): "ECDSA_SHA_256",
    ("SIGN_VERIFY", "ECC_NIST_EDWARDS25519"): "ED25519_SHA_512",
    ("SIGN_VERIFY", "ML_DSA"): "ML_DSA_SHAKE_256",
    ("SIGN_VERIFY", "SM2"): "SM2DSA",
    ("GENERATE_VERIFY_MAC", "HMAC_224"): "HMAC_SHA_224",
    ("GENERATE_VERIFY_MAC", "HMAC_256"): "HMAC_SHA_256",
    ("GENERATE_VERIFY_MAC", "HMAC_384"): "HMAC_SHA_384",
    ("GENERATE_VERIFY_MAC", "HMAC_512"): "HMAC_SHA_512",
    ("KEY_AGREEMENT", "ECC"): "ECDH",
    ("KEY_AGREEMENT", "SM2"): "ECDH",
    ("ENCAPSULATE_DECAPSULATE", "ML_KEM"): "ML_KEM",
}
"""One that every key of a usage and spec takes, by the spec or its family.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

_DENIALS = frozenset({"AccessDeniedException", "AccessDenied"})
_FOUND_WRONG = frozenset({"KMSInvalidSignatureException", "KMSInvalidMacException"})
"""What Verify and VerifyMac answer of a signature or MAC that is not the key's (API_Verify)."""
_ENDS_ALL = (
    CredentialsExpiredError,
    CredentialsMissingError,
    EndpointError,
    MalformedAnswerError,
    MfaError,
    NetworkError,
    ProfileError,
    RegionMissingError,
    ThrottledError,
)
"""After one of these the next request would end alike, or must not be sent."""


@dataclass(frozen=True, slots=True)
class AskedKey:
    """The key that KMS is asked about, and with what."""

    arn: str
    caller: str
    """ARN of who asks."""
    usage: str = ""
    """KeyUsage; empty where the key could not be described."""
    spec: str = ""
    """KeySpec; empty where the key could not be described."""
    encryption_context: tuple[tuple[str, str], ...] = ()
    grant_tokens: tuple[str, ...] = ()
    """Sent with every request, `MOST_TOKENS` of them at most."""

    @property
    def algorithm(self) -> str:
        """One that the key takes; empty where none is known."""
        return next(
            (
                name
                for (usage, family), name in _ALGORITHMS.items()
                if usage == self.usage
                and (self.spec == family or self.spec.startswith(f"{family}_"))
            ),
            "",
        )


class Judgement(StrEnum):
    """What KMS made of a request."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NOT_JUDGED = "not judged"
    """It was to be asked, and whether it is allowed was not told."""
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class KmsAnswer:
    """What KMS says of an action of the caller."""

    action: str
    judgement: Judgement
    sentence: str
    request: DryRun | None = None
    """What was sent for it; None where nothing was."""
    said: str = ""
    """The service's own words: data, never markup."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is sent for each action, or why nothing is."""

    requests: Mapping[str, DryRun]
    """By action; the two halves of ReEncrypt share one."""
    unasked: tuple[KmsAnswer, ...]
    """What is not asked about, and why."""

    @property
    def sent(self) -> tuple[DryRun, ...]:
        """Each request once, in the order in which they are sent."""
        found = dict.fromkeys(self.requests.values())
        return tuple(sorted(found, key=lambda each: _OF_KEY.index(each.operation)))

    @property
    def with_context(self) -> tuple[DryRun, ...]:
        """Those that carry the encryption context."""
        return tuple(each for each in self.sent if each.encryption_context)


def asking(key: AskedKey, actions: Iterable[str]) -> Asking:
    """What KMS is asked about each of the actions."""
    requests: dict[str, DryRun] = {}
    unasked: list[KmsAnswer] = []
    for action in actions:
        why = _why_not(key, action)
        if why:
            unasked.append(KmsAnswer(action, Judgement.NOT_ASKED, why))
        else:
            requests[action] = _request(key, _OPERATIONS[action])
    return Asking(requests, tuple(unasked))


def _why_not(key: AskedKey, action: str) -> str:
    if action in _ABOUT_GRANTS:
        return (
            "It is about a grant that exists, and would cost somebody access if the DryRun"
            " parameter were lost on the way: kmstui does not send it."
        )
    operation = _OPERATIONS.get(action)
    if operation is None:
        return "KMS has no dry run of it, so it can only be predicted."
    info = action_info(RE_ENCRYPT_HALVES[0] if operation == "ReEncrypt" else action)
    if info is not None and not info.works_with(key.usage, key.spec):
        return f"It does not work with a key of usage {key.usage} and spec {key.spec}."
    needs_algorithm = operation not in _WITH_CONTEXT | {"CreateGrant"}
    if key.spec and not key.algorithm and operation != "CreateGrant":
        return f"kmstui knows no algorithm of a key of usage {key.usage} and spec {key.spec}."
    if needs_algorithm and not key.spec:
        return "It names an algorithm of the key, and the key could not be described."
    return ""


def _takes_context(key: AskedKey, operation: str) -> bool:
    """Of symmetric keys alone (API_Encrypt)."""
    return operation in _WITH_CONTEXT and key.spec in ("", _SYMMETRIC)


def _request(key: AskedKey, operation: str) -> DryRun:
    pair = operation.startswith("GenerateDataKeyPair")
    return DryRun(
        operation,
        key.arn,
        key.spec,
        _PAIR_SPEC if pair else key.algorithm,
        key.encryption_context if _takes_context(key, operation) else (),
        key.caller if operation == "CreateGrant" else "",
        key.grant_tokens,
    )


def sent_words(request: DryRun) -> str:
    """What is sent, as a person reads it."""
    words = {
        "ReEncrypt": "ReEncrypt from the key to this same key",
        "CreateGrant": "CreateGrant of DescribeKey to yourself",
    }.get(request.operation, request.operation)
    made_up = {
        "Decrypt": "without a ciphertext",
        "ReEncrypt": "without a ciphertext",
        "Verify": "with a made-up signature",
        "VerifyMac": "with a made-up MAC",
        "Decapsulate": "with a made-up ciphertext",
        "DeriveSharedSecret": "with nobody's public key",
    }.get(request.operation)
    return f"{words} ({made_up})" if made_up else words


def along(key: AskedKey, wanted: Asking) -> str:
    """Which encryption context and grant tokens go with what is sent, as sentences."""
    words = []
    if key.grant_tokens:
        number = len(key.grant_tokens)
        words.append(f"{number} grant token{'s go' if number > 1 else ' goes'} with each.")
    pairs = [f"{name}={value}" for name, value in key.encryption_context]
    if pairs:
        took = [each.operation for each in wanted.with_context] or ["none of them"]
        words.append(f"The encryption context {', '.join(pairs)} goes with {', '.join(took)}.")
    elif any(_takes_context(key, each.operation) for each in wanted.sent):
        words.append("No encryption context is sent.")
    return " ".join(words)


def announcement(key: AskedKey, wanted: Asking, *, told_apart: bool = False) -> str:
    """What is about to be sent, as whom and about which key, and what comes of that.

    `told_apart`: what goes along is told elsewhere.
    """
    sent = wanted.sent
    if not sent:
        return "Nothing is sent to KMS: no dry run can tell of what is asked about."
    count = "1 dry run" if len(sent) == 1 else f"{len(sent)} dry runs"
    words = [
        f"KMS is asked as {key.caller} about {key.arn} by {count}, which it judges and does not"
        f" carry out: {', '.join(map(sent_words, sent))}."
    ]
    if not told_apart:
        words.append(along(key, wanted))
    words.append(
        "Nothing is changed. CloudTrail records each, and each is billed and counted as a request"
        " of its kind."
    )
    return " ".join(filter(None, words))


async def ask_kms(
    gateway: DryRunGateway,
    wanted: Asking,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[KmsAnswer, ...]:
    """Send the requests one after the other, as the gateway paces them; returns what KMS says.

    Args:
        gateway: Where to.
        wanted: What is sent.
        tell: Told how many of how many requests were answered.

    Raises:
        CancelledByPersonError: the connection is gone.
    """
    judged: dict[DryRun, FailedError | None] = {}
    end = ""
    sent = wanted.sent
    for done, request in enumerate(sent):
        tell(done, len(sent))
        try:
            await gateway.dry_run(request)
        except FailedError as error:
            judged[request] = error
            if isinstance(error, _ENDS_ALL):
                end = _without_key(error)
                break
        else:
            judged[request] = None
    answers = []
    for action, request in wanted.requests.items():
        if request in judged:
            answers.append(_answer(action, request, judged[request]))
        else:
            why = f"Not asked any more, after {sent[len(judged) - 1].operation}: {end}"
            answers.append(KmsAnswer(action, Judgement.NOT_JUDGED, why))
    return tuple(answers)


def _answer(action: str, request: DryRun, error: ServiceError | None) -> KmsAnswer:
    if error is None:
        return KmsAnswer(action, Judgement.ALLOWED, "KMS would carry it out.", request)
    said = error.context.service_message
    if error.context.code in _FOUND_WRONG:
        words = f"KMS would carry it out: it checked what kmstui made up ({error.context.code})."
        return KmsAnswer(action, Judgement.ALLOWED, words, request, said)
    if _is_denial(error, request):
        other = _other_half(action, said)
        if other:
            words = (
                f"KMS refuses {other} on this same key, which ReEncrypt needs too, and does not say"
                f" what it makes of {action}."
            )
            return KmsAnswer(action, Judgement.NOT_JUDGED, words, request, said)
        words = f"KMS refuses it: {said or error.reason}".rstrip(".")
        return KmsAnswer(action, Judgement.DENIED, f"{words}.", request, said)
    words = f"KMS does not say whether it is allowed. {_without_key(error)}"
    return KmsAnswer(action, Judgement.NOT_JUDGED, words, request, said)


def _is_denial(error: ServiceError, request: DryRun) -> bool:
    """Whether KMS refused the request itself; fetching credentials may be denied as well."""
    context = error.context
    return (
        isinstance(error, AccessDeniedError)
        and context.code in _DENIALS
        and context.operation == f"kms:{request.operation}"
    )


def _other_half(action: str, said: str) -> str:
    """Which half of ReEncrypt KMS refused, where that is not the one that was asked about."""
    if action not in RE_ENCRYPT_HALVES or action.lower() in said.lower():
        return ""
    named: Sequence[str] = [half for half in RE_ENCRYPT_HALVES if half.lower() in said.lower()]
    return named[0] if named else "one of its two permissions"


def _without_key(error: ServiceError) -> str:
    """The error's sentence, without operation and key, which stand beside it."""
    return " ".join(filter(None, (f"{error.title}: {error.reason.rstrip('.')}.", error.next_step)))
