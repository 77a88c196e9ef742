"""When the tracker checks a sent document: by its age, so that a check without a new status writes nothing.

* A young document is checked by every run.
* An older one that is on its way is checked when its age passes one of `LOOKS`: each run reads, for each of these ages,
  only the documents that passed it since the previous run.
* One that waits for a person (refused, superseded after that, or in need of attention) is checked in hourly passes, so
  that a person's act at Orderful is seen soon. Documents older than a week are checked in daily passes. Each run reads
  a few documents of a pass, however many there are.

So the work of a run is bounded, however many documents are open. A window is a range of sort keys (`place_of`) in some
of the lists; the tracker stores how far it has read each window.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from connector.domain.revision.record import FOLLOWED, MAY_NEED_ATTENTION, State, attention_list, place_at, state_list

LOOKS = (
    *(timedelta(minutes=minutes) for minutes in (30, 45, 60, 90)),
    *(timedelta(hours=hours) for hours in (2, 3, 4, 6, 8, 12, 18, 24, 36, 48)),
    *(timedelta(days=days) for days in (3, 4, 5, 7, 10, 14, 21, 30)),
)
"""Ages at which a document on its way is checked; a younger one is checked by every run."""

MAX_PER_WINDOW = 1_000
"""Most revisions of one window that one run reads; the next run continues."""

MAX_PER_PASS = 200
"""The same for a pass over documents that wait for a person or are old."""

# An earlier release had one list for each state: its revisions stay in those lists until they are written again.
_ON_THEIR_WAY = tuple(
    dict.fromkeys(name for one in FOLLOWED if one is not State.REJECTED for name in (state_list(one), one.value))
)
_WITH_A_PERSON = (
    State.REJECTED.value,
    State.SUPERSEDED.value,  # what was refused may still be sent by hand
    *dict.fromkeys(attention_list(state) for state in MAY_NEED_ATTENTION if state in FOLLOWED),
)
LISTS = (*_ON_THEIR_WAY, *_WITH_A_PERSON)
"""The lists of revisions that the tracker looks up at Orderful."""

_YOUNG, _PERSON, _OLD = "young", "person", "old"
_OLD_FROM = timedelta(days=7)
_EVERY = {_PERSON: timedelta(hours=1), _OLD: timedelta(days=1)}
_NEXT = "next"


@dataclass(frozen=True, slots=True)
class Window:
    """A range of sort keys for one run: from `after` to `before`, in `lists`.

    Attributes:
        name: `young`, `person`, `old`, or an age in seconds.
        most: Most revisions that one run reads.
    """

    name: str
    lists: tuple[str, ...]
    after: str
    before: str
    _: KW_ONLY
    most: int = MAX_PER_WINDOW

    @property
    def is_pass(self) -> bool:
        """Whether it is a repeated pass, so that a document that was left out is checked by the next pass."""
        return self.name in _EVERY


def windows(progress: Mapping[str, str], *, now: datetime) -> list[Window]:
    """The windows of this run; the first one is where the previous run ran out of calls.

    Args:
        progress: The stored progress of earlier runs (`done`, `stopped`, `begin_with`).
        now: The time, UTC.
    """
    young, old = place_at(now - LOOKS[0]), place_at(now - _OLD_FROM)
    found = [
        Window(_YOUNG, LISTS, max(progress.get(_YOUNG, ""), young), place_at(now + timedelta(microseconds=1))),
        Window(_PERSON, _WITH_A_PERSON, max(progress.get(_PERSON, ""), old), young, most=MAX_PER_PASS),
        Window(_OLD, LISTS, progress.get(_OLD, ""), old, most=MAX_PER_PASS),
    ]
    for age, following in pairwise((*LOOKS, LOOKS[-1] + timedelta(days=1))):
        name = str(int(age.total_seconds()))
        # Documents that also passed the next age are read there: after a long pause, each is checked once.
        after = max(progress.get(name, ""), place_at(now - following))
        found.append(Window(name, _ON_THEIR_WAY, after, place_at(now - age)))
    found = [window for window in found if window.after < window.before and _is_due(window, progress, now)]
    first = next((at for at, window in enumerate(found) if window.name == progress.get(_NEXT)), 0)
    return found[first:] + found[:first]


def done(progress: MutableMapping[str, str], window: Window, *, now: datetime, found: bool) -> None:
    """Store that a window was read to its end; an empty window needs no entry."""
    if window.name in _EVERY:
        if found or window.name in progress:
            progress[_ended(window.name)] = place_at(now)
        progress.pop(window.name, None)
    elif window.name == _YOUNG:
        progress.pop(window.name, None)
    elif found:
        progress[window.name] = window.before


def stopped(progress: MutableMapping[str, str], window: Window, *, at: str | None) -> None:
    """Store that a window was read up to the sort key `at`, or not at all (None); the next run continues."""
    if at is not None:
        progress[window.name] = at


def begin_with(progress: MutableMapping[str, str], window: Window | None) -> None:
    """Store with which window the next run begins: one that this run did not reach; None for the first."""
    if window is None:
        progress.pop(_NEXT, None)
    else:
        progress[_NEXT] = window.name


def _is_due(window: Window, progress: Mapping[str, str], now: datetime) -> bool:
    """Whether a pass continues or may begin again; other windows are always due."""
    if window.name not in _EVERY or window.name in progress:
        return True
    return progress.get(_ended(window.name), "") <= place_at(now - _EVERY[window.name])


def _ended(name: str) -> str:
    return f"{name} ended"
