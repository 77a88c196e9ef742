"""Reasons by their codes: the option that lists by one, how they are shown, and the page that explains them.

python -m connector.cli.reasons > docs/reasons.md
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from connector.cli.output import WrongInput
from connector.domain.reasons import Reason

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _known(_context: click.Context, _option: click.Parameter, code: str | None) -> str | None:
    if code is None:
        return None
    code = code.lower()
    if code not in list(Reason):
        raise WrongInput(f"No reason has the code '{code}'; docs/reasons.md lists them.")
    return code


def reason_filter(*names: str) -> Callable[[_Command], _Command]:
    """Give a command an option that selects by a reason code, under these names."""
    return click.option(
        *names, metavar="CODE", callback=_known, help="Only those with this reason, one of docs/reasons.md."
    )


reason_option = reason_filter("--reason")
"""Give a command the option `--reason CODE`."""


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
`--reason CODE`; `--json` has them as `reason_codes`. Records of releases without codes have none.

```
connector documents list --state SKIPPED --reason send-off --partner acme   # what routing keeps from leaving
connector documents list --reason unmapped-partner
connector changes list --reason price-beyond-limit
```

What to do about the one document is said by its next step; here it is said in general.

| code | what | means | what to do |
|---|---|---|---|
"""


if __name__ == "__main__":
    click.echo(page(), nl=False)
