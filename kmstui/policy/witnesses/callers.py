"""One caller of every kind that key policies can tell apart.

Policies divide callers by account, kind, path and name: in Principal and NotPrincipal, and by the
condition keys that follow from who asks. Who is written out stands for itself; all others are
found by the combinations of patterns that their ARNs can match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kmstui.policy.iam import (
    Principal,
    PrincipalKind,
)
from kmstui.policy.syntax import Policy
from kmstui.policy.witnesses.automaton import (
    DIGIT,
    NOT_COLON,
    NOT_SLASH,
    Pattern,
    combinations,
    free_texts,
    some,
    star,
    text_pattern,
)
from kmstui.policy.witnesses.survey import SERVICE_KEYS, Survey, Test
from kmstui.policy.witnesses.values import (
    ANY_TEXT,
    EXACTLY,
    Shape,
    ValueTest,
    joined,
    string_samples,
)

_SERVICE_SUFFIX = ".amazonaws.com"

RESOURCES = {
    PrincipalKind.ROLE: ("iam", "role/", "role"),
    PrincipalKind.USER: ("iam", "user/", "user"),
    PrincipalKind.FEDERATED_USER: ("sts", "federated-user/", "federated user"),
    PrincipalKind.ROOT: ("iam", "root", "root user"),
}
"""The service and the beginning of the resource in their ARNs, and what to call them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who sends requests, for all whom the policies treat alike."""

    principal: Principal
    kin: str = ""
    """What to call all callers that differ from it in their kind alone, `{}` standing for the
    kinds; empty where it stands for itself."""
    others: tuple[Principal, ...] = ()
    """Further ones that the policies write out, and name in all the same places."""


class Callers:
    """A caller of every kind."""

    def __init__(
        self, callers: Iterable[Caller], *, complete: bool, open_keys: tuple[str, ...]
    ) -> None:
        self._by_principal = {caller.principal: caller for caller in callers}
        self.complete = complete and not open_keys
        """Whether no kind is missing."""
        self.open_keys = open_keys
        """The condition keys by which there may be more kinds."""
        self._kin: dict[str, list[Principal]] = {}
        for caller in self._by_principal.values():
            if caller.kin:
                self._kin.setdefault(caller.kin, []).append(caller.principal)

    @property
    def principals(self) -> tuple[Principal, ...]:
        """One of each kind."""
        return tuple(self._by_principal)

    def names(self, principals: Iterable[Principal]) -> list[str]:
        """What to call some of them: those that only differ in their kind together."""
        chosen = dict.fromkeys(principals)
        arns = {principal.name for principal in chosen}
        found: dict[str, None] = {}
        for principal in chosen:
            caller = self._by_principal[principal]
            if caller.kin:
                kinds = {each.kind: each in chosen for each in self._kin[caller.kin]}
                found[caller.kin.replace("{}", _kinds_words(caller.kin, kinds))] = None
            # The federated sessions of a user go without saying.
            elif principal.parent not in arns:
                found |= dict.fromkeys(each.short for each in (principal, *caller.others))
        return list(found)


def _kinds_words(kin: str, chosen: Mapping[PrincipalKind, bool]) -> str:
    """`principal` for all kinds; a user's federated sessions go with the user."""
    if len(chosen) > 1 and all(chosen.values()) and PrincipalKind.ROLE in chosen:
        words = ["principal"]
    else:
        kinds = [kind for kind, is_chosen in chosen.items() if is_chosen]
        if PrincipalKind.USER in kinds:
            kinds = [kind for kind in kinds if kind is not PrincipalKind.FEDERATED_USER]
        words = [RESOURCES[kind][2] for kind in kinds]
    plural = "" if kin.startswith("any") else "s"
    return joined((f"{word}{plural}" for word in words), "or" if not plural else "and")


def callers_of(
    policies: Iterable[Policy],
    account: str,
    partition: str = "aws",
    *,
    share: Callable[[Principal], object] = lambda _: None,
) -> Callers:
    """A caller of every kind that the key policies `policies` can tell apart.

    Args:
        policies: Key policies of one key.
        account: The key's account.
        partition: The key's partition; principals of others call nothing in it.
        share: What those have in common that something else than the policies treats alike.
    """
    policies = tuple(policies)
    survey = Survey(policies, account, partition)
    everybody = [*_everybody(survey, share)]
    if not survey.complete:
        survey = Survey(policies, account, partition, coarse=True)
        everybody = [*_everybody(survey, share)]
    return Callers(everybody, complete=survey.complete, open_keys=survey.open)


def _everybody(survey: Survey, share: Callable[[Principal], object]) -> Iterator[Caller]:
    yield from dict.fromkeys((*_named(survey, share), *_of_sessions(survey)))
    for kind in RESOURCES:
        yield from _others(survey, kind)
    yield from _services(survey)
    yield Caller(Principal(PrincipalKind.ANONYMOUS, "*"))


def _named(survey: Survey, share: Callable[[Principal], object]) -> Iterator[Caller]:
    """Who is written out, but for sessions and their roles."""
    by_session = {each.role_key for each in survey.named if each.kind is PrincipalKind.SESSION}
    groups: dict[object, list[Principal]] = {}
    for principal in survey.named:
        if principal.kind is not PrincipalKind.SESSION and not (
            principal.kind is PrincipalKind.ROLE and principal.role_key in by_session
        ):
            shared = survey.alike(principal), share(principal)
            groups.setdefault(shared, []).append(principal)
    for first, *others in groups.values():
        yield Caller(first, others=tuple(others))
        if first.kind is PrincipalKind.USER:
            name = f"arn:{survey.partition}:sts::{first.account}:federated-user/x"
            label = f"federated users of {joined(each.short for each in (first, *others))}"
            kind = PrincipalKind.FEDERATED_USER
            yield Caller(Principal(kind, name, first.account, parent=first.name, label=label))


def _of_sessions(survey: Survey) -> Iterator[Caller]:
    """The sessions that are written out, and for each of their roles any other session."""
    sessions = [each for each in survey.named if each.kind is PrincipalKind.SESSION]
    taken = {each.name for each in sessions}
    for session in sessions:
        start = session.name.rpartition("/")[0]
        other = next(
            name for n in range(1, len(taken) + 2) if (name := f"{start}/{'x' * n}") not in taken
        )
        role = start.rpartition("/")[2]
        for role_arn, likes in _role_arns(survey, session):
            if_like = f", its role being {likes}" if likes else ""
            label = f"{session.short}{if_like}" if likes else ""
            yield Caller(replace(session, role_arn=role_arn, path_known=True, label=label))
            label = f"any other session of role/{role}{if_like}"
            yield Caller(
                replace(session, name=other, role_arn=role_arn, path_known=True, label=label)
            )


def _role_arns(survey: Survey, session: Principal) -> list[tuple[str, str]]:
    """The ARNs that a session's role may have: its path is not known where no policy writes it."""
    if session.path_known:
        return [(session.role_arn, "")]
    tests = [test for test in survey.arn_tests(PrincipalKind.ROLE) if not test.account]
    start, _, name = session.role_arn.rpartition("/")
    within = text_pattern(f"{start}/")
    with_path = within + ANY_TEXT + text_pattern(f"/{name}")
    found: dict[int, str] = {}
    for shape in (within + text_pattern(name), with_path):
        for bits, arn in combinations(tuple(test.patterns for test in tests), shape).texts.items():
            found.setdefault(bits, arn)
    single = len(found) == 1
    return [(arn, "" if single else _likes(tests, bits, found)) for bits, arn in found.items()]


def _same_name(arn: str) -> Pattern:
    """All ARNs of the same account that end in the same name, whatever the path."""
    start, _, resource = arn.rpartition(":")
    path, _, name = resource.rpartition("/")
    kind = path.partition("/")[0]
    return text_pattern(f"{start}:{kind}") + star() + text_pattern(f"/{name}" if kind else name)


def _key(arn: str) -> object:
    """What makes two principals the same: names are unique in an account, whatever the path."""
    parts = arn.split(":", 5)
    return parts[4], parts[5].partition("/")[0], parts[5].rpartition("/")[2]


def _others(survey: Survey, kind: PrincipalKind) -> Iterator[Caller]:
    """Callers of a kind that no policy writes out."""
    service, start, _ = RESOURCES[kind]
    shape = text_pattern(f"arn:{survey.partition}:{service}::") + some(DIGIT, 12)
    shape += text_pattern(f":{start}")
    if kind is not PrincipalKind.ROOT:
        shape += star(NOT_COLON) + some(NOT_SLASH)
    tests = survey.arn_tests(kind)
    taken = frozenset(
        _key(each.role_arn or each.name)
        for each in survey.named
        if each.kind in (kind, PrincipalKind.SESSION)
    )
    search = free_texts(
        [test.patterns for test in (*tests, *survey.marks)],
        shape,
        lambda arn: _same_name(arn) if _key(arn) in taken else None,
    )
    survey.complete &= search.complete
    alone = (1 << len(tests)) - 1
    # Of those whom the policies treat alike, the one who has least in common with other values.
    by_marks = sorted(search.texts, key=lambda bits: bits >> len(tests))
    found = {bits & alone: search.texts[bits] for bits in by_marks}
    of_accounts = sum(1 << i for i, test in enumerate(tests) if test.account)
    for bits, arn in found.items():
        where = [test.words for i, test in enumerate(tests) if bits >> i & 1 and test.account]
        of = where[0] if where else "of another account"
        same = [each & ~of_accounts for each in found if each & of_accounts == bits & of_accounts]
        likes = _likes(tests, bits & ~of_accounts, same)
        if likes:
            kin = f"{{}} {of} {likes}"
        else:
            other = "other " if bits & of_accounts and not of.startswith("of an") else ""
            kin = f"any {other}{{}} {of}"
        account = arn.split(":", 5)[4]
        role_arn = arn if kind is PrincipalKind.ROLE else ""
        label = kin.replace("{}", _kinds_words(kin, {kind: True}))
        yield Caller(Principal(kind, arn, account, role_arn, label=label), kin)


def _likes(tests: Sequence[Test], bits: int, others: Iterable[int]) -> str:
    """The patterns that an ARN matches, and those that set it off from others."""
    plus = [test.words for i, test in enumerate(tests) if bits >> i & 1]
    closer = 0
    for other in others:
        if other & bits == bits:
            closer |= other & ~bits
    minus = [test.words for i, test in enumerate(tests) if closer >> i & 1] if plus else []
    words = joined(plus, "and")
    return f"{words} but not {joined(minus)}" if minus else words


def _services(survey: Survey) -> Iterator[Caller]:
    """AWS services, which belong to no account."""
    tests = [
        *survey.tests_on(SERVICE_KEYS),
        *(ValueTest(EXACTLY, p.name) for p in survey.named if p.kind is PrincipalKind.SERVICE),
    ]
    shape = Shape(ANY_TEXT + text_pattern(_SERVICE_SUFFIX), lambda text: "." in text)
    found = string_samples(tuple(dict.fromkeys(tests)), shape)
    survey.complete &= found.complete
    exact = {test.value for test in tests if test.positive == EXACTLY}
    for name, _ in found.each:
        likes = [t.words for t in tests if t.positive != EXACTLY and t.passes(name)]
        label = (
            f"AWS services {joined(likes, 'and')}"
            if likes
            else "any other AWS service"
            if exact
            else "any AWS service"
        )
        yield Caller(Principal(PrincipalKind.SERVICE, name, label="" if name in exact else label))
