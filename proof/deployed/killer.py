"""Kills workers of deployed functions, and counts the kills.

MiniStack runs a function as a process in its process group, in a directory with the name of the function. A killed
worker has the effect of a crash in Lambda: the invocation fails, and the messages stay invisible until their visibility
timeout.
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

from testkit.laptop.observed import PIPELINE, Laptop

DIED = "Worker process died"
"""MiniStack's error when a worker ends during an invocation."""

STARTING = "Worker process exited immediately"
"""MiniStack's error when a worker ends before it has loaded the function."""

_SPAWNED = re.compile(r"Lambda worker spawned for (\S+) ")
_FAILED_BATCH = re.compile(r"ESM: Lambda (\S+) failed processing SQS batch .*errorMessage=(.*)")
_FIRST_SPAN = 0.4
_DELAYED = 0.2
_MAX_SPAN = 3.0


def _none() -> Counter[str]:
    """Counters with all keys, since other threads iterate over them."""
    return Counter(dict.fromkeys(PIPELINE, 0))


@dataclass(slots=True)
class Killer:
    """Kills workers.

    A new worker is killed at a random time during its first invocation, or some seconds later. The duration of an
    invocation is estimated: a kill after its end makes the estimate shorter, one during it makes it longer.

    Attributes:
        laptop: The stack.
        seed: The seed of the times.
        wanted: Whether one more kill of a function is wanted.
        delayed: The share of new workers (0 to 1) that are killed later, by function; otherwise a default.
        kills: Kills by function.
        hits: Kills during an invocation, by function.
        starting: Workers that ended before they had loaded the function.
    """

    laptop: Laptop
    seed: int
    wanted: Callable[[str], bool]
    delayed: Mapping[str, float]
    kills: Counter[str] = field(default_factory=_none)
    hits: Counter[str] = field(default_factory=_none)
    starting: Counter[str] = field(default_factory=_none)
    _spans: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Seed the random numbers."""
        self._draw = random.Random(self.seed)  # noqa: S311 - it draws moments, not secrets

    def follow(self, over: threading.Event) -> None:
        """Follow MiniStack's log: kill new workers, and count failed invocations."""
        names = {self.laptop.outputs[function]: function for function in PIPELINE}
        log = self.laptop.directory / "ministack.log"
        begin = log.stat().st_size
        for function in PIPELINE:
            self._kill(function, self._workers(function))
        for line in _lines(log, begin, over):
            if (spawned := _SPAWNED.search(line)) and spawned[1] in names:
                self._schedule_kill(names[spawned[1]])
            elif (failed := _FAILED_BATCH.search(line)) and failed[1] in names:
                self.record_failure(names[failed[1]], failed[2])

    def record_failure(self, function: str, words: str) -> None:
        """Count a failed invocation."""
        with self._lock:
            if DIED in words:
                self.hits[function] += 1
                self._spans[function] = min(self._span(function) * 1.3, _MAX_SPAN)
            elif STARTING in words:
                self.starting[function] += 1

    def timestamp(self, longest: float) -> float:
        """A random number of seconds up to `longest`."""
        with self._lock:
            return self._draw.uniform(0, longest)

    def _schedule_kill(self, function: str) -> None:
        span = self._span(function)
        later = self.timestamp(1.0) < self.delayed.get(function, _DELAYED)
        delay = span + self.timestamp(2.0) if later else self.timestamp(span)
        # Found before the delay: some invocations are shorter than the search.
        timer = threading.Timer(delay, self._kill, [function, self._workers(function)])
        timer.daemon = True
        timer.start()
        if not later:
            with self._lock:
                # A kill during the invocation increases it again.
                self._spans[function] = span * 0.8

    def _span(self, function: str) -> float:
        return self._spans.get(function, _FIRST_SPAN)

    def _kill(self, function: str, workers: Sequence[int]) -> None:
        """Kill workers of a function (SIGKILL)."""
        if not self.wanted(function):
            return
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                with self._lock:
                    self.kills[function] += 1

    def _workers(self, function: str) -> list[int]:
        command = ["ps", "-ww", "-eo", "pid=,pgid=,args="]  # whole lines, whatever COLUMNS says
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words
        theirs = f"ministack-lambda-{self.laptop.outputs[function]}-"
        rows = (line.split(None, 2) for line in listed.splitlines())
        return [int(pid) for pid, group, args in rows if int(group) == self.laptop.stack.aws.pid and theirs in args]


def _lines(log: Path, begin: int, over: threading.Event) -> Iterator[str]:
    """The lines that are appended to a file after `begin`, until `over` is set."""
    with log.open("rb") as file:
        file.seek(begin)
        rest = b""
        while not over.is_set():
            *lines, rest = (rest + file.read()).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)
            over.wait(0.02)


@dataclass(slots=True)
class Receives:
    """The receive count of each message that was seen on a queue."""

    laptop: Laptop
    most: dict[str, int] = field(default_factory=dict)

    def look(self) -> None:
        """Read every queue once."""
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
        """The number of repeated receives."""
        return sum(count - 1 for count in self.most.values() if count > 1)
