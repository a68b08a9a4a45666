"""What binds requests besides the key and its account: how often it is asked, and what is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kmstui.model import AccountControls, ControlLevel, ControlPolicy, Route
from kmstui.policy.evaluation import Chain, Decision, Outcome, Policies, evaluate
from kmstui.policy.iam import NOTHING_KNOWN, Context, Principal, Request
from kmstui.service.access import ChainReader
from kmstui.service.access.chain_reader import endpoint_of
from kmstui.service.editing.key_target import KeyPolicyTarget
from kmstui.service.editing.review import Weight
from kmstui.service.errors import AccessDeniedError, CancelledByPersonError, ErrorContext
from kmstui.service.session import Session
from tests.access_world import APP, ROOT, access_world, allow, policy
from tests.fakes import ACCOUNT, IMPORTED, INFO, MANAGED, ROLE_ARN, FakeGateway, arn_of
from tests.service.access.test_reader import connected

VPCE = "vpce-0a1b2c3d4e5f60718"
EVERYBODY = policy({"Principal": "*", **allow("kms:*")})
ALL = ControlPolicy("FullAWSAccess", policy(allow("*")))
NO_KEYS = ControlPolicy(
    "NoKeys", policy({**allow("kms:Decrypt", "kms:PutKeyPolicy"), "Effect": "Deny"})
)
NOBODY = ControlPolicy(VPCE, policy({"Principal": "*", **allow("s3:*")}))
ORGANIZED = AccountControls(ACCOUNT, scps=(ControlLevel("the root r-1", (ALL, NO_KEYS)),), rcps=())


def decide(chain: Chain, who: str = APP, context: Context = NOTHING_KNOWN) -> Decision:
    request = Request(Principal.parse(who), "kms:Decrypt", arn_of(IMPORTED), context)
    return evaluate(request, replace(Policies.of_key(EVERYBODY), chain=chain))


async def chain_of(gateway: FakeGateway, key_id: str = IMPORTED) -> Chain:
    session = await connected(gateway)
    return await session.shared(ChainReader).chain(session.store.keys[key_id])


async def test_control_policies_of_the_account_decide() -> None:
    gateway = FakeGateway(access_world())
    gateway.world.controls[ACCOUNT] = ORGANIZED
    decision = decide(await chain_of(gateway))
    assert decision.outcome is Outcome.EXPLICITLY_DENIED
    assert "resource control policies (none apply)" in decision.considered


async def test_an_account_is_asked_about_once_until_a_refresh() -> None:
    gateway = FakeGateway(access_world())
    session = await connected(gateway)
    for key_id in (IMPORTED, MANAGED, IMPORTED):
        await session.shared(ChainReader).chain(session.store.keys[key_id])
    assert gateway.count("organizations:ListPoliciesForTarget") == 1
    await session.refresh()
    await session.shared(ChainReader).chain(session.store.keys[IMPORTED])
    assert gateway.count("organizations:ListPoliciesForTarget") == 2


OTHER = "999988887777"
STRANGER = f"arn:aws:iam::{OTHER}:role/eve"


@pytest.mark.parametrize("organized", [True, False])
async def test_other_accounts_are_asked_about_where_the_organization_tells(organized: bool) -> None:
    gateway = FakeGateway(access_world())
    known = AccountControls(ACCOUNT, (), (), organization="o-1" if organized else None)
    gateway.world.controls = {
        ACCOUNT: known,
        OTHER: AccountControls(OTHER, ORGANIZED.scps, (), organization="o-1"),
    }
    session = await connected(gateway)
    key = session.store.keys[IMPORTED]
    chain = await session.shared(ChainReader).chain(key, (OTHER,))
    asked = [about for name, about in gateway.calls if name.startswith("organizations:")]
    assert asked == ([ACCOUNT, OTHER] if organized else [ACCOUNT])
    left_out = decide(chain, STRANGER).not_considered
    assert ("service control policies" in left_out) is not organized


async def test_what_is_refused_is_one_reason_in_the_answer() -> None:
    gateway = FakeGateway(access_world())
    refused = AccountControls(ACCOUNT, problem="organizations:ListParents is denied")
    gateway.world.controls[ACCOUNT] = refused
    decision = decide(await chain_of(gateway))
    assert decision.outcome is Outcome.ALLOWED
    assert decision.not_considered[:2] == (
        "service control policies",
        "resource control policies (both: organizations:ListParents is denied)",
    )


async def test_keys_that_aws_manages_are_not_bound_by_resource_control_policies() -> None:
    gateway = FakeGateway(access_world())
    deny = policy({"Principal": "*", **allow("kms:*"), "Effect": "Deny"})
    level = ControlLevel("the root r-1", (ControlPolicy("Perimeter", deny),))
    gateway.world.controls[ACCOUNT] = AccountControls(ACCOUNT, scps=(), rcps=(level,))
    assert decide(await chain_of(gateway)).outcome is Outcome.EXPLICITLY_DENIED
    assert decide(await chain_of(gateway, MANAGED)).outcome is Outcome.ALLOWED


async def test_the_endpoint_that_a_question_names_is_read_once_its_name_is_whole() -> None:
    gateway = FakeGateway(access_world())
    gateway.world.endpoints[VPCE] = NOBODY
    session = await connected(gateway)
    reader = session.shared(ChainReader)
    chain = await reader.through(Chain(), VPCE[:-1])
    assert gateway.count("ec2:DescribeVpcEndpoints") == 0
    chain = await reader.through(chain, VPCE)
    inside = Context.of({"aws:SourceVpce": VPCE})
    assert decide(chain, context=inside).outcome is Outcome.IMPLICITLY_DENIED
    assert decide(chain).outcome is Outcome.ALLOWED
    await reader.through(chain, VPCE)
    assert gateway.count("ec2:DescribeVpcEndpoints") == 1


async def test_an_endpoint_that_may_not_be_read_is_told() -> None:
    gateway = FakeGateway(access_world())
    context = ErrorContext("ec2:DescribeVpcEndpoints")
    gateway.fail("ec2:DescribeVpcEndpoints", AccessDeniedError("you may not", context=context))
    session = await connected(gateway)
    chain = await session.shared(ChainReader).through(Chain(), VPCE)
    inside = Context.of({"aws:SourceVpce": VPCE})
    left_out = decide(chain, context=inside).not_considered
    assert "VPC endpoint policies (ec2:DescribeVpcEndpoints: you may not)" in left_out


async def test_the_endpoint_of_the_connection_binds_the_callers_requests() -> None:
    url = f"https://{VPCE}-0abc.kms.eu-central-1.vpce.amazonaws.com"
    info = replace(INFO, endpoint_url=url, route=Route.VPC_ENDPOINT)
    assert endpoint_of(info) == VPCE
    gateway = FakeGateway(access_world(), info=info)
    gateway.world.endpoints[VPCE] = NOBODY
    session = await connected(gateway)
    key = session.store.keys[IMPORTED]
    own = await session.shared(ChainReader).own_chain(key)
    assert decide(own).outcome is Outcome.IMPLICITLY_DENIED
    assert decide(await session.shared(ChainReader).chain(key)).outcome is Outcome.ALLOWED


async def test_a_route_through_an_endpoint_without_its_id_is_said() -> None:
    info = replace(INFO, route=Route.VPC_ENDPOINT)
    session = await connected(FakeGateway(access_world(), info=info))
    own = await session.shared(ChainReader).own_chain(session.store.keys[IMPORTED])
    assert any("its ID is not known" in each for each in decide(own).not_considered)


async def test_a_closed_connection_is_no_refusal() -> None:
    gateway = FakeGateway(access_world())
    session = await connected(gateway)
    gateway.close()
    with pytest.raises(CancelledByPersonError):
        await session.shared(ChainReader).own_chain(session.store.keys[IMPORTED])


async def reviewed(session: Session) -> KeyPolicyTarget:
    target = KeyPolicyTarget(session, session.store.keys[IMPORTED])
    await target.learn()
    return target


async def test_the_review_says_that_a_control_policy_keeps_the_caller_from_putting_it_again() -> (
    None
):
    gateway = FakeGateway(access_world())
    gateway.world.controls[ACCOUNT] = ORGANIZED
    target = await reviewed(await connected(gateway))
    text = policy({"Principal": {"AWS": [ROOT, ROLE_ARN]}, **allow("kms:*")})
    assessment = target.rules.assess(text, text)
    first = assessment.judgements[0]
    assert first.weight is Weight.BAD and "service control policy NoKeys" in first.sentence
    assert not any("Nobody at all" in each.sentence for each in assessment.judgements)


async def test_the_review_says_what_was_left_out_once_with_the_reason() -> None:
    gateway = FakeGateway(access_world())
    gateway.world.controls[ACCOUNT] = AccountControls(ACCOUNT, problem="you may not")
    target = await reviewed(await connected(gateway))
    text = policy({"Principal": {"AWS": [ROOT, ROLE_ARN]}, **allow("kms:*")})
    left_out = target.rules.assess(text, text).not_considered
    assert [each for each in left_out if "control policies" in each] == [
        "service control policies",
        "resource control policies (both: you may not)",
    ]
