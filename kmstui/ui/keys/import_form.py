"""The form that imports key material, and the questions about imported material."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from textual.widgets import Input

from kmstui.model import Key, KeyMaterial, Rotation
from kmstui.service.errors import ServiceError
from kmstui.service.keys import (
    EXISTING,
    NEW,
    WRAPPED_FILE,
    ImportWish,
    Materials,
    Wrapping,
    algorithms_for,
    can_wrap,
    expiry_problem,
    material_description_problem,
    openssl_commands,
    parse_expiry,
    who_else_reads,
    wrapping_keys_for,
)
from kmstui.ui.commands import Context
from kmstui.ui.dialogs import TextDialog
from kmstui.ui.keys.change_dialog import Proposal, propose
from kmstui.ui.keys.form import ChoiceLine, Form, text_line

_PLAIN, _FETCH, _WRAPPED = "plain", "fetch", "wrapped"
_HOW = {
    _PLAIN: "wrap a file here, and import it",
    _FETCH: "fetch wrapping key and token; wrap outside",
    _WRAPPED: "import a file that was wrapped outside",
}
_SYMMETRIC = "SYMMETRIC_DEFAULT"

_HELP = {
    _PLAIN: "The file holds the plain material: binary, or PKCS #8 in DER of a private key. It is "
    "read, wrapped with a fresh wrapping key of KMS, and sent; nothing of it is kept or logged.",
    _FETCH: "For material that never comes to this machine: a folder gets KMS's wrapping key, the "
    "import token and the openssl commands. They are good for 24 hours.",
    _WRAPPED: "A file that was wrapped with the wrapping key of a folder that was fetched before, "
    "whose import token goes with it.",
    "file": "Path of the file; ~ is your home.",
    "folder": "Path of the folder; a new one is made for you alone (0700), its files too (0600).",
    "algorithm": "How the material is wrapped on its way to KMS; the first is the one that AWS "
    "prefers.",
    "wrapping-key": "The wrapping key's kind; AWS prefers the longest.",
    "type": "The same as before brings back what was deleted or has expired, or changes when it "
    "expires. New material waits until the key is rotated to it (x, n).",
    "expires": "A date in UTC, as 2027-03-01 or 2027-03-01 12:30, at most 365 days from now; "
    "empty: never. KMS deletes the material then, and the key cannot be used until the same is "
    "imported again.",
    "description": "Of this material, for people: letters, digits, blanks and : / _ . -",
}


class ImportForm(Form):
    """How, from where, until when; what has no sense for the way chosen is left out."""

    def __init__(self, context: Context, key: Key) -> None:
        self._key = key
        self._spec = key.metadata.spec if key.metadata else ""
        session = context.session.of(key.id)
        self._materials = Materials(session)
        self._session = session
        info = session.info
        self._partition = info.partition if info else "aws"
        self._held: tuple[KeyMaterial, ...] | None = None
        ways = [way for way in _HOW if can_wrap() or way != _PLAIN]
        self.way = ChoiceLine([(way, _HOW[way]) for way in ways], id="way")
        self.file = text_line("file", "~/material.bin")
        self.folder = text_line("folder", "~/import")
        algorithms = algorithms_for(self._spec, self._partition)
        self.algorithm = ChoiceLine([(each, each) for each in algorithms], id="algorithm")
        self.wrapping_key = ChoiceLine([], id="wrapping-key")
        self.type = ChoiceLine(
            [(EXISTING, "the same as before"), (NEW, "new material, for a rotation")], id="type"
        )
        self.expires = text_line("expires", "never")
        self.description = text_line("description", "where the original is kept")
        name = context.store.name_of(key.id)
        fields = (
            ("How", self.way),
            ("File", self.file),
            ("Folder", self.folder),
            ("Algorithm", self.algorithm),
            ("Wrapping key", self.wrapping_key),
            ("Material", self.type),
            ("Expires", self.expires),
            ("Description", self.description),
        )
        super().__init__(f"Import key material of {name}", context, fields)
        self._set_wrapping_keys()
        self._leave_out()

    def on_mount(self) -> None:
        """Which materials there are is read meanwhile."""
        super().on_mount()
        if self._spec == _SYMMETRIC:
            self.run_worker(self._read_materials(), exit_on_error=True)

    async def _read_materials(self) -> None:
        try:
            rotation: Rotation = await self._session.gateway.rotation(self._key.id)
        except ServiceError:
            return
        self._held = None if rotation.materials_problem else rotation.materials
        if self._held == ():
            self.type.set_choices([(NEW, "the key's first")])
        elif any(each.is_pending for each in self._held or ()):
            self.type.set_choices([(EXISTING, "the same as before; a new one waits already")])
        self.explain(self.focused.id or "" if self.focused else "")

    # What was filled in

    @property
    def wrapping(self) -> Wrapping:
        """What GetParametersForImport is asked for."""
        return Wrapping(self.algorithm.value, self.wrapping_key.value)

    @property
    def wish(self) -> ImportWish:
        """What the import shall be; only where `problem` is ""."""
        symmetric = self._spec == _SYMMETRIC
        return ImportWish(
            parse_expiry(self.expires.value),
            self.type.value if symmetric else "",
            self.description.value.strip() if symmetric else "",
        )

    @property
    def problem(self) -> str:
        """Why it cannot be done so, as a sentence, or ""."""
        way = self.way.value
        if way != _FETCH and not self.file.value.strip():
            return "Name the file."
        if way != _PLAIN and not self.folder.value.strip():
            return "Name the folder."
        if way == _FETCH:
            return ""
        try:
            valid_to = parse_expiry(self.expires.value)
        except ValueError:
            return "Expires: that is no date such as 2027-03-01 or 2027-03-01 12:30."
        return expiry_problem(valid_to, self._session.clock()) or (
            material_description_problem(self.description.value.strip())
        )

    def help_of(self, field: str) -> str:
        """What a field is about, as sentences."""
        if field != "way":
            return _HELP.get(field, "")
        missing = (
            ""
            if can_wrap()
            else " kmstui wraps files itself where it is installed with the extra `import`."
        )
        return _HELP[self.way.value] + missing

    def turned(self, line: ChoiceLine) -> None:
        """What a choice leaves to the others."""
        if line is self.algorithm:
            self._set_wrapping_keys()
        self._leave_out()

    def _set_wrapping_keys(self) -> None:
        keys = wrapping_keys_for(self._spec, self.algorithm.value)
        self.wrapping_key.set_choices([(each, each) for each in keys])

    def _leave_out(self) -> None:
        way, symmetric = self.way.value, self._spec == _SYMMETRIC
        self.show_field(self.file, shown=way != _FETCH)
        self.show_field(self.folder, shown=way != _PLAIN)
        self.show_field(self.algorithm, shown=way != _WRAPPED)
        self.show_field(self.wrapping_key, shown=way != _WRAPPED)
        self.show_field(self.type, shown=way != _FETCH and symmetric)
        self.show_field(self.expires, shown=way != _FETCH)
        self.show_field(self.description, shown=way != _FETCH and symmetric)

    # The review

    def action_review(self) -> None:
        """Fetch at once, which changes nothing; show what an import would do, and do it then."""
        if problem := self.problem:
            self.reason.say(problem, "bad")
            return
        if self.way.value == _FETCH:
            folder, wrapping = _path(self.folder), self.wrapping
            self.dismiss(None)
            fetch = partial(_fetch, self.about, self._materials, self._key, wrapping, folder)
            app = self.about.app
            job = app.work(fetch, group="fetch", what="fetching a wrapping key")
            app.type_ahead.opens(job, app.screen)
            return
        proposal = self._proposal()
        propose(self.about, proposal, agreed=lambda: self.dismiss(None))

    def _proposal(self) -> Proposal:
        key_id, wish = self._key.id, self.wish
        file, folder, wrapping = _path(self.file), _path(self.folder), self.wrapping
        plain = self.way.value == _PLAIN
        name = self.about.store.name_of(key_id)
        send = (
            partial(self._materials.import_plain, key_id, file, wrapping, wish)
            if plain
            else partial(self._materials.import_wrapped, key_id, file, folder, wish)
        )
        return Proposal(
            title=f"Import key material of {name}?",
            words="\n".join(self._review_lines(file, folder, wish)),
            yes="Import",
            doing=f"Importing key material of {name}",
            send=lambda _: send(),
            command=lambda _: () if plain else _command(key_id, file, folder, wish),
            style="warn",
        )

    def _review_lines(self, file: Path, folder: Path, wish: ImportWish) -> list[str]:
        if self.way.value == _PLAIN:
            how = f"{self.wrapping.algorithm} with a wrapping key {self.wrapping.key_spec}"
            lines = [f"From: {file}, wrapped here by {how}"]
            if others := who_else_reads(file):
                lines.append(others)
        else:
            lines = [f"From: {file}, wrapped, with the import token of {folder}"]
        until = f"{wish.valid_to:%Y-%m-%d %H:%M} UTC" if wish.valid_to else ""
        lines.append(
            f"Expires: {until}. KMS deletes it then: nothing is decrypted until you import the same"
            " again."
            if until
            else "Expires: never"
        )
        if wish.type == NEW and self._held:
            lines.append("It is new: KMS encrypts with it after the next rotation (x, n).")
        elif wish.type == EXISTING:
            lines.append("It must be the same material as before: KMS refuses any other.")
        else:
            lines.append(
                "It becomes this key's material for good: what is encrypted under it can be "
                "decrypted by this material in this key alone."
            )
        lines.append("Keep the original in a safe place: KMS gives nothing of it back.")
        return lines


async def _fetch(
    context: Context, materials: Materials, key: Key, wrapping: Wrapping, folder: Path
) -> None:
    parameters = await materials.fetch(key.id, wrapping, folder)
    commands = openssl_commands(wrapping, folder)
    context.app.last_change_command = commands
    until = f"{parameters.valid_to:%Y-%m-%d %H:%M} UTC" if parameters.valid_to else "24 hours"
    context.session.notify(
        f"Wrapping key and import token are in {folder}, good until {until}. y copies the commands."
    )
    words = (
        f"Good until {until}. Wrap material.bin in that folder with these commands (they are in its"
        f" README.txt, and y, then the command of the last change, copies them), and import"
        f" {folder / WRAPPED_FILE} then.\n\n{commands}"
    )
    context.app.push_screen(TextDialog("Wrap the material", words))


def _command(key_id: str, file: Path, folder: Path, wish: ImportWish) -> tuple[str, ...]:
    words = [
        "import-key-material", "--key-id", key_id, "--encrypted-key-material", f"fileb://{file}",
        "--import-token", f"fileb://{folder / 'ImportToken.bin'}",
    ]  # fmt: skip
    if wish.valid_to is None:
        words += ["--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE"]
    else:
        words += ["--expiration-model", "KEY_MATERIAL_EXPIRES", "--valid-to"]
        words.append(wish.valid_to.isoformat())
    if wish.type:
        words += ["--import-type", wish.type]
    if wish.description:
        words += ["--key-material-description", wish.description]
    return tuple(words)


def _path(line: Input) -> Path:
    return Path(line.value.strip()).expanduser().absolute()
