"""`make up`: the laptop stack, left running, with the demo's companies and routing in it."""

from __future__ import annotations

import sys
import time

from rich.console import Console

from demo.run import Demo, DemoFailed, Progress
from testkit.laptop import stack as laptop


def main() -> int:
    """Start the stack, say how to explore it, and leave it running."""
    console = Console()
    progress = Progress(console, time.monotonic())
    if laptop.find() is not None:
        console.print("The laptop stack is already running; `make down` ends it.")
        return 0
    try:
        stack = laptop.start(progress)
        Demo(stack, progress).prepare()
    except (DemoFailed, laptop.StackFailed) as error:
        console.print(f"[red]{error}[/red]")
        return 1
    exports = "\n".join(f"  export {name}={value}" for name, value in stack.environment.items())
    console.print(
        f"""
The laptop stack is running. In this shell:
{exports}
  export VISMA={stack.visma.url}

Then, for example:
  .venv/bin/connector status
  .venv/bin/connector doctor             # one check fails on purpose: vesterbro has no relationship for invoices
  .venv/bin/connector cursors
  .venv/bin/connector documents list
  curl -s {stack.orderful.url}/_sandbox/transactions | python3 -m json.tool | head -40

Put an order into the sandbox Visma. It is at Orderful within two minutes:
  curl -s -X POST $VISMA/_sandbox/documents -H 'Content-Type: application/json' \\
    -d @demo/order.json
  .venv/bin/connector documents trace 500200

`make down` ends everything.""",
        highlight=False,
        markup=False,
        soft_wrap=True,  # commands are copied from here
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
