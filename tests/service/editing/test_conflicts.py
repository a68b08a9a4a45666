"""Two people changed the same policy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.policy.iam.equality import same_meaning
from kmstui.service.editing.conflicts import conflict_of, merge, resolve_merge

ROOT = {
    "Sid": "Root",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": "kms:*",
    "Resource": "*",
}
USE = {
    "Sid": "Use",
    "Effect": "Allow",
    "Principal": {"AWS": ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"]},
    "Action": ["kms:Encrypt", "kms:Decrypt"],
    "Resource": "*",
    "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}},
}
OTHER = {
    "Sid": "Other",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "kms:ScheduleKeyDeletion",
    "Resource": "*",
}


def policy(*statements: object, **members: object) -> str:
    document = {"Version": "2012-10-17", **members, "Statement": list(statements)}
    return json.dumps(document, indent=4)


def use(**elements: object) -> dict[str, object]:
    merged = USE | elements
    return {name: value for name, value in merged.items() if value is not None}


BASE = policy(ROOT, USE)


def statements(text: str) -> list[dict[str, Any]]:
    return json.loads(text)["Statement"]  # type: ignore[no-any-return]


def test_changes_of_different_statements_go_together() -> None:
    result = merge(BASE, policy(ROOT, USE, OTHER), policy(ROOT, use(Action="kms:Encrypt")))
    assert result.conflicts == ()
    assert result.touched_by_both == ()
    assert same_meaning(result.text, policy(ROOT, use(Action="kms:Encrypt"), OTHER))


def test_additions_and_removals_within_one_statement_go_together() -> None:
    mine = use(Action=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*"])
    theirs = use(
        Action=["kms:encrypt"],
        Principal={"AWS": [*USE["Principal"]["AWS"], "arn:aws:iam::1:role/c"]},  # type: ignore[index]
    )
    result = merge(BASE, policy(ROOT, mine), policy(ROOT, theirs))
    assert result.conflicts == ()
    assert result.touched_by_both == ('statement "Use"',)
    merged = statements(result.text)[1]
    assert merged["Action"] == ["kms:Encrypt", "kms:ReEncrypt*"]
    assert merged["Principal"]["AWS"][-1] == "arn:aws:iam::1:role/c"


def test_a_condition_added_and_another_one_changed_go_together() -> None:
    mine = use(Condition=USE["Condition"] | {"Bool": {"aws:SecureTransport": "true"}})  # type: ignore[operator]
    theirs = use(Condition={"StringEquals": {"KMS:ViaService": ["s3.a", "ebs.b"]}})
    result = merge(BASE, policy(ROOT, mine), policy(ROOT, theirs))
    assert result.conflicts == ()
    assert statements(result.text)[1]["Condition"] == {
        "StringEquals": {"KMS:ViaService": ["s3.a", "ebs.b"]},
        "Bool": {"aws:SecureTransport": "true"},
    }


def test_an_effect_changed_both_ways_is_a_conflict_and_the_text_says_whose_it_holds() -> None:
    base = policy(use(Effect="Audit"))
    result = merge(base, policy(use(Effect="Allow")), policy(use(Effect="Deny")))
    (conflict,) = result.conflicts
    assert conflict.where == 'statement "Use", Effect'
    assert (conflict.base, conflict.mine, conflict.theirs) == ('"Audit"', '"Allow"', '"Deny"')
    assert conflict.sentence == (
        'statement "Use", Effect: you changed it to "Allow", meanwhile it was changed to "Deny".'
        " The merged text holds yours."
    )
    assert statements(result.text)[0]["Effect"] == "Allow"


def test_a_statement_that_one_removed_and_the_other_changed_is_kept_and_asked_about() -> None:
    changed = use(Action="kms:Encrypt")
    for mine, theirs, kept in (
        (policy(ROOT), policy(ROOT, changed), "theirs"),
        (policy(ROOT, changed), policy(ROOT), "mine"),
    ):
        result = merge(BASE, mine, theirs)
        (conflict,) = result.conflicts
        assert conflict.where == 'statement "Use"'
        assert conflict.kept == kept
        assert same_meaning(result.text, policy(ROOT, changed))


def test_a_removed_statement_stays_removed() -> None:
    assert same_meaning(
        merge(BASE, policy(ROOT), policy(ROOT, USE, OTHER)).text, policy(ROOT, OTHER)
    )
    assert same_meaning(
        merge(BASE, policy(ROOT, USE, OTHER), policy(ROOT)).text, policy(ROOT, OTHER)
    )


def test_conditions_of_which_each_removed_another_do_not_vanish_together() -> None:
    """An empty Condition would admit everybody."""
    both = {"StringEquals": {"kms:ViaService": "s3"}, "Bool": {"aws:SecureTransport": "true"}}
    base = policy(use(Condition=both))
    mine = policy(use(Condition={"Bool": both["Bool"]}))
    theirs = policy(use(Condition={"StringEquals": both["StringEquals"]}))
    result = merge(base, mine, theirs)
    assert [conflict.where for conflict in result.conflicts] == ['statement "Use", Condition']
    assert statements(result.text)[0]["Condition"]


def test_the_same_condition_key_begun_by_both_is_asked_about() -> None:
    """Each wanted one endpoint to be let in, neither wanted both."""
    base = policy(use(Condition=None))
    mine = policy(use(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}))
    theirs = policy(use(Condition={"StringEquals": {"aws:SourceVpce": "vpce-2"}}))
    (conflict,) = merge(base, mine, theirs).conflicts
    assert conflict.where == 'statement "Use", Condition, StringEquals, aws:SourceVpce'


def test_a_condition_key_in_two_spellings_does_not_get_lost() -> None:
    base = policy(use(Condition=None))
    mine = policy(use(Condition={"Bool": {"AWS:A": "2"}}))
    theirs = policy(use(Condition={"Bool": {"aws:a": "2", "AWS:A": "1"}}))
    for one, other in ((mine, theirs), (theirs, mine)):
        (conflict,) = merge(base, one, other).conflicts
        assert conflict.where == 'statement "Use", Condition, Bool, AWS:A'


def test_a_list_of_which_each_removed_the_rest_is_asked_about() -> None:
    mine, theirs = policy(use(Action="kms:Encrypt")), policy(use(Action="kms:Decrypt"))
    result = merge(policy(use()), mine, theirs)
    (conflict,) = result.conflicts
    assert conflict.where == 'statement "Use", Action'
    assert statements(result.text)[0]["Action"] == "kms:Encrypt"


def test_statements_without_a_sid_are_matched_by_what_they_say() -> None:
    base = policy(use(Sid=None), {**OTHER, "Sid": None})
    mine = policy(use(Sid=None, Action=["kms:Encrypt", "kms:Decrypt", "kms:Sign"]))
    theirs = policy(use(Sid=None, Action=["kms:Decrypt"]), {**OTHER, "Sid": None})
    result = merge(base, mine, theirs)
    assert result.conflicts == ()
    (merged,) = statements(result.text)
    assert merged["Action"] == ["kms:Decrypt", "kms:Sign"]


def test_the_same_statement_added_by_both_is_there_once() -> None:
    result = merge(BASE, policy(ROOT, USE, OTHER), policy(OTHER, ROOT, USE))
    assert len(statements(result.text)) == 3


def test_both_versions_of_a_statement_added_under_one_sid_are_kept() -> None:
    mine, theirs = {**OTHER, "Action": "kms:DisableKey"}, OTHER
    result = merge(BASE, policy(ROOT, USE, mine), policy(ROOT, USE, theirs))
    assert [each["Sid"] for each in statements(result.text)] == ["Root", "Use", "Other", "Other"]


def test_characters_that_kms_refuses_stay_escaped_and_the_indentation_is_mine() -> None:
    mine = policy(ROOT, USE, Id="\u2192 \u00e9").replace('"Id"', '"Id"')
    result = merge(BASE, mine, policy(ROOT, USE, OTHER))
    assert "\\u2192 é" in result.text
    assert '\n    "Version"' in result.text


def test_a_person_decides_each_conflict() -> None:
    base = policy(ROOT, use(Effect="Audit"), OTHER, Id="a")
    mine = policy(use(Effect="Allow"), {**OTHER, "Effect": "Allow"}, Id="b")
    theirs = policy(ROOT, use(Effect="Deny"), Id="c")
    result = merge(base, mine, theirs)
    wheres = [conflict.where for conflict in result.conflicts]
    assert wheres == ["Id", 'statement "Use", Effect', 'statement "Other"']

    all_mine = resolve_merge(result, ["mine"] * 3)
    assert same_meaning(all_mine, policy(use(Effect="Allow"), {**OTHER, "Effect": "Allow"}, Id="b"))
    all_theirs = resolve_merge(result, ["theirs"] * 3)
    assert same_meaning(all_theirs, policy(use(Effect="Deny"), Id="c"))


def test_a_condition_can_be_decided_to_be_gone() -> None:
    mine = policy(use(Condition={"StringEquals": {"kms:ViaService": "ebs"}}))
    result = merge(policy(use()), mine, policy(use(Condition=None)))
    assert [conflict.where for conflict in result.conflicts] == ['statement "Use", Condition']
    assert same_meaning(resolve_merge(result, ["theirs"]), policy(use(Condition=None)))
    assert same_meaning(resolve_merge(result, ["mine"]), mine)


@pytest.mark.parametrize(
    "text",
    [
        '{"Statement": [null]}',
        '{"Statement": "x"}',
        '{"Statement": [{"Condition": ' + '{"a":' * 900 + "1" + "}" * 902 + "]}",
    ],
)
def test_what_cannot_be_merged_is_left_to_the_person(text: str) -> None:
    assert conflict_of(BASE, text, BASE.replace("Use", "Used")).merge is None


def test_thousands_of_tiny_statements_do_not_hold_up_the_screen() -> None:
    """Everything that differs is told as removed and added; nothing is compared pair by pair."""
    base = policy(*({"a": n} for n in range(3000)))
    mine = policy(*({"b": n} for n in range(3000)))
    assert len(statements(merge(base, mine, policy()).text)) == 3000


def test_a_text_that_is_no_json_is_left_to_the_person() -> None:
    conflict = conflict_of(BASE, "{", BASE)
    assert conflict.merge is None
    assert "until it is valid JSON" in conflict.sentence
    with pytest.raises(ValueError, match="not a JSON object"):
        merge("[]", BASE, BASE)


some_action = st.lists(st.sampled_from(["kms:A", "kms:B", "kms:C"]), min_size=1, max_size=3)
some_statement = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": some_action | st.sampled_from(["kms:A", "kms:*"]),
        "Principal": st.just("*")
        | st.dictionaries(
            st.sampled_from(["AWS", "Service"]),
            st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=3),
            min_size=1,
            max_size=2,
        ),
    },
    optional={
        "Sid": st.sampled_from(["one", "two", "three"]),
        "Condition": st.dictionaries(
            st.sampled_from(["StringEquals", "Bool"]),
            st.dictionaries(
                st.sampled_from(["aws:a", "AWS:A", "kms:b"]),
                st.sampled_from(["1", "2", ["1", "2"], True]),
                max_size=2,
            ),
            max_size=2,
        ),
    },
)
some_policy = st.lists(some_statement, max_size=3).map(lambda each: policy(*each))


@settings(max_examples=80)
@given(some_policy, some_policy)
def test_where_only_one_changed_something_the_merge_is_that(base: str, changed: str) -> None:
    for mine, theirs in ((changed, base), (base, changed), (changed, changed)):
        result = merge(base, mine, theirs)
        assert result.conflicts == ()
        assert same_meaning(result.text, changed)


@settings(max_examples=80)
@given(some_policy, some_policy, some_policy)
def test_any_three_policies_merge_without_an_exception_into_json(a: str, b: str, c: str) -> None:
    result = merge(a, b, c)
    assert isinstance(json.loads(result.text), dict)
    assert all(conflict.sentence for conflict in result.conflicts)
    for choice in ("mine", "theirs"):
        assert json.loads(resolve_merge(result, [choice] * len(result.conflicts)))
    if not result.conflicts:
        assert same_meaning(result.text, merge(a, c, b).text)
