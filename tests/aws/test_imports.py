"""boto is not imported before the first connection, and not at all beside the screens."""

from __future__ import annotations

import subprocess
import sys


def test_constructing_a_connector_imports_neither_boto3_nor_botocore() -> None:
    program = """
import sys
from kmstui.aws.session.connector import AwsConnector
from kmstui.aws.process.connector import ProcessConnector
AwsConnector(lambda record: None, lambda serial: "", read_only=True)
ProcessConnector(lambda record: None, lambda serial: "", read_only=True).close()
loaded = {"boto3", "botocore", "urllib3"} & set(sys.modules)
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


def test_a_call_that_hangs_does_not_keep_the_program_from_ending() -> None:
    program = """
import asyncio, os, socket
from kmstui.aws.session.connector import AwsConnector
from kmstui.service.ports import Target

listener = socket.create_server(("127.0.0.1", 0))
os.environ |= {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-west-1",
}

async def main():
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    gateway = await AwsConnector(print, lambda serial: "").connect(Target(endpoint_url=url))
    task = asyncio.create_task(gateway.describe("alias/x"))
    await asyncio.to_thread(listener.accept)
    task.cancel()

asyncio.run(main())
print("ended")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, timeout=9, capture_output=True, text=True
    )
    # It would have taken the read time-out of 10 s and a retry.
    assert done.stdout == "ended\n"
    assert done.stderr == ""
