"""The front's CBOR reads what it writes, and whatever botocore writes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.demo.front import cbor

_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


@settings(max_examples=100)
@given(_values)
def test_what_is_written_is_read(value: Any) -> None:
    assert cbor.decode(cbor.encode(value)) == value


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        cbor.decode(data)
    except ValueError:
        return


def test_indefinite_lengths_and_floats() -> None:
    assert cbor.decode(bytes.fromhex("bf6161 9f0102ff 6162 7f6162 6163ff ff")) == {
        "a": [1, 2],
        "b": "bc",
    }
    assert cbor.decode(bytes.fromhex("fb3ff8000000000000")) == 1.5
    with pytest.raises(TypeError):
        cbor.encode(object())
