"""Build kmstui as single files: `kmstui.pyz`, which needs Python alone, and one that needs nothing.

    python .ci/single_files.py dist            # of the wheel in dist, or of the tree
    python .ci/single_files.py dist --only pyz

`kmstui.pyz` is a zipapp of shiv for any machine with Python 3.11 or newer; its first start
unpacks it below ~/.shiv. `kmstui-SYSTEM-MACHINE`, by PyInstaller, brings Python and what `lint` of
Terraform and YAML needs, and runs on systems like the one that it was built on, with its libc or
a newer one. The demo stays out of both.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_FOR_CREDENTIALS = frozenset({"sso", "sso-oidc", "signin", "sts"})
"""Services that botocore itself calls for credentials."""
_ENTRY = "import sys\nfrom kmstui.__main__ import main\nsys.exit(main())\n"
_HOOKS = {
    # The usual one would take botocore from where PyInstaller runs, with all its data.
    "botocore": "datas = collect_data_files('botocore')\n",
    "kmstui": "datas = collect_data_files('kmstui')\nhiddenimports = {modules}\n",
    "textual": "datas = collect_data_files('textual')\nhiddenimports = {modules}\n",
}
"""What PyInstaller cannot see: data, and modules that are imported when they are used."""
_LINT = ("PyYAML", "tree-sitter", "tree-sitter-hcl")


def run(*command: str | Path, before: Sequence[Path] = ()) -> None:
    """Run a program; its failure is ours. Python in it imports from the folders `before` first."""
    paths = {}
    if before:
        # The checkout in which this may run has a kmstui too, without its style sheets.
        paths = {"PYTHONPATH": os.pathsep.join(map(str, before)), "PYTHONSAFEPATH": "1"}
    subprocess.run([str(each) for each in command], check=True, env={**os.environ, **paths})


def install(target: Path, *what: str | Path) -> None:
    """Install into a folder of its own."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    # What is installed where this runs is none of the business of another folder.
    run(*pip, "--no-warn-conflicts", "--target", target, *what)


def wheel_of(out: Path) -> Path:
    """The wheel that lies there, built if there is none."""
    if not list(out.glob("kmstui-*.whl")):
        run(sys.executable, "-m", "build", "--quiet", "--wheel", "--outdir", out)
    return sorted(out.glob("kmstui-*.whl"))[-1]


def services(site: Path) -> frozenset[str]:
    """The services of AWS that kmstui calls, as the installed one says."""
    code = "from kmstui.aws.calls import operations as o\n"
    code += "print(*{each.service for each in vars(o).values() if isinstance(each, o.Operation)})"
    said = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(site)!r})\n{code}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return frozenset(said.stdout.split()) | _FOR_CREDENTIALS


def slim(site: Path) -> None:
    """Leave out botocore's data of the 400 services that are never called."""
    wanted = services(site)
    for each in (site / "botocore" / "data").iterdir():
        if each.is_dir() and each.name not in wanted:
            shutil.rmtree(each)
    for name in ("bin", "share"):
        shutil.rmtree(site / name, ignore_errors=True)


def modules(site: Path, package: str) -> list[str]:
    """All modules of a package but the demo's."""
    paths = (each.relative_to(site).with_suffix("") for each in (site / package).rglob("*.py"))
    names = (".".join(each.parts).removesuffix(".__init__") for each in paths)
    return sorted(name for name in names if ".demo." not in name and "__main__" not in name)


def build_pyz(site: Path, out: Path) -> Path:
    """The zipapp; what is not pure Python would tie it to one version of Python."""
    tied = [str(each.relative_to(site)) for each in site.rglob("*.so")]
    if tied:
        raise SystemExit(f"not pure Python: {', '.join(tied)}")
    made = out / "kmstui.pyz"
    shebang = "/usr/bin/env python3"
    run(
        sys.executable, "-m", "shiv", "--site-packages", site, "--console-script", "kmstui",
        "--python", shebang, "--compressed", "--reproducible", "--output-file", made,
    )  # fmt: skip
    return made


def build_binary(site: Path, work: Path, out: Path) -> Path:
    """The file that needs no Python."""
    more, hooks = work / "more", work / "hooks"
    install(more, *_LINT)
    hooks.mkdir()
    for package, code in _HOOKS.items():
        text = code.format(modules=modules(site, package))
        first = "from PyInstaller.utils.hooks import collect_data_files\n"
        (hooks / f"hook-{package}.py").write_text(first + text)
    entry = work / "entry.py"
    entry.write_text(_ENTRY)
    name = f"kmstui-{platform.system().lower()}-{platform.machine()}"
    run(
        sys.executable, "-m", "PyInstaller", "--onefile", "--name", name, "--log-level", "ERROR",
        "--distpath", out, "--workpath", work / "pyinstaller", "--specpath", work,
        "--additional-hooks-dir", hooks,
        "--hidden-import", "pygments.lexers.data",
        "--copy-metadata", "kmstui", "--copy-metadata", "textual",
        "--exclude-module", "tkinter",
        entry, before=(site, more),
    )  # fmt: skip
    return out / name


def main(arguments: Sequence[str]) -> int:
    """Build what is asked for, and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", choices=("pyz", "binary"))
    options = parser.parse_args(arguments)
    out: Path = options.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kmstui-single-") as scratch:
        site = Path(scratch) / "site"
        install(site, wheel_of(out))
        slim(site)
        made = []
        if options.only != "binary":
            made.append(build_pyz(site, out))
        if options.only != "pyz":
            made.append(build_binary(site, Path(scratch), out))
    for each in made:
        print(f"{each.name}: {each.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
