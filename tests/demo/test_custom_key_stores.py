"""Custom key stores of the embedded KMS: their states, and the keys that follow them."""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import ClientError

from kmstui.demo.world.custom_key_stores import CLUSTER_STORE, EXTERNAL_STORE


def store_of(kms: Any, store_id: str) -> dict[str, Any]:
    (found,) = kms.describe_custom_key_stores(CustomKeyStoreId=store_id)["CustomKeyStores"]
    return dict(found)


def wait_for(kms: Any, store_id: str, state: str) -> dict[str, Any]:
    while store_of(kms, store_id)["ConnectionState"] != state:
        time.sleep(0.02)
    return store_of(kms, store_id)


def failing(kms: Any, state: str) -> str:
    """The store of the world that is in this state."""
    for store in kms.describe_custom_key_stores()["CustomKeyStores"]:
        if store["ConnectionState"] == state:
            return str(store["CustomKeyStoreId"])
    raise AssertionError(state)


def test_keys_follow_their_store(kms: Any, key_id: Any, refused: Any) -> None:
    key = key_id("vault/cloudhsm")
    kms.disconnect_custom_key_store(CustomKeyStoreId=CLUSTER_STORE)
    assert store_of(kms, CLUSTER_STORE)["ConnectionState"] == "DISCONNECTING"
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Unavailable"
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x")[0] != ""
    wait_for(kms, CLUSTER_STORE, "DISCONNECTED")
    again = refused(kms.disconnect_custom_key_store, CustomKeyStoreId=CLUSTER_STORE)
    assert again[0] == "CustomKeyStoreInvalidStateException"
    kms.connect_custom_key_store(CustomKeyStoreId=CLUSTER_STORE)
    wait_for(kms, CLUSTER_STORE, "CONNECTED")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    kms.encrypt(KeyId=key, Plaintext=b"x")


def test_one_that_failed_says_why_and_must_be_disconnected_first(kms: Any, refused: Any) -> None:
    store = failing(kms, "FAILED")
    assert store_of(kms, store)["ConnectionErrorCode"] == "XKS_PROXY_NOT_REACHABLE"
    refusal = refused(kms.connect_custom_key_store, CustomKeyStoreId=store)
    assert refusal[0] == "CustomKeyStoreInvalidStateException"
    kms.disconnect_custom_key_store(CustomKeyStoreId=store)
    wait_for(kms, store, "DISCONNECTED")
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    assert wait_for(kms, store, "FAILED")["ConnectionErrorCode"] == "XKS_PROXY_NOT_REACHABLE"


def test_keys_are_made_in_the_store_of_their_origin_and_of_an_external_key(
    kms: Any, refused: Any
) -> None:
    outside = {"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": EXTERNAL_STORE}
    inside = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": CLUSTER_STORE}
    made = kms.create_key(**outside, XksKeyId="hsm7-ledger")["KeyMetadata"]
    assert made["XksKeyConfiguration"] == {"Id": "hsm7-ledger"}
    assert kms.create_key(**inside)["KeyMetadata"]["CloudHsmClusterId"] == "cluster-7xk2m4q3hfa"
    for asked, code in (
        ({**outside, "XksKeyId": "hsm7-ledger"}, "XksKeyAlreadyInUseException"),
        ({**outside, "XksKeyId": "nobody"}, "XksKeyNotFoundException"),
        (outside, "ValidationException"),
        ({**inside, "XksKeyId": "hsm7-ledger"}, "ValidationException"),
        ({**inside, "CustomKeyStoreId": EXTERNAL_STORE}, "ValidationException"),
        ({**inside, "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"},
         "UnsupportedOperationException"),
        ({**inside, "MultiRegion": True}, "UnsupportedOperationException"),
        ({**inside, "CustomKeyStoreId": "cks-none"}, "CustomKeyStoreNotFoundException"),
        ({**inside, "CustomKeyStoreId": failing(kms, "DISCONNECTED")},
         "CustomKeyStoreInvalidStateException"),
        ({"CustomKeyStoreId": CLUSTER_STORE}, "ValidationException"),
    ):  # fmt: skip
        assert refused(kms.create_key, **asked)[0] == code, asked


def test_a_store_is_found_by_its_name(kms: Any) -> None:
    (found,) = kms.describe_custom_key_stores(CustomKeyStoreName="own-data-centre")[
        "CustomKeyStores"
    ]
    assert found["CustomKeyStoreId"] == EXTERNAL_STORE
    try:
        kms.describe_custom_key_stores(CustomKeyStoreName="nobody")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "CustomKeyStoreNotFoundException"
