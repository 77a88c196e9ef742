"""Reasons by their codes: the option that lists by one, how they are shown, and the page that explains them.

python -m connector.cli.reasons > docs/reasons.md
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

import click

from connector.cli.completion import one_of
from connector.cli.output import WrongInput
from connector.domain.reasons import Reason

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _known(_context: click.Context, _option: click.Parameter, code: str | None) -> str | None:
    if code is None:
        return None
    code = code.lower()
    if code not in list(Reason):
        near = get_close_matches(code, list(Reason), cutoff=0.5)
        meant = f"Did you mean {' or '.join(near)}? " if near else ""
        raise WrongInput(f"No reason has the code '{code}'. {meant}docs/reasons.md lists them.")
    return code


def code_filter(*former: str) -> Callable[[_Command], _Command]:
    """Give a command the option `--code`, which selects by a reason code; the command reads it with `taken_code`.

    Args:
        former: Former names of the option: they are taken and not shown.
    """
    option = click.option(
        "--code",
        metavar="CODE",
        callback=_known,
        shell_complete=one_of(lambda: [reason.value for reason in Reason]),
        help="Only those with this reason, one of docs/reasons.md.",
    )
    if not former:
        return option
    return lambda command: option(click.option(*former, "former_code", hidden=True, callback=_known)(command))


def taken_code(given: dict[str, Any]) -> str | None:
    """Take what `code_filter` was given out of the arguments of a command."""
    former: str | None = given.pop("former_code", None)
    code: str | None = given.pop("code")
    return code or former


def with_labels(codes: Sequence[str]) -> str | None:
    """Codes with what they mean in a few words; a code of a later release stands alone."""
    known = {one.value: one for one in Reason}
    return "; ".join(f"{code} ({known[code].label})" if code in known else code for code in codes) or None


def page() -> str:
    """All reasons as Markdown, by their codes."""
    rows = [f"| `{one}` | {one.label} | {one.meaning} | {one.action} |" for one in sorted(Reason)]
    return _HEAD + "\n".join(rows) + "\n"


_HEAD = """# Reasons

Made of the code by `python -m connector.cli.reasons > docs/reasons.md`; a test fails when it is stale.

Every document that is parked, rejected, skipped, from before go-live or in need of attention has the code of its
reason, and so has every incoming transaction that is parked, refused, closed or in need of a person. An incoming change
may have several; the one that decided comes first. A code keeps its name and meaning from one release to the next, the
sentence beside it may change. `connector documents list` and `connector changes list` show the codes and take
`--code CODE`; `--json` has them as `reason_codes`. Records of releases without codes have none.

```
connector documents list --state SKIPPED --code send-off --partner acme   # what routing keeps from leaving
connector documents list --code unmapped-partner
connector changes list --code price-beyond-limit
```

What to do about the one document is said by its next step; here it is said in general.

| code | what | means | what to do |
|---|---|---|---|
"""


if __name__ == "__main__":
    click.echo(page(), nl=False)
