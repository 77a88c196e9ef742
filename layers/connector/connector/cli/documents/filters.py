"""Which documents a person means: the filters that `list` and the commands for many documents have in common."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

import click

from connector.cli.completion import some_of
from connector.cli.kinds import listed_kind_option
from connector.cli.output import WrongInput, say
from connector.cli.reasons import code_filter, taken_code
from connector.cli.stack.stack import Stack
from connector.cli.times import window
from connector.domain.documents import Kind
from connector.domain.errors import NoRouting
from connector.domain.revision.record import State
from connector.domain.routing.resolve import Routing
from connector.services.listing import AmountRange, Found, Selection, is_on_record

_Command = TypeVar("_Command", bound=Callable[..., Any])
_State = TypeVar("_State", bound=StrEnum)

_LIKE = 0.5
"""How much a name is like one that is meant; 1 is the same."""


def state_option(known: Iterable[_State], help_text: str) -> Callable[[_Command], _Command]:
    """Add `--state`, each with one or several of the known states; the command gets them as `states`."""
    by_word = {one.value: one for one in known}

    def states(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> frozenset[_State]:
        words = [word.strip().upper() for text in given for word in text.split(",")]
        for word in words:
            if word not in by_word:
                raise WrongInput(f"There is no state '{word}'. {_instead(word, by_word)}")
        return frozenset(by_word[word] for word in words)

    return click.option(
        "--state",
        "states",
        metavar="STATE[,STATE...]",
        multiple=True,
        callback=states,
        shell_complete=some_of(by_word),
        help=help_text,
    )


def _amounts(_context: click.Context, _option: click.Parameter, text: str | None) -> AmountRange | None:
    """A range of amounts: `1000`, `1000..5000`, `1000..` or `..5000`; raises `WrongInput`."""
    if text is None:
        return None
    least, dots, most = text.partition("..")
    try:
        bounds = [Decimal(one.strip()) if one.strip() else None for one in (least, most if dots else least)]
    except InvalidOperation:
        bounds = [None, None]
    if bounds == [None, None] or any(one is not None and not one.is_finite() for one in bounds):
        raise WrongInput(f"'{text}' is no amount; write 1000, 1000..5000, 1000.. or ..5000.")
    given = [one for one in bounds if one is not None]
    if given[0] > given[-1] or given[0] < 0:
        raise WrongInput(f"'{text}' is no range: amounts are compared without their sign, the smaller one is first.")
    return AmountRange(*bounds)


def say_what_is_unknown(found: Found, wanted: Selection) -> None:
    """Tell the person of documents that may be meant too, and that the filters could not be applied to."""
    if found.of_nobody:
        say(
            f"{found.of_nobody} more {'wait' if found.of_nobody > 1 else 'waits'} for a person without a known partner "
            f"and may be for {wanted.partner}. The list without --partner shows them."
        )
    if found.of_unknown_amount:
        say(
            f"{found.of_unknown_amount} more may have such an amount: what is payable cannot be worked out. The list "
            f"without --amount shows them."
        )


READS_EVERYTHING = "The ledger keeps no list of what is over: this reads all of it."
"""What is said before the whole table is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What documents and changes are selected by alike.

    Attributes:
        number: The number, or what it begins with.
        since: Last written at or after.
        until: Last written before.
    """

    company: str | None
    partner: str | None
    number: str
    since: datetime | None
    until: datetime | None


def where_options(what: str) -> tuple[Callable[[_Command], _Command], ...]:
    """The options that `where` reads; `what` they are about: documents, changes."""
    return (
        click.option("--company", metavar="NAME", help=f"Only {what} of this company."),
        click.option(
            "--partner", metavar="NAME", help=f"Only {what} of this partner, those that wait for it included."
        ),
        click.option("--number", metavar="NUMBER", help="Only this number, or those that begin with it."),
        click.option(
            "--since", "since_text", metavar="TIME", help="Changed since then: 2h, 3d, 08:00, yesterday, 2026-11-28."
        ),
        click.option(
            "--until", "until_text", metavar="TIME", help="Changed until then; the day that is named included."
        ),
    )


def where(stack: Stack, routing: Routing, given: dict[str, Any], *, any_name: bool = False) -> Where:
    """Take what `where_options` were given out of the arguments of a command.

    Args:
        stack: Where documents and changes are.
        routing: The routing in force.
        given: The arguments.
        any_name: Documents that are over are wanted, so a partner's name may be on record that nothing open has.

    Raises:
        WrongInput: routing has no such name, which would find nothing and look as if there were nothing; or a time is
            none, or nothing is between the two.
    """
    company, partner = given.pop("company"), given.pop("partner")
    since_text, until_text = given.pop("since_text"), given.pop("until_text")
    _check("company", company, routing.data["companies"])
    if not is_former_name(stack, routing, partner, any_name=any_name):
        _check("partner", partner, routing.data.get("partners") or {})
    begin, end = window(since_text, until_text, stack.clock.now())
    return Where(
        company=company,
        partner=partner,
        number=given.pop("number") or "",
        since=begin,
        until=end,
    )


_FILTERS = (
    state_option(State, "Only in these states, those of documents that are over included."),
    click.option("--attention", is_flag=True, help="Only sent ones that have not arrived as expected."),
    click.option("--ended", is_flag=True, help="Also what is over; this reads the whole ledger."),
    *where_options("documents"),
    listed_kind_option("Only documents of this kind."),
    click.option(
        "--amount", metavar="FROM..TO", callback=_amounts, help="What is payable, without its sign: 1000..5000, 1000.."
    ),
)


def filter_options(*former_code: str) -> Callable[[_Command], _Command]:
    """Give a command the filters; it gets what they say as `wanted`, and the routing in force as `routing`.

    Args:
        former_code: Former names of the option `--code`.
    """
    return lambda command: _filtered(command, former_code)


def _filtered(command: _Command, former_code: tuple[str, ...]) -> _Command:
    @functools.wraps(command)
    def filtered(*, stack: Stack, **given: Any) -> Any:
        routing = routing_in_force(stack)
        kind = given.pop("kind")
        wanted = Selection(
            states=given.pop("states"),
            attention=given.pop("attention"),
            ended=given.pop("ended"),
            kind=Kind(kind) if kind else None,
            reason=taken_code(given),
            amount=given.pop("amount"),
        )
        place = where(stack, routing, given, any_name=wanted.reads_everything)
        wanted = replace(
            wanted,
            company=place.company,
            number=place.number,
            partner=place.partner,
            since=place.since,
            until=place.until,
        )
        return command(stack=stack, wanted=wanted, routing=routing, **given)

    for option in reversed((*_FILTERS, code_filter(*former_code))):
        filtered = option(filtered)
    return filtered  # type: ignore[return-value]


def is_former_name(stack: Stack, routing: Routing, partner: str | None, *, any_name: bool = False) -> bool:
    """Whether a partner's name is not in force and documents or changes are on record under it; says so."""
    if partner is None or routing.company_of(partner) is not None:
        return False
    if not any_name and not is_on_record(stack.ledger, stack.changes, routing, partner):
        return False
    near = get_close_matches(partner, routing.data.get("partners") or {}, cutoff=_LIKE)
    instead = f" Did you mean {' or '.join(near)}?" if near else ""
    say(f"The routing in force has no partner '{partner}'; meant is what is on record under this former name.{instead}")
    return True


def routing_in_force(stack: Stack) -> Routing:
    """The routing in force; one without companies where none was applied yet."""
    try:
        return stack.routing.load()
    except NoRouting:
        return Routing({"companies": {}})


def _check(what: str, name: str | None, known: Iterable[str]) -> None:
    if name is not None and name not in known:
        raise WrongInput(no_such(what, name, known))


def no_such(what: str, name: str, known: Iterable[str]) -> str:
    """That routing has no company or partner of a name, and which may have been meant."""
    return f"The routing in force has no {what} '{name}'. {_instead(name, known)}"


def _instead(word: str, known: Iterable[str]) -> str:
    """What may have been meant; everything there is where nothing is near."""
    names = [str(one) for one in known]
    near = get_close_matches(word, names, cutoff=_LIKE)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"It has {', '.join(sorted(names)[:20])}." if names else "It has none."
