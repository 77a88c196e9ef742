"""`connector deadletters`: what the queues gave up, and a person's word about it. No body is ever shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click
import msgspec

from connector.cli.documents.columns import as_csv
from connector.cli.logs.search import patterns_of, search
from connector.cli.output import (
    FAILED,
    PARKED,
    Failed,
    WrongInput,
    go_on,
    json_option,
    say,
    show,
    table,
    timestamp,
)
from connector.cli.people import by_option, can_have_reason, decider, reason, reason_option
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.errors import ConnectorError
from connector.domain.layout import counted
from connector.services.dead_letters import (
    DeadLetter,
    DeadLetters,
    Dropped,
    Moved,
    Queue,
    Standing,
    next_step,
    standing,
)
from connector.services.decider import Decider
from connector.services.messages import ChangeMessage, DeliveryMessage, HintMessage

_SHOWN = 50
_MAX_LOOKED_AT = 1_000
"""Letters of one queue among which those of a document are looked for."""

_LOOK_AROUND = timedelta(hours=1)
"""How far from the time when a dead letter was given up its last failure is looked for in the logs."""

_PROGRESS = 100

_COLUMNS = (
    *("queue", "message_id", "what", "document", "sequence", "transaction_id", "tries", "given_up", "kept_until"),
    *("state", "why", "next_step"),
)
"""The columns of `--csv`."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A dead letter with all that is known of it."""

    dead_letter: DeadLetter
    stands: Standing
    why: str | None
    kept_until: datetime
    begun: Dropped | None

    @property
    def step(self) -> str:
        step = next_step(self.dead_letter, self.stands)
        if self.begun is None:
            return step
        one = self.begun
        who = f"{one.by} ({one.caller})"
        return f'A drop was begun at {timestamp(one.at)} by {who} and not confirmed: "{one.reason}". {step}'


@click.group(short_help="What the queues gave up.")
def deadletters() -> None:
    """Dead letters: messages that a queue gave up, because they failed too often."""


_queue_option = click.option(
    "--queue", type=click.Choice([one.value for one in Queue]), help="Only of this queue; callbacks are among changes."
)


@deadletters.command("list", short_help="List what was given up, why, and what to do.")
@_queue_option
@click.option("--limit", type=click.IntRange(min=1, max=_MAX_LOOKED_AT), default=_SHOWN, show_default=True)
@click.option("--dropped", is_flag=True, help="Those that persons have dropped instead.")
@click.option("--csv", "as_csv_file", is_flag=True, help="As CSV.")
@stack_option
@json_option
def list_dead_letters(
    *, queue: str | None, limit: int, dropped: bool, as_csv_file: bool, stack: Stack, as_json: bool
) -> int:
    """List dead letters: which document or change, how often it was tried, since when, why, and what to do.

    The reason is that of the ledger, or else of the log. Nobody else gets a dead letter while it is looked at. Exit
    code: 3 when there is one.
    """
    if as_csv_file and (as_json or dropped):
        raise WrongInput("--csv cannot be combined with --json or --dropped.")
    if dropped:
        return _list_dropped(stack, limit, as_json=as_json)
    shown: list[_Shown] = []
    left = 0
    for dead_letters in _queues(stack, queue):
        count = dead_letters.count()
        found = _look(dead_letters, limit - len(shown))
        shown += _known(stack, dead_letters.queue, found, count.kept_for)
        left += max(count.waiting + count.in_flight - len(found), 0)
    if as_csv_file:
        click.echo(as_csv([_data(one) for one in shown], _COLUMNS), nl=False)
        if left:
            say(_rest(left))
        return PARKED if shown or left else 0
    show(
        {"letters": [_data(one) for one in shown], "more": left},
        lambda: "\n".join(filter(None, [_table(shown), _rest(left)])) or "No queue has given up anything.",
        as_json=as_json,
    )
    return PARKED if shown or left else 0


def _rest(left: int) -> str:
    if not left:
        return ""
    return (
        f"About {left} more: --limit, --queue; or they wait behind one of their document, or somebody else looks at "
        f"them (for two minutes at most)."
    )


def _table(shown: Sequence[_Shown]) -> str:
    if not shown:
        return ""
    rows = [
        (
            one.dead_letter.queue,
            one.dead_letter.message_id,
            one.dead_letter.what,
            one.dead_letter.tries,
            one.dead_letter.since,
            _said(one),
        )
        for one in shown
    ]
    return table(("queue", "message", "what", "tries", "given up", "why"), rows, steps=[one.step for one in shown])


def _said(one: _Shown) -> str:
    return ": ".join(filter(None, [one.stands.state, one.why])) or "not known"


def _data(one: _Shown) -> dict[str, Any]:
    dead_letter = one.dead_letter
    message = dead_letter.message
    return {
        "queue": dead_letter.queue,
        "message_id": dead_letter.message_id,
        "what": dead_letter.what,
        "document": str(dead_letter.key) if dead_letter.key else None,
        "sequence": message.sequence if isinstance(message, DeliveryMessage) else None,
        "transaction_id": dead_letter.transaction_id,
        "tries": dead_letter.tries,
        "given_up": dead_letter.since,
        "kept_until": one.kept_until,
        "state": one.stands.state,
        "why": one.why,
        "drop_begun": one.begun
        and {"at": one.begun.at, "by": one.begun.by, "caller": one.begun.caller, "reason": one.begun.reason},
        "next_step": one.step,
    }


def _list_dropped(stack: Stack, limit: int, *, as_json: bool) -> int:
    found = stack.drops.newest(limit)
    show(
        [msgspec.structs.asdict(one) for one in found],
        lambda: (
            table(
                ("given up", "queue", "message", "what", "dropped", "by", "aws says", "why"),
                [(o.given_up, o.queue, o.message_id, o.what, _when(o), o.by, o.caller, o.reason) for o in found],
            )
            if found
            else "Nobody has dropped a dead letter."
        ),
        as_json=as_json,
    )
    return 0


def _when(one: Dropped) -> str:
    return timestamp(one.at) if one.is_confirmed else f"begun {timestamp(one.at)}, not confirmed"


# -- what is known of them --------------------------------------------------------------------------------------------


def _known(stack: Stack, queue: Queue, dead_letters: Sequence[DeadLetter], kept_for: timedelta) -> list[_Shown]:
    stands = {one.message_id: _standing(stack, one) for one in dead_letters}
    unknown = [one for one in dead_letters if not stands[one.message_id].why]
    logged = _logged(stack, queue, unknown)
    begun = stack.drops.of(dead_letters)
    return [
        _Shown(
            dead_letter=one,
            stands=stands[one.message_id],
            why=stands[one.message_id].why or logged.get(one.message_id),
            kept_until=one.since + kept_for,
            begun=begun.get(one.message_id),
        )
        for one in dead_letters
    ]


def _standing(stack: Stack, dead_letter: DeadLetter) -> Standing:
    """How what a dead letter is about stands: one revision, or one change."""
    message = dead_letter.message
    if isinstance(message, DeliveryMessage):
        revision = stack.ledger.get(message.key, message.sequence)
        return standing(dead_letter, [revision] if revision else [], [])
    if isinstance(message, ChangeMessage):
        change = stack.changes.get(message.key, message.transaction_id)
        return standing(dead_letter, [], [change] if change else [])
    return Standing()


def _logged(stack: Stack, queue: Queue, dead_letters: Sequence[DeadLetter]) -> Mapping[str, str]:
    """The last reason that the function wrote about each dead letter before it was given up."""
    if not dead_letters:
        return {}
    times = [one.since for one in dead_letters]
    filters = [{"message_id": one.message_id} for one in dead_letters]
    try:
        found = search(
            stack,
            [queue.function],
            list(patterns_of(filters)),
            since=min(times) - _LOOK_AROUND,
            until=max(times) + _LOOK_AROUND,
        )
    except ConnectorError as error:
        say(f"The log of {queue.function} could not be searched for reasons. {error}")
        return {}
    ids = {one.message_id for one in dead_letters}
    return {
        line.fields["message_id"]: str(line.fields["reason"])
        for line in found.lines
        if line.fields.get("message_id") in ids and line.fields.get("reason")
    }


# -- which are meant --------------------------------------------------------------------------------------------------


def _queues(stack: Stack, named: str | None) -> Iterator[DeadLetters]:
    return (stack.dead_letters(queue) for queue in Queue if named in {None, queue.value})


def _look(dead_letters: DeadLetters, most: int) -> list[DeadLetter]:
    """Some dead letters of a queue, as they lie: they are held only for as long as it takes to find them."""
    found: list[DeadLetter] = []
    try:
        while len(found) < most and (some := dead_letters.hold(most - len(found))):
            found += some
    finally:
        dead_letters.give_back(found)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meant:
    """Which dead letters a person means.

    Attributes:
        queue: Of which queue; None: of any.
        name: Their message, document or transaction; None: all of the queue.
        subject: What the name stands for, once that is known; None: anything.
        is_drop: They are to be deleted: a callback is meant by its message id only.
        until: Given up before then; what comes later nobody was shown. None: whenever.
    """

    queue: str | None
    name: str | None
    subject: str | None = None
    is_drop: bool = False
    until: datetime | None = None

    def matches(self, dead_letter: DeadLetter) -> bool:
        is_early = self.until is None or dead_letter.since <= self.until
        subject = self._subject(dead_letter)
        return is_early and (self.name is None or (subject is not None and self.subject in {None, subject}))

    def _subject(self, dead_letter: DeadLetter) -> str | None:
        subject = dead_letter.subject(self.name) if self.name else None
        is_callback = isinstance(dead_letter.message, HintMessage)
        return dead_letter.message_id if subject and is_callback and self.is_drop else subject

    def of_one(self, dead_letters: Sequence[DeadLetter]) -> _Meant:
        """Only those of the one document or transaction that the name stands for.

        Raises:
            WrongInput: it stands for several, or for a callback that is to be dropped.
        """
        if self.name is None or not dead_letters:
            return self
        subjects = {str(self._subject(one)) for one in dead_letters}
        if self.name in subjects:
            return replace(self, subject=self.name)
        names = ", ".join(dict.fromkeys(map(self._to_type, dead_letters)))
        if len(subjects) > 1:
            raise WrongInput(
                f"Several documents or transactions have the number {self.name}: {names}; name one of them."
            )
        if self.is_drop and isinstance(dead_letters[0].message, HintMessage):
            raise WrongInput(f"A callback is dropped by its message id only: {names}")
        return replace(self, subject=subjects.pop())

    def _to_type(self, dead_letter: DeadLetter) -> str:
        """What means a dead letter and nothing of another document or transaction."""
        key = str(dead_letter.key)
        return key if self._subject(dead_letter) == key else f"{dead_letter.message_id} ({dead_letter.what})"

    def as_shown(self, stack: Stack, shown: Sequence[_Shown]) -> _Meant:
        """Only those that were there when a person was shown some of them; SQS has a clock of its own."""
        return replace(self, until=max([stack.clock.now(), *(one.dead_letter.since for one in shown)]))


def _preview(stack: Stack, meant: _Meant) -> tuple[_Meant, list[_Shown], int]:
    """Which dead letters are meant, some of them, and about how many there are.

    Raises:
        Failed: there is none.
        WrongInput: the name stands for several documents or transactions.
    """
    found: list[tuple[DeadLetters, list[DeadLetter], timedelta]] = []
    total = 0
    for dead_letters in _queues(stack, meant.queue):
        count = dead_letters.count()
        looked_at = _look(dead_letters, _SHOWN if meant.name is None else _MAX_LOOKED_AT)
        found.append((dead_letters, [one for one in looked_at if meant.matches(one)], count.kept_for))
        if meant.name is None:
            total += max(count.waiting - len(looked_at), 0)
        elif len(looked_at) == _MAX_LOOKED_AT:
            say(f"Only the first {_MAX_LOOKED_AT:,} dead letters of the queue {dead_letters.queue} were looked at.")
    meant = meant.of_one([one for _, some, _ in found for one in some])
    shown: list[_Shown] = []
    for dead_letters, some, kept_for in found:
        suitable = [one for one in some if meant.matches(one)]
        shown += _known(stack, dead_letters.queue, suitable[: _SHOWN - len(shown)], kept_for)
        total += len(suitable)
    if not total:
        of = f" of {meant.name}" if meant.name else ""
        where = f"the queue {meant.queue}" if meant.queue else "any queue"
        raise Failed(
            f"There is no dead letter{of} in {where}, or somebody else looks at it, for two minutes at most. All of "
            "them: connector deadletters list"
        )
    say(_table(shown))
    if total > len(shown):
        say(f"{total - len(shown)} more")
    return meant.as_shown(stack, shown), shown, total


def _carried_out(
    stack: Stack, meant: _Meant, act: Callable[[DeadLetters, Sequence[DeadLetter]], Mapping[str, str]], total: int
) -> Moved:
    """Do something with each dead letter that is meant, as many at a time as one call of SQS gives.

    Dead letters that are not meant are held until the end, so that no call gives them again.
    """
    moved = Moved(failed={})
    for dead_letters in _queues(stack, meant.queue):
        others: list[DeadLetter] = []
        try:
            while len(others) < _MAX_LOOKED_AT and (some := dead_letters.hold(_MAX_LOOKED_AT - len(others))):
                wanted = [one for one in some if meant.matches(one)]
                failed = act(dead_letters, wanted) if wanted else {}
                others += [one for one in some if one not in wanted or one.message_id in failed]
                before, moved = moved.done, moved.plus(wanted, failed)
                if moved.done // _PROGRESS > before // _PROGRESS:
                    say(f"{moved.done} of about {total} ...")
        finally:
            dead_letters.give_back(others)
    return moved


# -- commands ---------------------------------------------------------------------------------------------------------


def _acting(command: _Command) -> _Command:
    for option in (
        json_option,
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option("--dry-run", is_flag=True, help="Say what would be done; do nothing."),
        stack_option,
        _queue_option,
        click.argument("name", metavar="[MESSAGE_OR_KEY]", required=False),
    ):
        command = option(command)
    return command


@deadletters.command("redrive", short_help="Put dead letters back into their queues.")
@_acting
def redrive_dead_letters(
    *, name: str | None, queue: str | None, stack: Stack, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Put dead letters back into the queues that they came from, once the cause is gone.

    MESSAGE_OR_KEY is the id of a message, a document or its number, or a transaction; without it, all of --queue. A
    number that several documents or transactions have is refused. Those of one document keep their order. A dead
    letter that cannot be put back stays. Putting one back twice does nothing twice.
    """
    if name is None and queue is None:
        raise WrongInput("Name a message or a document, or all of a queue with --queue.")
    meant, _, total = _preview(stack, _Meant(queue=queue, name=name))
    say(f"{_dead_letters(total)} would go back, and be tried anew from the first time on.")
    moved = Moved(failed={})
    if not dry_run:
        go_on(stack.title, yes=yes)
        moved = _carried_out(stack, meant, lambda dead_letters, some: dead_letters.send_back(some), total)
    return _ended(moved, total, "put back", dry_run=dry_run, as_json=as_json)


@deadletters.command("drop", short_help="Delete dead letters for good.")
@_acting
@by_option
@reason_option("Why; it is kept, in the ledger if it knows the document.")
def drop_dead_letters(
    *,
    name: str | None,
    queue: str | None,
    by: str | None,
    why: str | None,
    stack: Stack,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Delete dead letters for good: of one message, document or transaction, never a whole queue.

    MESSAGE_OR_KEY as in `redrive`, but a callback is dropped by its message id only. A document or a callback may be
    stored nowhere else. Who dropped what and why is kept in the history of the document or change, and in any case in
    `connector deadletters list --dropped`.
    """
    if name is None:
        raise WrongInput("Name a message or a document: a whole queue is never dropped.")
    if not dry_run:
        can_have_reason(why)
    meant, shown, total = _preview(stack, _Meant(queue=queue, name=name, is_drop=True))
    say(f"{_dead_letters(total)} would be deleted for good.")
    if any(not one.stands.is_over for one in shown):
        say("Some of it is not over: what it asks for is not done, unless something else asks for it.")
    moved = Moved(failed={})
    if not dry_run:
        because = reason(why)
        go_on(stack.title, yes=yes)
        who = Decider(*decider(stack, by), because)
        moved = _carried_out(stack, meant, lambda dead_letters, some: _dropped(stack, dead_letters, some, who), total)
    return _ended(moved, total, "dropped", dry_run=dry_run, as_json=as_json)


def _dropped(stack: Stack, dead_letters: DeadLetters, some: Sequence[DeadLetter], who: Decider) -> Mapping[str, str]:
    """Write down who drops which dead letter, only then delete it, and confirm that."""
    begun: dict[str, Dropped] = {}
    failed: dict[str, str] = {}
    for one in some:
        record = Dropped(
            at=stack.clock.now(),
            queue=one.queue,
            message_id=one.message_id,
            given_up=one.since,
            what=one.what,
            by=who.name,
            caller=who.caller,
            reason=who.reason or "",
        )
        try:
            stack.drops.put(record)
            _noted(stack, one, who.note(f"drop of a dead letter of the queue {one.queue} begun by"))
            begun[one.message_id] = record
        except ConnectorError as error:
            failed[one.message_id] = str(error)
    failed |= dead_letters.delete([one for one in some if one.message_id in begun])
    for name, record in begun.items():
        if name in failed:
            continue
        try:
            stack.drops.put(msgspec.structs.replace(record, is_confirmed=True))
        except ConnectorError as error:
            say(f"{name} is deleted, but its record still says that the drop is begun. {error}")
    return failed


def _noted(stack: Stack, dead_letter: DeadLetter, note: str) -> None:
    """Put it into the history of the revision or change that the dead letter is about, where the ledger knows one."""
    message = dead_letter.message
    now = stack.clock.now()
    if isinstance(message, ChangeMessage | HintMessage):
        order = message.key if isinstance(message, ChangeMessage) else stack.changes.known(message.transaction_id)
        known = stack.changes.of_order(order) if order else ()
        for change in known:
            if message.transaction_id in change.names:
                stack.changes.save(change.moved(change.state, now=now, note=note))
        return
    if message is None:
        return
    if isinstance(message, DeliveryMessage):
        revision = stack.ledger.get(message.key, message.sequence)
    else:
        revision = next(iter(stack.ledger.revisions(message.key, limit=1)), None)
    if revision is not None:
        stack.ledger.move(revision, revision.state, now=now, note=note)


def _ended(moved: Moved, total: int, done: str, *, dry_run: bool, as_json: bool) -> int:
    show(
        {
            "planned": total,
            "done": moved.done,
            "failed": [{"message_id": k, "why": w} for k, w in moved.failed.items()],
        },
        lambda: "\n".join(
            [
                "Nothing was done (--dry-run)."
                if dry_run
                else f"{_dead_letters(moved.done)} {done}, {len(moved.failed)} failed.",
                *(f"  {name}: {why}" for name, why in moved.failed.items()),
            ]
        ),
        as_json=as_json,
    )
    return FAILED if moved.failed else 0


def _dead_letters(number: int) -> str:
    return counted(number, "dead letter")
