"""Which document a person means, and everything that the ledger has of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import click

from connector.cli.documents.unseen import Wanted, seen_by_visma, why_unseen
from connector.cli.output import Failed, WrongInput, say, show
from connector.cli.stack.stack import Stack
from connector.domain.documents import MAX_NUMBER_LENGTH, TOO_LONG, DocumentKey, Kind
from connector.domain.order_change.record import Change, apply_order
from connector.domain.revision.record import Revision

_Command = TypeVar("_Command", bound=Callable[..., Any])

_ALL_REVISIONS = 1000


def ask_option(command: _Command) -> _Command:
    """Add `--ask-visma`."""
    return click.option("--ask-visma", is_flag=True, help="Ask Visma for a document that the ledger does not know.")(
        command
    )


class Record(NamedTuple):
    """Everything the ledger has under one key: revisions newest first, changes in the order in which they apply."""

    key: DocumentKey
    revisions: Sequence[Revision]
    changes: Sequence[Change]


def record_named(stack: Stack, text: str, *, ask_visma: bool = False) -> Record:
    """What the ledger has of the document that `text` names.

    Args:
        stack: Where it is.
        text: Its key, its number, or the id of a transaction of it at Orderful.
        ask_visma: Visma is asked for a document that the ledger does not know.

    Raises:
        WrongInput: the text looks like a key and is none, or several documents have the number.
        Failed: the ledger knows no such document; says why that may be.
    """
    key = key_of(text)
    records = [_of(stack, one) for one in ([key] if key else _of_number(stack, text))]
    # What came in may speak of any number; it only counts where nothing of ours has it.
    found = [one for one in records if one.revisions] or [one for one in records if one.changes]
    if not found and key is None:
        found = [_of(stack, one) for one in _of_transaction(stack, text)]
    if not found:
        check_is_no_half_key(text)
        _check_zeros(stack, key, text)
        wanted = Wanted(key.number, key.company, key.kind) if key else Wanted(text)
        under = (
            ""
            if key
            else " under the companies in force (of another one: give company/kind/number), and no such transaction"
        )
        if len(wanted.number) > MAX_NUMBER_LENGTH:
            why = f"Its number has {len(wanted.number)} characters: {TOO_LONG}"
        else:
            why = seen_by_visma(stack, wanted) if ask_visma else f"{_asking(text)}\n{why_unseen(stack, wanted)}"
        raise Failed(f"The ledger knows no document {text}{under}.\n{why}")
    if len(found) > 1:
        named = ", ".join(str(record.key) for record in found)
        raise WrongInput(f"Several documents have the number {text}: {named}; name one of them.")
    return found[0]


def _check_zeros(stack: Stack, key: DocumentKey | None, text: str) -> None:
    """Name the document that has the number without its leading zeros, where there is one; raises `Failed`."""
    number = key.number if key else text
    short = number.lstrip("0")
    if short in {"", number}:
        return
    for one in [replace(key, number=short)] if key else _of_number(stack, short):
        if stack.ledger.revisions(one, limit=1):
            raise Failed(f"The ledger knows no document {text}. Without leading zeros it knows {one}.")


def of_each(names: Sequence[str], show_one: Callable[[str], tuple[Any, Callable[[], str]]], *, as_json: bool) -> int:
    """Show one document, or several one after the other; one that cannot be shown is told of and stops no other.

    Args:
        names: As a person wrote them.
        show_one: Makes of a name the data and the text to show; raises a `ClickException` where it cannot.
        as_json: One document as an object, several as a list.

    Returns:
        The exit code: that of the last problem.
    """
    if len(names) == 1:
        data, text = show_one(names[0])
        show(data, text, as_json=as_json)
        return 0
    code, found = 0, []
    for name in names:
        try:
            found.append(show_one(name))
        except click.ClickException as problem:
            say(problem.format_message())
            code = problem.exit_code
    show([data for data, _ in found], lambda: "\n\n\n".join(text() for _, text in found), as_json=as_json)
    return code


def _asking(text: str) -> str:
    return f"Ask Visma for it: connector documents show {shlex.quote(text)} --ask-visma"


def revision_of(
    record: Record,
    sequence: int | None,
    suits: Callable[[Revision], bool] = lambda _: True,
    what: str = "is in the ledger",
) -> Revision:
    """The revision that is named by its number, or the newest that suits.

    Raises:
        Failed: there is none.
    """
    for one in record.revisions:
        if (sequence is None and suits(one)) or sequence == one.sequence:
            return one
    if sequence is not None:
        raise Failed(f"{record.key} has no revision {sequence}.")
    raise Failed(f"No revision of {record.key} {what}.")


def _of(stack: Stack, key: DocumentKey) -> Record:
    return revisions_of(stack, key)._replace(changes=apply_order(stack.changes.of_order(key)))


def revisions_of(stack: Stack, key: DocumentKey) -> Record:
    """What the ledger has of a document, without the changes that came in for it."""
    return Record(key, stack.ledger.revisions(key, limit=_ALL_REVISIONS), ())


def key_of(text: str) -> DocumentKey | None:
    """The key that a text is; None for a number, which may have the signs of a key too."""
    try:
        return DocumentKey.parse(text)
    except ValueError:
        return None


def check_is_no_half_key(text: str) -> None:
    """Refuse what is the number of no document when it looks like a key; raises `WrongInput`."""
    if key_of(text) is None and ("/" in text or "#" in text):
        raise WrongInput(
            f"'{text}' is no key, and no document has this number; write company/kind/number with one of "
            f"{', '.join(Kind)}."
        )


def _of_transaction(stack: Stack, text: str) -> list[DocumentKey]:
    """The document to which a transaction at Orderful belongs, one that was sent or one that came in; none without."""
    owner = stack.ledger.owners([text]).get(text)
    key = owner.key if owner is not None else stack.changes.known(text)
    return [key] if key is not None else []


def _of_number(stack: Stack, text: str) -> Iterator[DocumentKey]:
    for company in stack.routing.load().companies:
        for kind in Kind:
            # The number on paper has no type in front; the key of everything but a plain invoice has.
            types = [word for word in kind.facts.types if word != kind.facts.plain_type]
            typed = [f"{word}:{text}" for word in types] if ":" not in text else []
            for number in (text, *typed):
                yield DocumentKey(company, kind, number)
