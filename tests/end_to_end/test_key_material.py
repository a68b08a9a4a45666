"""Key material that is imported by the keyboard is what KMS encrypts with, as boto3 sees it."""

from __future__ import annotations

import os
import subprocess

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.embedded import client

ALIAS = "workshop/pending-import"


def opened(secret: bytes, blob: bytes) -> bytes:
    """A ciphertext of the embedded KMS (key ID, nonce, tag, text), opened with a known key."""
    cipher = Cipher(algorithms.AES(secret), modes.GCM(blob[36:48], blob[48:64])).decryptor()
    cipher.authenticate_additional_data(b"")
    return cipher.update(blob[64:]) + cipher.finalize()


def test_material_is_imported_rotated_to_deleted_and_imported_again(kmstui, embedded, tmp_path):
    kms = client(embedded, "kms")
    key = embedded.control.key(f"alias/{ALIAS}").metadata["KeyId"]
    secrets = {name: os.urandom(32) for name in ("first", "second")}
    for name, secret in secrets.items():
        (tmp_path / name).write_bytes(secret)
        (tmp_path / name).chmod(0o600)
    terminal = kmstui(ALIAS)
    terminal.wait_for("3 Policy")
    terminal.wait_for(f"alias/{ALIAS}")

    terminal.send("x", "m")
    terminal.wait_for("the key's first")
    terminal.send("down", str(tmp_path / "first"), "ctrl+s")
    terminal.wait_for("wrapped here by RSAES_OAEP_SHA_256")
    terminal.send("y")
    terminal.wait_for("is Enabled.")
    old = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    assert opened(secrets["first"], old) == b"old"

    terminal.send("x", "m")
    terminal.wait_for("the same as before")
    terminal.send("down", str(tmp_path / "second"), "down", "down", "down", "right", "ctrl+s")
    terminal.wait_for("KMS encrypts with it after the next rotation")
    terminal.send("y")
    terminal.wait_for("This material waits for rotation")
    terminal.send("x", "n", "y")
    terminal.wait_for("rotated on demand at")
    new = kms.encrypt(KeyId=key, Plaintext=b"new")["CiphertextBlob"]
    assert opened(secrets["second"], new) == b"new"
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"

    terminal.send("x", "M")
    terminal.wait_for("Delete which imported key material")
    terminal.send("enter")
    terminal.wait_for("Type alias/")
    terminal.send(f"alias/{ALIAS}", "enter")
    terminal.wait_for("is PendingImport.")
    terminal.send("x", "m")
    terminal.wait_for("the same as before")
    terminal.send("down", str(tmp_path / "second"), "ctrl+s")
    terminal.wait_for("It must be the same material as before")
    terminal.send("y")
    terminal.wait_for("is Enabled.")
    assert kms.decrypt(CiphertextBlob=new)["Plaintext"] == b"new"
    terminal.send("q")
    assert terminal.wait_exit() == 0


def test_material_that_never_comes_here_is_wrapped_by_the_commands_that_are_shown(
    kmstui, embedded, tmp_path
):
    kms = client(embedded, "kms")
    key = embedded.control.key(f"alias/{ALIAS}").metadata["KeyId"]
    folder = tmp_path / "import"
    terminal = kmstui(ALIAS)
    terminal.wait_for("3 Policy")
    terminal.wait_for(f"alias/{ALIAS}")
    terminal.send("x", "m")
    terminal.wait_for("the key's first")
    terminal.send("right")
    terminal.wait_for("never comes to this machine")
    terminal.send("down", str(folder), "ctrl+s")
    terminal.wait_for("Wrap the material")
    terminal.send("escape")
    terminal.wait_for(lambda text: "Wrap the material" not in text)

    secret = os.urandom(32)
    (folder / "material.bin").write_bytes(secret)
    commands = (folder / "README.txt").read_text().split("\n\n", 1)[1]
    subprocess.run(["sh", "-ec", commands], check=True, capture_output=True)
    terminal.send("x", "m")
    terminal.wait_for("the key's first")
    terminal.send("left", "down", str(folder / "EncryptedKeyMaterial.bin"), "down", str(folder))
    terminal.send("ctrl+s")
    terminal.wait_for("y Import")  # Where the lines above it break hangs on the folder.
    terminal.send("y")
    terminal.wait_for("is Enabled.")
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert opened(secret, blob) == b"x"
    terminal.send("q")
    assert terminal.wait_exit() == 0
