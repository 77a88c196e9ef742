"""`make up`: the running laptop stack with documents in every final state."""

from __future__ import annotations

import sys
import time

from rich.console import Console

from connector.cli.output import INTERRUPTED
from demo.run import Demo, DemoFailed, Progress
from testkit.laptop import stack as laptop

TOUR = (
    ("status", "what needs a person: exit code 3, something does; CloudWatch is not emulated"),
    ("documents list", "what waits for a person, or is on its way"),
    ("documents list --ended", "what is over as well: acknowledged, skipped, superseded, closed, old"),
    ("documents trace 500101", "one order from Visma to the partner: raised after it was sent, so replaced"),
    ("documents show 500194", "why an order was parked, and who closed it"),
    ("documents diff 100301", "what a user changed in an invoice that was sent: a person has to decide"),
    ("changes list", "a partner wants three times the quantity: somebody has to decide"),
    ("changes show 500106", "what was asked, line by line"),
    ("cursors", "how far each list of Visma was read"),
    ("doctor", "one check fails on purpose (vesterbro), one warns: nobody gets the alarms"),
)
"""Commands of `connector` to explore the stack, and what each shows."""


def main() -> int:
    """Start the stack, run the scenario of the demo, print commands to explore it, and leave it running."""
    console = Console(width=160 if not sys.stdout.isatty() else None)
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
        except KeyboardInterrupt:
            if stack is not None:
                laptop.stop(stack)
            console.print("Stopped. Nothing is left running; `make up` begins anew.")
            return INTERRUPTED
    # Commands are copied from here.
    console.print(guide(stack), highlight=False, markup=False, soft_wrap=True)
    return 0


def guide(stack: laptop.Stack) -> str:
    """The exports for a shell, and commands to try."""
    exports = "\n".join(f"  export {name}={value}" for name, value in stack.environment.items())
    tour = "\n".join(f"  # {what}\n  .venv/bin/connector {command}" for command, what in TOUR)
    return f"""
Paste this into your shell:
{exports}
  export VISMA={stack.visma.url}
  export ORDERFUL={stack.orderful.url}

Then, for example:
{tour}
  curl -s $ORDERFUL/_sandbox/transactions | python3 -m json.tool | head -40

Put an order into the sandbox Visma. It is at Orderful within two minutes:
  curl -s -X POST $VISMA/_sandbox/documents -H 'Content-Type: application/json' \\
    -d @demo/order.json
  .venv/bin/connector documents trace 500200      # two minutes later

docs/laptop.md has more to type: a change (860), an unconfirmed document, a hold, a dead letter.
`make up` prints this again; `make down` ends everything."""


if __name__ == "__main__":
    sys.exit(main())
