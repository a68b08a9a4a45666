"""How key material is wrapped: really unwrapped again, here and by OpenSSL's commands."""

import os
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding

from kmstui.demo.kms import importing
from kmstui.demo.kms.keys import SPECS
from kmstui.service.keys.wrapping import (
    PUBLIC_KEY_FILE,
    WRAPPED_FILE,
    Wrapping,
    algorithms_for,
    material_problem,
    openssl_commands,
    wrap,
    wrapping_keys_for,
)

ALGORITHMS = ("RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256",
              "RSA_AES_KEY_WRAP_SHA_1")  # fmt: skip


@pytest.fixture(scope="module")
def pair():
    return rsa.generate_private_key(65537, 2048)


def public(pair):
    return pair.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def unwrapped(pair, algorithm, wrapped):
    digest = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    oaep = padding.OAEP(padding.MGF1(digest), digest, None)
    if algorithm.startswith("RSAES"):
        return pair.decrypt(wrapped, oaep)
    return aes_key_unwrap_with_padding(pair.decrypt(wrapped[:256], oaep), wrapped[256:])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_is_wrapped_here_is_unwrapped_again(pair, algorithm):
    material = os.urandom(1217 if algorithm.startswith("RSA_AES") else 32)
    wrapped = wrap(Wrapping(algorithm, "RSA_2048"), public(pair), material)
    assert material not in wrapped
    assert unwrapped(pair, algorithm, wrapped) == material


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_commands_that_are_shown_wrap_as_well(pair, algorithm, tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    material = os.urandom(1217 if algorithm.startswith("RSA_AES") else 32)
    (folder / "my material.bin").write_bytes(material)
    (folder / PUBLIC_KEY_FILE).write_bytes(public(pair))
    commands = openssl_commands(Wrapping(algorithm, "RSA_2048"), folder, "my material.bin")
    subprocess.run(["sh", "-ec", commands], check=True, capture_output=True)
    assert unwrapped(pair, algorithm, (folder / WRAPPED_FILE).read_bytes()) == material
    assert (folder / WRAPPED_FILE).stat().st_mode & 0o777 == 0o600
    left = {"my material.bin", PUBLIC_KEY_FILE, WRAPPED_FILE}
    assert {each.name for each in folder.iterdir()} == left


def test_a_wrapping_key_that_is_none_is_a_fault_and_no_crash():
    with pytest.raises(ValueError, match=r"\w"):
        wrap(Wrapping("RSAES_OAEP_SHA_256", "RSA_2048"), b"no key", b"x" * 32)


def test_what_is_offered_is_what_the_embedded_kms_takes():
    sizes = ("RSA_2048", "RSA_3072", "RSA_4096")
    for spec in (each for each in SPECS if each != "SM2"):
        offered = {
            (algorithm, size)
            for algorithm in algorithms_for(spec)
            for size in wrapping_keys_for(spec, algorithm)
        }
        taken = {
            (algorithm, size)
            for algorithm in ALGORITHMS
            for size in sizes
            if importing._suits(spec, algorithm, size)
        }
        assert offered == taken, spec


@pytest.mark.parametrize(
    ("spec", "material", "says"),
    [
        ("SYMMETRIC_DEFAULT", bytes(range(32)), ""),
        ("SYMMETRIC_DEFAULT", b"c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA==\n", "decode it"),
        ("SYMMETRIC_DEFAULT", bytes(16), "has 16 bytes, and SYMMETRIC_DEFAULT needs 32"),
        ("HMAC_224", bytes(28), ""),
        ("HMAC_512", bytes(32), "needs 64"),
        ("RSA_2048", b"-----BEGIN PRIVATE KEY-----\n", "-outform der"),
        ("RSA_2048", b"\x30\x82", ""),
        ("ECC_NIST_P256", b"no", "PKCS #8"),
    ],
    ids=range(8),
)
def test_a_file_that_kms_would_refuse_is_told_without_its_content(spec, material, says):
    problem = material_problem(spec, material)
    assert says in problem if says else problem == ""
    assert "c2Vj" not in problem


def test_a_symmetric_key_of_china_has_half_the_bits():
    assert material_problem("SYMMETRIC_DEFAULT", bytes(16), "aws-cn") == ""
    assert algorithms_for("RSA_2048", "aws-cn") == ()
