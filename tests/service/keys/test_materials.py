"""Importing and deleting key material: what is sent, written down, and told."""

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kmstui.model import KeyMaterial, Rotation
from kmstui.service.errors import AccessDeniedError, FailedError, UnreportedOutcomeError
from kmstui.service.keys.import_files import FileError, keep_parameters, read_material
from kmstui.service.keys.materials import (
    NEW,
    ImportWish,
    Materials,
    delete_off,
    expiry_problem,
    import_off,
    material_description_problem,
    parse_expiry,
)
from kmstui.service.keys.wrapping import Wrapping
from tests.fakes import DYING, IMPORTED, MANAGED, NAMELESS, NOW, arn_of

WRAPPING = Wrapping("RSAES_OAEP_SHA_256", "RSA_2048")
CURRENT = KeyMaterial("aa", "CURRENT", import_state="IMPORTED")
SECRET = os.urandom(32)


@pytest.fixture(scope="module")
def pair():
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def materials(bench, pair):
    bench.world.wrapping_key = pair.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    bench.world.imported = (CURRENT,)
    bench.world.rotations[IMPORTED] = Rotation(
        enabled=False, materials=(replace(CURRENT, import_state="PENDING_IMPORT"),)
    )
    bench.world.metadata[IMPORTED] = replace(bench.world.metadata[IMPORTED], state="PendingImport")
    return Materials(bench.session, bench.pause)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "material.bin"
    path.write_bytes(SECRET)
    return path


async def test_a_file_is_wrapped_sent_and_read_back_and_nothing_of_it_is_written_down(
    bench, materials, file, pair
):
    sentence = await materials.import_plain(IMPORTED, file, WRAPPING, ImportWish())
    assert f"Key material was imported. {IMPORTED} (alias/ImportedCMK) is Enabled." in sentence
    (sent,) = bench.gateway.imported
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    assert pair.decrypt(sent.wrapped, oaep) == SECRET
    assert sent.token == b"token"
    record = await bench.newest()
    assert (record.operation, record.outcome, record.detail) == (
        "kms:ImportKeyMaterial", "done", "KeyMaterialId aa",
    )  # fmt: skip
    written = repr(record)
    assert SECRET.hex() not in written
    assert repr(SECRET) not in written
    assert "token" not in written
    assert "wrapped" not in repr(sent)
    assert bench.store.keys[IMPORTED].metadata.state == "Enabled"


async def test_the_expiry_and_what_waits_are_told(bench, materials, file):
    until = NOW + timedelta(days=30)
    pending = KeyMaterial("aa", "PENDING_ROTATION", import_state="IMPORTED", valid_to=until)
    bench.world.imported = (pending,)
    wish = ImportWish(until, NEW, "2027")
    sentence = await materials.import_plain(IMPORTED, file, WRAPPING, wish)
    assert "waits for rotation: x, n" in sentence
    assert "KMS deletes it on 2026-03-31 12:00 UTC" in sentence
    (sent,) = bench.gateway.imported
    assert (sent.valid_to, sent.type, sent.description) == (until, NEW, "2027")
    bench.world.imported = (replace(pending, state="PENDING_MULTI_REGION_IMPORT_AND_ROTATION"),)
    sentence = await materials.import_plain(IMPORTED, file, WRAPPING, wish)
    assert "into each replica key" in sentence


async def test_a_key_of_several_materials_says_how_many_are_missing(bench, materials, file):
    missing = KeyMaterial("bb", "NON_CURRENT", import_state="PENDING_IMPORT")
    bench.world.imported = (CURRENT, missing)
    metadata = bench.world.metadata

    async def still_waiting(key_id, wanted):
        bench.world.rotations[key_id] = Rotation(enabled=False, materials=(CURRENT, missing))
        assert metadata[key_id].state == "PendingImport"
        return "aa"

    bench.gateway.import_material = still_waiting
    sentence = await materials.import_plain(IMPORTED, file, WRAPPING, ImportWish())
    assert "is PendingImport. It waits for 1 more of its materials" in sentence


async def test_an_answer_that_never_came_is_settled_by_what_is_read(bench, materials, file):
    send = bench.gateway.import_material

    async def lost(key_id, wanted):
        await send(key_id, wanted)
        raise UnreportedOutcomeError("the answer was lost")

    bench.gateway.import_material = lost
    assert "is Enabled" in await materials.import_plain(IMPORTED, file, WRAPPING, ImportWish())
    assert (await bench.newest()).outcome == "done"


async def test_what_somebody_else_does_to_the_key_is_not_taken_for_a_lost_import(
    bench, materials, file
):
    enabled = replace(bench.world.metadata[IMPORTED], state="Enabled")
    bench.world.metadata[IMPORTED] = enabled
    bench.world.rotations[IMPORTED] = Rotation(enabled=False, materials=(CURRENT,))

    async def lost(key_id, _):
        bench.world.metadata[key_id] = replace(enabled, state="Disabled")
        raise UnreportedOutcomeError("the answer was lost")

    bench.gateway.import_material = lost
    with pytest.raises(UnreportedOutcomeError, match="the change does not show"):
        await materials.import_plain(IMPORTED, file, WRAPPING, ImportWish(type=NEW))
    assert (await bench.newest()).outcome == "unknown"


async def test_a_file_of_the_wrong_kind_is_not_sent(bench, materials, file):
    file.write_bytes(b"too short")
    with pytest.raises(FailedError, match="has 9 bytes, and SYMMETRIC_DEFAULT needs 32"):
        await materials.import_plain(IMPORTED, file, WRAPPING, ImportWish())
    assert bench.sent == []
    assert bench.gateway.count("kms:GetParametersForImport") == 0


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "long", "pipe"])
def test_what_is_no_small_file_is_told(tmp_path, kind):
    path = tmp_path / "it"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind != "missing":
        path.write_bytes(b"" if kind == "empty" else bytes(7000))
    with pytest.raises(FileError, match="it"):
        read_material(path)


async def test_what_was_fetched_is_for_its_owner_alone_and_is_used_afterwards(
    bench, materials, tmp_path
):
    folder = tmp_path / "deep" / "import"
    await materials.fetch(IMPORTED, WRAPPING, folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    names = {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
    assert set(names) == {"WrappingPublicKey.bin", "ImportToken.bin", "about.json", "README.txt"}
    assert set(names.values()) == {0o600}
    note = (folder / "README.txt").read_text()
    assert "good until 2026-03-02 12:00 UTC" in note
    assert "rsa_oaep_md:sha256" in note
    wrapped = tmp_path / "wrapped.bin"
    wrapped.write_bytes(b"w" * 256)
    await materials.import_wrapped(IMPORTED, wrapped, folder, ImportWish())
    (sent,) = bench.gateway.imported
    assert (sent.token, sent.wrapped) == (b"token", b"w" * 256)
    with pytest.raises(FailedError, match=f"has the token of {IMPORTED}"):
        await materials.import_wrapped(NAMELESS, wrapped, folder, ImportWish())
    bench.session.clock = lambda: NOW + timedelta(hours=25)
    with pytest.raises(FailedError, match="was good until 2026-03-02 12:00 UTC"):
        await materials.import_wrapped(IMPORTED, wrapped, folder, ImportWish())
    assert len(bench.gateway.imported) == 1


async def test_a_folder_that_others_may_enter_gets_no_token(bench, materials, tmp_path):
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    with pytest.raises(FileError, match="others may enter .*chmod 700"):
        await materials.fetch(IMPORTED, WRAPPING, folder)
    assert list(folder.iterdir()) == []


async def test_a_link_in_the_place_of_the_token_is_replaced_and_not_followed(
    bench, materials, tmp_path
):
    folder, target = tmp_path / "import", tmp_path / "precious"
    target.write_text("precious")
    parameters = await bench.gateway.import_parameters(IMPORTED, "", "")
    keep_parameters(folder, IMPORTED, WRAPPING, parameters)
    (folder / "ImportToken.bin").unlink()
    (folder / "ImportToken.bin").symlink_to(target)
    keep_parameters(folder, IMPORTED, WRAPPING, parameters)
    assert target.read_text() == "precious"
    assert not (folder / "ImportToken.bin").is_symlink()


@pytest.mark.parametrize("name", ["README.txt", "about.json", "ImportToken.bin"])
async def test_a_file_of_that_name_that_is_somebodys_own_is_left_alone(
    bench, materials, tmp_path, name
):
    (tmp_path / "mine").mkdir(mode=0o700)
    own = tmp_path / "mine" / name
    own.write_text("my own words")
    with pytest.raises(FileError, match=f"has files of other things: {name}"):
        await materials.fetch(IMPORTED, WRAPPING, own.parent)
    assert [each.name for each in own.parent.iterdir()] == [name]
    assert own.read_text() == "my own words"


async def test_what_was_fetched_with_one_connection_open_is_used_with_several(
    bench, materials, tmp_path
):
    parameters = await bench.gateway.import_parameters(IMPORTED, "", "")
    keep_parameters(tmp_path / "import", arn_of(IMPORTED), WRAPPING, parameters)
    wrapped = tmp_path / "wrapped.bin"
    wrapped.write_bytes(b"w" * 256)
    await materials.import_wrapped(IMPORTED, wrapped, tmp_path / "import", ImportWish())
    assert bench.gateway.imported[0].token == b"token"


async def test_material_is_deleted_and_read_back(bench, materials):
    bench.world.rotations[IMPORTED] = Rotation(enabled=False, materials=(CURRENT,))
    bench.world.metadata[IMPORTED] = replace(bench.world.metadata[IMPORTED], state="Enabled")
    sentence = await materials.delete(IMPORTED)
    assert "is PendingImport. Nothing can be encrypted or decrypted" in sentence
    assert (await bench.newest()).after == '{"material": "current"}'


async def test_whoever_may_not_list_materials_imports_all_the_same(bench, materials, file):
    bench.gateway.fail("kms:GetKeyRotationStatus", AccessDeniedError("no"))
    assert "is Enabled" in await materials.import_plain(IMPORTED, file, WRAPPING, ImportWish())


def test_why_a_key_takes_no_material(bench):
    keys = bench.store.keys
    assert import_off(keys[IMPORTED]) == ""
    assert "origin is AWS_KMS" in import_off(keys[NAMELESS])
    assert "managed by AWS" in import_off(keys[MANAGED])
    assert import_off(keys[DYING])
    # Of a symmetric key another one of its materials may be there.
    waiting = replace(keys[IMPORTED].metadata, state="PendingImport")
    assert delete_off(replace(keys[IMPORTED], metadata=waiting)) == ""
    waiting = replace(waiting, spec="RSA_2048")
    assert "no key material at the moment" in delete_off(replace(keys[IMPORTED], metadata=waiting))
    post_quantum = replace(keys[IMPORTED].metadata, spec="ML_DSA_44")
    assert "imports no key material" in import_off(replace(keys[IMPORTED], metadata=post_quantum))


def test_dates_and_descriptions_are_checked_as_kms_does():
    assert parse_expiry(" ") is None
    assert parse_expiry("2026-03-02 10:30") == datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match=r"\w"):
        parse_expiry("tomorrow")
    assert expiry_problem(NOW + timedelta(days=365), NOW) == ""
    assert "at most 365 days" in expiry_problem(NOW + timedelta(days=366), NOW)
    assert "in the future" in expiry_problem(NOW, NOW)
    assert material_description_problem("HSM 7: a/b_c.d-e") == ""
    assert "'!'" in material_description_problem("no!")
    assert "256" in material_description_problem("x" * 257)
