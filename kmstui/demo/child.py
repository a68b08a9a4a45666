"""The process of the embedded AWS. The only one that imports moto and boto3.

It says ``{"port": …, "secret": …}`` on standard output once it answers (arguments and environment
may be read by others), and ends when its standard input does:
the parent holds the other end, so that even a parent killed with SIGKILL leaves nothing behind.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pkgutil import resolve_name
from typing import Any

from waitress.server import create_server

from kmstui.demo.embedded import EmbeddedOptions

ACCOUNT = "418259630147"


def prepare_environment() -> None:
    """Set what moto and boto3 read when imported: no real credentials, our account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_CONFIG_FILE"] = os.devnull
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_ACCESS_KEY_ID"] = "embedded"
    os.environ["AWS_SECRET_ACCESS_KEY"] = "embedded"  # noqa: S105 - moto asks for some value


def main(arguments: Sequence[str], front: str = "kmstui.demo.front.app:Front") -> None:
    """Build the world, serve it behind a front, end with the parent.

    The front is named, since importing it reads the environment.
    """
    given = json.loads(arguments[0])
    port = given.pop("port")
    options = EmbeddedOptions(**given)
    threading.Thread(target=_end_with_parent, args=(options.scratch,), daemon=True).start()
    prepare_environment()

    from kmstui.demo.assembly import assemble, fill

    state = assemble(ACCOUNT, options)
    server = make_server(resolve_name(front)(state), port, slow=options.latency > 0)
    threading.Thread(target=fill, args=(state, options), daemon=True).start()
    ready = {"port": server.effective_port, "secret": state.control_secret}
    print(json.dumps(ready), flush=True)
    _fall_silent()
    server.run()


def _fall_silent() -> None:
    """Once started, nobody reads what moto prints: a full pipe would stop the server."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())
    os.close(nowhere)


def _end_with_parent(scratch: str) -> None:
    # Not by way of sys.stdin: a thread that waits in it is a fatal error to a Python that ends
    # because an import failed, and hides why.
    while os.read(0, 4096):
        pass
    if scratch:
        # The parent may be removing it at this very moment, or may have been killed before.
        shutil.rmtree(scratch, ignore_errors=True)
    os._exit(0)


WsgiApplication = Callable[..., Iterable[bytes]]


def make_server(application: WsgiApplication, port: int, *, slow: bool) -> Any:
    """A server on 127.0.0.1; port 0 takes a free one. ``slow`` calls sleep and need threads."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    return create_server(
        application,
        host="127.0.0.1",
        port=port,
        threads=128 if slow else 64,
        connection_limit=2000,
        backlog=1024,
        asyncore_use_poll=True,
        channel_timeout=600,
        # One write for head and body, so that no delayed acknowledgement comes between.
        send_bytes=1,
        ident="kmstui-embedded",
        clear_untrusted_proxy_headers=False,
    )
