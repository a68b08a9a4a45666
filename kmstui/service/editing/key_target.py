"""The policy of a key as something to edit: what is wrong with it, and what a change of it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from kmstui.model import Arn, Key, place_in
from kmstui.policy.access import (
    AccessChange,
    AccessDiff,
    Direction,
    KeyFacts,
    access_diff,
    changes_for,
    what_stays,
)
from kmstui.policy.authoring import CompletionContext, Completions, Facts, complete
from kmstui.policy.evaluation import (
    NOTHING_READ,
    PUT,
    CanPut,
    Chain,
    Verdict,
    as_policy,
    can_still_administer,
    is_worse,
)
from kmstui.policy.iam import Context, Principal, Request, knowledge
from kmstui.policy.lint import Finding, KeyContext, fix_effect, lint
from kmstui.policy.witnesses import callers_of
from kmstui.service.access import (
    AccountFacts,
    ChainReader,
    caller_principal,
    learn_account,
    lint_context,
    own_request,
    principals_in,
    with_contexts,
)
from kmstui.service.editing.location import ALIAS_PREFIX, KeyPolicyLocation
from kmstui.service.editing.review import (
    AccessComparison,
    AccessLine,
    Assessment,
    EditTarget,
    Judgement,
    Weight,
    json_judgement,
    json_problem,
)
from kmstui.service.editing.templates import facts_for
from kmstui.service.session import Session


@dataclass(frozen=True, slots=True)
class KeyPolicyRules:
    """The linter, the completion and the review of one key's policy, as pure functions."""

    key: KeyContext
    facts: AccountFacts
    context: CompletionContext
    caller: str
    """ARN of who asks; empty when unknown."""
    name: str
    """The key as a sentence names it."""
    request: Callable[[Chain], Context]
    """What is known now of the caller's requests, and by what binds them."""
    disabled: frozenset[str] = frozenset()

    def lint(self, text: str) -> tuple[Finding, ...]:
        """What is wrong with a text."""
        return lint(text, self.key, disabled=self.disabled)

    def complete(self, text: str, offset: int) -> Completions:
        """What could be written at an offset."""
        return complete(text, offset, knowledge(), self.context)

    def compare_access(self, old: str, new: str) -> AccessComparison:
        """What one version does to access that another did not."""
        return compare_key_access(old, new, str(self.key.arn or ""), self.facts.chain)

    def fix_effect(self, before: str, after: str) -> tuple[str, ...]:
        """What a fix of a text changes in access, in sentences."""
        effect = fix_effect(before, after, self.key)
        return effect.sentences if effect else ()

    def staying(self, base: str, text: str) -> tuple[str, ...]:
        """Who can do what as before, each as a sentence."""
        if self.key.arn is None:
            return ()
        key = KeyFacts(str(self.key.arn), self.context.usage, self.context.spec)
        chain = _of_everybody(self.facts.chain)
        return tuple(each.sentence for each in what_stays(base, text, key, chain))

    def assess(self, base: str, text: str, earlier: tuple[str, str] | None = None) -> Assessment:
        """What a change does."""
        arn = self.key.arn
        findings = self.lint(text)
        not_json = json_problem(text)
        refused = (json_judgement(not_json, "KMS"),) if not_json else ()
        if arn is None:
            unknown = ("everything: the key's ARN is unknown",)
            return Assessment(base, text, refused, findings, (), unknown, not_json)
        context = self.request(self.facts.chain)
        verdict = self._verdict(text, arn, context, base)
        diff = access_diff(base, text, str(arn), _of_everybody(self.facts.chain))
        last = access_diff(*earlier, str(arn)) if earlier else None
        said = " ".join(verdict.not_considered)
        others = (each for each in diff.not_considered if each not in said)
        left_out = dict.fromkeys((*verdict.not_considered, *others))
        return Assessment(
            base=base,
            text=text,
            judgements=(*refused, *self._judgements(verdict, whole=not not_json)),
            findings=findings,
            access=access_lines(diff),
            not_considered=tuple(left_out),
            not_json=not_json,
            undone=tuple(map(_undone, diff.undoing(last))) if last else (),
            locks_out=self._locks_out(verdict, base, text, context),
            # What is not JSON is refused with or without the check.
            bypassable=self._asking is not None and verdict.locks_caller_out and not not_json,
        )

    @property
    def _asking(self) -> Principal | None:
        """Who asks; None where that is not known, or nobody that kmstui understands."""
        return Principal.maybe(self.caller) if self.caller else None

    def _verdict(self, text: str, arn: Arn, context: Context, stored: str) -> Verdict:
        root = Principal.parse(arn.account, partition=arn.partition)
        return can_still_administer(
            text,
            self._asking or root,
            arn,
            self.facts.identity if self._asking else None,
            context=context,
            chain=self.facts.chain,
            stored=stored,
        )

    def _locks_out(self, verdict: Verdict, base: str, text: str, context: Context) -> bool:
        """Whether the caller or everybody loses the right, now, with the session, or at times."""
        if verdict.orphans_key:
            return True
        arn = self.key.arn
        if arn is None:
            return False
        callers = verdict.callers
        if self._asking is None:
            # Whoever of the account has less than before may be who asks.
            everybody = callers_of(map(as_policy, (base, text)), arn.account, arn.partition)
            callers = tuple(each for each in everybody.principals if each.account == arn.account)
        else:
            if verdict.locks_caller_out:
                return True
            was = self._verdict(base, arn, context, base)
            if is_worse(verdict.answer, was.answer):
                return True
            if verdict.ends_with_session and not was.ends_with_session:
                return True
            if verdict.answer is CanPut.YES:
                return False
        return any(
            change.direction in _LESS
            for caller in callers
            for change in changes_for(base, text, Request(caller, PUT, str(arn), context))
        )

    def _judgements(self, verdict: Verdict, *, whole: bool) -> tuple[Judgement, ...]:
        found = [self._of_caller(verdict, whole=whole)]
        if verdict.orphans_key:
            found.append(
                Judgement(
                    Weight.BAD,
                    f"Nobody at all could change the policy of {self.name} any more, and only AWS"
                    f" Support could help. {verdict.anybody_reason}",
                )
            )
        elif verdict.locks_caller_out and verdict.anybody is not CanPut.YES:
            found.append(
                Judgement(
                    Weight.DOUBT, f"Others: {verdict.anybody.value}. {verdict.anybody_reason}"
                )
            )
        elif verdict.locks_caller_out:
            found.append(Judgement(Weight.DOUBT, f"Others can. {verdict.anybody_reason}"))
        return tuple(found)

    def _of_caller(self, verdict: Verdict, *, whole: bool) -> Judgement:
        if self._asking is None:
            who = (
                f"Who you are ({self.caller}) says nothing to kmstui"
                if self.caller
                else ("Who you are is not known")
            )
            return Judgement(
                Weight.DOUBT,
                f"{who}, so nobody can say whether you keep the right to put"
                " this policy again; KMS checks it when it is saved.",
            )
        return judgement_of(verdict, self.facts.identity_problem, whole=whole)


def judgement_of(verdict: Verdict, problem: str, *, whole: bool = True) -> Judgement:
    """Whether the caller can put the policy again, in a sentence.

    `whole`: the verdict rests on all of the text, not on the part that could be read.
    """
    match verdict.answer:
        case CanPut.YES if not whole:
            return Judgement(
                Weight.DOUBT,
                f"The part that could be read lets you put this policy again. {verdict.reason}",
            )
        case answer if answer is not CanPut.NO and verdict.ends_with_session:
            return Judgement(
                Weight.DOUBT,
                "Only in this session can you put this policy again: the next session of your role"
                f" has another name. {verdict.reason}",
            )
        case CanPut.YES:
            return Judgement(Weight.GOOD, f"Yes: you can put this policy again. {verdict.reason}")
        case CanPut.ONLY_IF_IAM_ALLOWS:
            unread = f" Your IAM policies are not known: {problem}" if problem else ""
            return Judgement(
                Weight.DOUBT,
                "Only if your IAM policies allow kms:PutKeyPolicy can you put this policy"
                f" again.{unread} {verdict.reason}",
            )
        case CanPut.ONLY_UNDER_CONDITIONS:
            return Judgement(
                Weight.DOUBT,
                f"Only under conditions can you put this policy again. {verdict.reason}",
            )
        case _:
            return Judgement(
                Weight.BAD, f"No: you could not put this policy again. {verdict.reason}"
            )


_LESS = frozenset({Direction.LOSES, Direction.DENIED, Direction.UNCLEAR})
_WEIGHTS = {
    Direction.GAINS: Weight.BAD,
    Direction.UNDENIED: Weight.BAD,
    Direction.LOSES: Weight.GOOD,
    Direction.DENIED: Weight.GOOD,
    Direction.UNCLEAR: Weight.DOUBT,
}


def _undone(change: AccessChange) -> str:
    did = "took away" if _WEIGHTS[change.direction] is Weight.BAD else "gave"
    return f"{change.who} {change.verb} {change.what}, which that {did}"


def access_lines(diff: AccessDiff) -> tuple[AccessLine, ...]:
    """The changes of access, gains first, and what was left open."""
    found = [
        AccessLine(
            _WEIGHTS[change.direction],
            f"{change.made}.",
            change.spans_after[0] if change.spans_after else None,
            f"{change.refused[:1].upper()}{change.refused[1:]}." if change.refused else "",
        )
        for change in diff.changes
    ]
    if not diff.complete:
        found.append(AccessLine(Weight.DOUBT, diff.left_open, None))
    return tuple(found)


def _of_everybody(chain: Chain) -> Chain:
    """The chain without the VPC endpoint of the connection, which others do not go through."""
    return replace(chain, endpoint=None)


def compare_key_access(
    old: str, new: str, key_arn: str, chain: Chain = NOTHING_READ
) -> AccessComparison:
    """What a change of a key policy does to access, and what of it the chain refuses."""
    diff = access_diff(old, new, key_arn, _of_everybody(chain))
    return AccessComparison("Who gains and who loses", access_lines(diff))


class KeyPolicyTarget(EditTarget):
    """The default policy of a key."""

    def __init__(self, session: Session, key: Key, disabled: Collection[str] = ()) -> None:
        session = session.of(key.id)
        super().__init__(session)
        store, caller = session.store, session.caller
        self.key = key
        self.location = KeyPolicyLocation(
            session.gateway, key.id, store.aliases_of(key.id), session.gateway
        )
        name = store.short_name(key.id)
        self.title = ", ".join(filter(None, (name, place_in(key.id))))
        self.word = name.removeprefix(ALIAS_PREFIX)
        self.key_arn = key.arn
        if not self.why_not and key.fixed:
            name = store.name_of(key.id)
            self.why_not = f"{name} {key.fixed}: nobody else can change its policy."
        self.rules: KeyPolicyRules = KeyPolicyRules(
            key=lint_context(key, caller),
            facts=AccountFacts(),
            context=self._context(AccountFacts()),
            caller=caller.arn if caller else "",
            name=store.name_of(key.id),
            request=partial(own_request, caller, session.info, session.clock),
            disabled=frozenset(disabled),
        )

    def template_facts(self) -> Facts:
        """What fields of templates are filled with."""
        session, facts = self._session, self.rules.facts
        return facts_for(self.key, session.caller, session.info, facts.contexts, facts.endpoints)

    async def learn(self) -> None:
        """The caller's IAM policies, the account's roles, encryption contexts in use."""
        session = self._session
        facts, chain = await asyncio.gather(
            learn_account(session.gateway, session.caller, self.key.arn),
            session.shared(ChainReader).own_chain(self.key),
        )
        self.know(replace(facts, chain=chain))

    def know(self, facts: AccountFacts) -> None:
        """Take what was read of the account."""
        self.rules = replace(self.rules, facts=facts, context=self._context(facts))

    async def show_stored(self) -> None:
        """Read the key's policies into the store."""
        await self._session.read_policies(self.key.id, again=True)

    def _context(self, facts: AccountFacts) -> CompletionContext:
        store = self._session.store
        arn = Arn.maybe(self.key.arn)
        others = (
            policy.text
            for key_id, policies in store.policies.items()
            if key_id != self.key.id
            for policy in policies
        )
        return CompletionContext(
            root=f"arn:{arn.partition}:iam::{arn.account}:root" if arn else "",
            caller=caller_principal(self._session.caller),
            roles=facts.roles,
            principals=principals_in(others),
            # The key's own first; what other keys' events and grants showed may do as well.
            encryption_contexts=with_contexts(facts.contexts, store.contexts),
            region=arn.region if arn else "",
            endpoints=tuple((each.id, each.vpc) for each in facts.endpoints),
            usage=self.key.metadata.usage if self.key.metadata else "",
            spec=self.key.metadata.spec if self.key.metadata else "",
        )
