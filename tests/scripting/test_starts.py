"""What a command in a script imports: what is imported for nothing is waited for at each call."""

import json
import subprocess
import sys

import pytest

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
APP = "arn:aws:iam::111122223333:role/app"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Root",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "App",
            "Effect": "Allow",
            "Principal": {"AWS": APP},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
        },
    ],
}
PROGRAM = """
import sys
before = set(sys.modules)
from kmstui.cli import run
code = run(sys.argv[1:])
print("IMPORTED", *sys.modules.keys() - before)
sys.exit(code)
"""
NEEDLESS = {
    "asyncio", "csv", "difflib", "email", "gzip", "http", "importlib.metadata", "logging",
    "multiprocessing", "shutil", "socket", "ssl", "subprocess", "tempfile", "threading", "tomllib",
    "xml",
}  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("lint", "p.json"),
        ("diff", "p.json", "p.json"),
        ("can", APP, "kms:Decrypt", "--policy", "p.json", "--key-arn", KEY),
    ],
    ids=lambda words: words[0],
)
def test_a_command_about_files_imports_no_more_than_it_uses(words, tmp_path):
    (tmp_path / "p.json").write_text(json.dumps(POLICY))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    imported = set(done.stdout.rpartition("IMPORTED")[2].split())
    assert f"kmstui.scripting.{words[0]}" in imported
    assert NEEDLESS & imported == set()
    others = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    assert {name for name in others if not name.startswith("_")} == {"kmstui", "lazy_loader"}
