"""What is said of every fault that every operation can meet: true, and with what to do now."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from botocore import __version__ as botocore_version

from kmstui.aws.calls import Operation
from tests.make_fault_table import COMMON, KINDS, OPERATIONS, PAGE, kind_of, page, sentences

Said = Mapping[str, Mapping[str, list[Operation]]]


@pytest.fixture(scope="module")
def said() -> Said:
    return sentences()


def test_the_page_is_what_would_be_made_now(said: Said) -> None:
    kept = PAGE.read_text(encoding="utf-8")
    if f"the models of botocore {botocore_version}." not in kept:
        # Another botocore names other errors; what all know is there all the same.
        assert all(f"\n## {fault.title}\n" in kept for fault in COMMON)
    else:
        assert kept == page(said), "make it anew: python -m tests.make_fault_table"


def test_every_operation_meets_every_fault_that_any_can_meet(said: Said) -> None:
    for fault in COMMON:
        met = [each for operations in said[fault.title].values() for each in operations]
        assert sorted(each.permission for each in met) == sorted(
            each.permission for each in OPERATIONS
        ), fault.title


def test_no_change_whose_end_is_open_is_said_to_have_failed_and_no_refusal_to_be_open(
    said: Said,
) -> None:
    """By what the faults are, whatever the code makes of them."""
    refused = {fault.title for fault in COMMON if fault.code and fault.status == 400}
    refused.discard("An error of a code that kmstui does not know")
    lost = {
        "No answer in time", "The connection breaks", "The answer is cut off",
        "A web page with HTTP 200", "A web page with HTTP 403", "A web page with HTTP 503",
        "HTTP 301", "HTTP 400 with {}", "HTTP 500 without an AWS error",
        "An answer that cannot be read", "An error of a code that kmstui does not know",
        "The proxy takes it and does not answer", "The service fails",
        "The service is not available",
    }  # fmt: skip
    for fault in COMMON:
        for sentence, operations in said[fault.title].items():
            for each in operations:
                is_open = sentence.startswith("Outcome unknown")
                expected = fault.title in lost and kind_of(each) == KINDS[1]
                assert is_open is expected, f"{fault.title}, {each.permission}: {sentence}"
    assert refused | lost <= {fault.title for fault in COMMON}


def test_a_command_without_screens_names_no_key_to_press() -> None:
    """What `lint` and `can` read, and what of it fails."""
    reads = [each for each in OPERATIONS if kind_of(each) == KINDS[0] and each.service == "kms"]
    for by_sentence in sentences(reads, in_command=True).values():
        for sentence in by_sentence:
            assert not re.search(r"\b[Pp]ress\b|\bF7\b|\([A-Za-z]\)|\bwith R\b", sentence), sentence


def test_no_sentence_leaves_a_place_open_or_says_a_thing_twice(said: Said) -> None:
    for sentence in {each for by_sentence in said.values() for each in by_sentence}:
        assert sentence.endswith("."), sentence
        assert not {"{", "}", "  ", "..", ": ."} & {
            piece for piece in ("{", "}", "  ", "..", ": .") if piece in sentence
        }, sentence
