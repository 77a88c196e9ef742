"""`python -m testkit.sandbox.serve visma --port 8081` (or `orderful`): one sandbox in the foreground."""

from __future__ import annotations

import signal
import threading

import click

from testkit.orderful.sandbox import OrderfulSandbox
from testkit.visma.sandbox import VismaSandbox


@click.command()
@click.argument("which", type=click.Choice(["visma", "orderful"]))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, help="Port; 0 takes a free one.")
def serve(which: str, host: str, port: int) -> None:
    """Serve one sandbox until it is interrupted or terminated."""
    sandbox = VismaSandbox() if which == "visma" else OrderfulSandbox()
    stopped = threading.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda _number, _frame: stopped.set())
    with sandbox.start(host, port):
        click.echo(f"The sandbox {which} listens on {sandbox.url}")
        stopped.wait()


if __name__ == "__main__":
    serve()
