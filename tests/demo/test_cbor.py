"""The front reads the CBOR that it writes, and whatever botocore writes."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.demo.errors import AwsError
from kmstui.demo.front.wire import AwsRequest, decode_cbor, render_result

_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
_REQUEST = AwsRequest("tagging", "GetResources", "eu-west-1", "AKIA", "cbor", {}, b"")


def encoded(value: object) -> bytes:
    return render_result(_REQUEST, {"value": value}).body


@settings(max_examples=100)
@given(_values)
def test_what_is_written_is_read(value: Any) -> None:
    assert decode_cbor(encoded(value)) == {"value": value}


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        decode_cbor(data)
    except AwsError as error:
        assert error.code == "SerializationException"


def test_indefinite_lengths_and_floats() -> None:
    assert decode_cbor(bytes.fromhex("bf6161 9f0102ff 6162 7f6162 6163ff ff")) == {
        "a": [1, 2],
        "b": "bc",
    }
    assert decode_cbor(bytes.fromhex("a1 6161 fb3ff8000000000000")) == {"a": 1.5}
    with pytest.raises(cbor2.CBOREncodeError):
        encoded(object())
