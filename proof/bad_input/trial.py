"""Runs a target with drawn cases, counts the results, and records violations with their seed."""

from __future__ import annotations

import re
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Generic, TypeVar

import hypothesis
import msgspec
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

from proof.tally import Tally

_SHOWN = 400
_SHRINKING = 300

Case = TypeVar("Case")


@dataclass(slots=True)
class CaseResult:
    """The result of a case.

    Attributes:
        end: Its category, which is counted.
        problems: The violated rules.
    """

    end: str = "nothing"
    problems: list[str] = field(default_factory=list)

    def expect(self, holds: object, problem: str) -> None:
        """Add a problem unless this holds."""
        if not holds:
            self.problems.append(problem)


@dataclass(frozen=True, slots=True)
class Target(Generic[Case]):
    """A target of fuzzing.

    Attributes:
        guarantee: The guarantee.
        cases: Draws a case, whose `repr` identifies it.
        feed: Processes a case; an exception is a violation.
        always: Fixed cases in addition to the drawn ones.
    """

    guarantee: str
    cases: SearchStrategy[Case]
    feed: Callable[[Case], CaseResult]
    always: Callable[[], Iterable[Case]] = tuple


def tried(target: Target[Case], *, cases: int, seed: int, fixed: int = 1) -> Tally:
    """Process each `fixed`-th of the fixed cases, then `cases` drawn ones, which the seed determines."""
    ends, found, worst, count = Counter[str](), dict[str, str](), 0.0, 0
    times = Counter[str]()

    def each(case: Case) -> None:
        nonlocal count, worst
        count += 1
        begun = time.perf_counter()
        result = _fed(target, case)
        worst = max(worst, time.perf_counter() - begun)
        ends[result.end] += 1
        for problem in result.problems:
            kind = re.sub(r"\d+", "0", problem)[:120]
            times[kind] += 1
            found.setdefault(kind, f"seed {seed}, case {count}: {problem} {_shown(case)}")

    for case in islice(target.always(), 0, None, fixed):
        each(case)
    whole, round_ = count + cases, 0
    while count < whole:
        # Hypothesis may end a round early when the strategy is exhausted.
        drawn = given(target.cases)(each)
        hypothesis.seed(seed + round_)(_quietly(whole - count)(drawn))()
        round_ += 1
    violations = [f"{times[kind]} times, first {one}" for kind, one in found.items()]
    if violations:
        violations[0] += f" The smallest: {_smallest(target, seed)}"
    counted = ", ".join(f"{end} {number:,}" for end, number in ends.most_common())
    return Tally(target.guarantee, count, tuple(violations), f"{counted}; slowest {worst:.1f} s")


def floats_in(value: Any) -> Iterable[str]:
    """The binary floats in data."""
    if isinstance(value, float):
        yield repr(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from floats_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from floats_in(inner)
    elif isinstance(value, msgspec.Struct):
        yield from floats_in(msgspec.structs.astuple(value))


def inexact(body: bytes) -> list[str]:
    """Numbers in JSON that are converted binary floats: they have more digits than decimal arithmetic keeps."""
    found: list[str] = []

    def seen(written: str) -> Decimal:
        if len(Decimal(written).as_tuple().digits) > 28:
            found.append(written)
        return Decimal(written)

    msgspec.json.Decoder(float_hook=seen).decode(body)
    return found


def _quietly(examples: int) -> settings:
    return settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )


def _fed(target: Target[Case], case: Case) -> CaseResult:
    try:
        return target.feed(case)
    except Exception as error:  # noqa: BLE001 - any exception is a violation
        return CaseResult("broken", [f"{type(error).__name__} at {place_of(error)}: {str(error)[:200]}"])


def place_of(error: BaseException) -> str:
    """File and line of the innermost frame."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"


def _smallest(target: Target[Case], seed: int) -> str:
    """A violating case, shrunk with a few hundred tries."""
    quick = settings(_quietly(_SHRINKING), phases=(Phase.generate, Phase.shrink))
    with suppress(NoSuchExample), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _shown(hypothesis.find(target.cases, lambda case: bool(_fed(target, case).problems), settings=quick))
    return f"none within {_SHRINKING} tries from seed {seed}"


def _shown(case: object) -> str:
    text = repr(case)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text):,} characters)"
