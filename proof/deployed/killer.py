"""The killer: finds the workers of a deployed function, ends them, and counts the effects.

MiniStack runs a function as a process below its own process group, in a directory named after the function. What a
killed worker leaves is what Lambda leaves: the invocation ends with an error, and a queue keeps the messages hidden
until their visibility timeout is over.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from testkit.laptop.observed import MOVERS, Laptop

DIED = "Worker process died"
"""What MiniStack answers when a worker ends in the middle of an invocation."""

STARTING = "Worker process exited immediately"
"""What it answers when a worker ends before it has loaded the function."""

_SPAWNED = re.compile(r"Lambda worker spawned for (\S+) ")
_FAILED_BATCH = re.compile(r"ESM: Lambda (\S+) failed processing SQS batch .*errorMessage=(.*)")
_FIRST_SPAN = 0.4
_SPARED = 0.2
_LONGEST_SPAN = 3.0


def _none() -> Counter[str]:
    """No key is added later on: others add up the counts while they are counted."""
    return Counter(dict.fromkeys(MOVERS, 0))


@dataclass(slots=True)
class Killer:
    """Kills workers and keeps count.

    A worker that has just started is killed at a random moment of the work it was started for, or, if it is let alone
    at first, some seconds later, whatever it is at then. How long such work takes is learned: a kill that came too
    late makes the span shorter, one that hit makes it longer.

    Attributes:
        laptop: The stack.
        seed: Of the moments.
        wanted: Whether one more kill of a function is wanted.
        spared: How many of the new workers (0 to 1) are let alone at first, where it is not the usual share.
        strikes: Kills by function, whatever the worker was at.
        hits: Kills in the middle of an invocation, by function.
        starting: Workers that ended before they had loaded the function.
    """

    laptop: Laptop
    seed: int
    wanted: Callable[[str], bool]
    spared: Mapping[str, float]
    strikes: Counter[str] = field(default_factory=_none)
    hits: Counter[str] = field(default_factory=_none)
    starting: Counter[str] = field(default_factory=_none)
    _spans: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Draw from the seed."""
        self._draw = random.Random(self.seed)  # noqa: S311 - it draws moments, not secrets

    def follow(self, over: threading.Event) -> None:
        """Read MiniStack's log until it is over: kill the workers that it speaks of, and count their ends."""
        names = {self.laptop.outputs[function]: function for function in MOVERS}
        log = self.laptop.directory / "ministack.log"
        begin = log.stat().st_size
        for function in MOVERS:
            self._strike(function, self._workers(function))
        for line in _lines(log, begin, over):
            if (spawned := _SPAWNED.search(line)) and spawned[1] in names:
                self._aim(names[spawned[1]])
            elif (failed := _FAILED_BATCH.search(line)) and failed[1] in names:
                self.heard(names[failed[1]], failed[2])

    def heard(self, function: str, words: str) -> None:
        """Take note of the end of an invocation."""
        with self._lock:
            if DIED in words:
                self.hits[function] += 1
                self._spans[function] = min(self._span(function) * 1.3, _LONGEST_SPAN)
            elif STARTING in words:
                self.starting[function] += 1

    def moment(self, longest: float) -> float:
        """A number of seconds up to `longest`."""
        with self._lock:
            return self._draw.uniform(0, longest)

    def _aim(self, function: str) -> None:
        span = self._span(function)
        later = self.moment(1.0) < self.spared.get(function, _SPARED)
        delay = span + self.moment(2.0) if later else self.moment(span)
        # Found now: some work is shorter than the search.
        timer = threading.Timer(delay, self._strike, [function, self._workers(function)])
        timer.daemon = True
        timer.start()
        if not later:
            with self._lock:
                # Taken back, and more, if it hits.
                self._spans[function] = span * 0.8

    def _span(self, function: str) -> float:
        return self._spans.get(function, _FIRST_SPAN)

    def _strike(self, function: str, workers: Sequence[int]) -> None:
        """Kill workers of a function now (SIGKILL)."""
        if not self.wanted(function):
            return
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                with self._lock:
                    self.strikes[function] += 1

    def _workers(self, function: str) -> list[int]:
        command = ["ps", "-ww", "-eo", "pid=,pgid=,args="]  # whole lines, whatever COLUMNS says
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words
        theirs = f"ministack-lambda-{self.laptop.outputs[function]}-"
        rows = (line.split(None, 2) for line in listed.splitlines())
        return [int(pid) for pid, group, args in rows if int(group) == self.laptop.stack.aws.pid and theirs in args]


def _lines(log: Path, begin: int, over: threading.Event) -> Iterator[str]:
    """What is written to a file beyond `begin`, line by line, until it is over."""
    with log.open("rb") as file:
        file.seek(begin)
        rest = b""
        while not over.is_set():
            *lines, rest = (rest + file.read()).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)
            over.wait(0.02)


@dataclass(slots=True)
class Receives:
    """How often each message was received, as far as it was seen while it was on a queue."""

    laptop: Laptop
    most: dict[str, int] = field(default_factory=dict)

    def look(self) -> None:
        """Look at every queue once."""
        url = f"{self.laptop.stack.aws.endpoint}/_ministack/sqs/messages"
        with urllib.request.urlopen(url, timeout=300) as answer:  # noqa: S310 - our own http URL
            shown = json.loads(answer.read())["messages"]
        for regions in shown.values():
            for queues in regions.values():
                for messages in queues.values():
                    for message in messages:
                        name = message["MessageId"]
                        self.most[name] = max(self.most.get(name, 0), message["ReceiveCount"])

    @property
    def again(self) -> int:
        """Receives beyond the first of each message."""
        return sum(count - 1 for count in self.most.values() if count > 1)
