"""`make up`: the laptop stack, left running, after a day with documents in every state that lasts."""

from __future__ import annotations

import sys
import time

from rich.console import Console

from demo.run import Demo, DemoFailed, Progress
from testkit.laptop import stack as laptop

TOUR = (
    ("status", "what needs a person; exit code 3 because something does (alarms and figures are not emulated)"),
    ("documents list", "what waits for a person, or is on its way"),
    ("documents list --ended", "what is over: acknowledged, skipped, superseded, closed, from before go-live"),
    ("documents trace 500101", "one order from Visma to the partner: raised after it was sent, so replaced"),
    ("documents show 500194", "why an order was parked, and who closed it"),
    ("documents diff 100301", "what a user changed in an invoice that was sent, so that a person has to decide"),
    ("changes list", "a partner wants three times the quantity: somebody has to decide"),
    ("changes show 500106", "what was asked, line by line"),
    ("cursors", "how far each list of Visma was read"),
    (
        "doctor",
        "one check fails on purpose, vesterbro has no relationship for invoices; one warns: nobody gets the alarms",
    ),
)
"""Commands of `connector` that show the day, and what each shows."""


def main() -> int:
    """Start the stack, play a day, say how to explore it, and leave it running."""
    console = Console()
    progress = Progress(console, time.monotonic())
    stack = laptop.find()
    if stack is not None:
        console.print("The laptop stack is already running.")
    else:
        try:
            stack = laptop.start(progress)
            Demo(stack, progress).play_day()
        except (DemoFailed, laptop.StackFailed) as error:
            console.print(f"[red]{error}[/red]")
            return 1
    # Commands are copied from here.
    console.print(guide(stack), highlight=False, markup=False, soft_wrap=True)
    return 0


def guide(stack: laptop.Stack) -> str:
    """How a shell reaches the stack, and what to look at."""
    exports = "\n".join(f"  export {name}={value}" for name, value in stack.environment.items())
    width = max(len(command) for command, _ in TOUR)
    tour = "\n".join(f"  .venv/bin/connector {command:{width}}  # {what}" for command, what in TOUR)
    return f"""
Paste this into your shell:
{exports}
  export VISMA={stack.visma.url}

Then, for example:
{tour}
  curl -s {stack.orderful.url}/_sandbox/transactions | python3 -m json.tool | head -40

Put an order into the sandbox Visma. It is at Orderful within two minutes:
  curl -s -X POST $VISMA/_sandbox/documents -H 'Content-Type: application/json' \\
    -d @demo/order.json
  .venv/bin/connector documents trace 500200      # two minutes later

`make up` prints this again; `make down` ends everything."""


if __name__ == "__main__":
    sys.exit(main())
