"""Words that the field does not use were replaced; none of them comes back as a name in the code."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers", "functions", "testkit", "demo", "bench", "proof", "tests", "infra", "parameters", "contracts")

WORDS = {
    "outline": "canonical document",
    "clipped": "truncated",
    "intake": "inbound recorder",
    "untold": "unacknowledged",
    "owed": "full resend due",
    "fate": "effect, fault kind",
    "befallen": "injected",
    "weather": "fault injection",
    "papers": "workload",
    "scene": "environment",
    "story": "scenario",
    "news": "status update",
    "door": "endpoint",
    "mended": "repaired",
    "befell": "injected",
    "meddlers": "foreign changes",
    "trouble": "failure, fault",
    "desk": "purchase orders, operator",
    "deed": "action",
    "lots": "rng",
    "sticky": "unconfirmable",
    "verdict": "status",
    "world": "harness",
    "moment": "timestamp",
    "moments": "timestamps",
    "wish": "request, requested line, filter",
    "wishes": "requests, requested lines, filters",
}
"""A word of an identifier, and the term that took its place (docs/glossary.md)."""

NAMES = {
    "StandingOrder": "OrderSnapshot",
    "KnownRevisions": "PartnerBaseline",
    "known_revisions": "partner_baseline",
    "comes_out_as": "equals_with_edits",
    "had_is_known": "base_is_known",
    "judge_change": "review",
    "change_order": "write_order",
    "change_route": "sender_check",
    "Rounds": "ConflictRetry",
    "Words": "OrderfulStatuses",
    "Hand": "Killer",
    "Rest": "Quiescence",
    "Outcome": "DeliverResult and so on",
    "Verdict": "ChangeAction and so on",
    "Decision": "ChangeDecision, RevisionDecision, InquiryDecision",
    "ShownDelivery": "DeliveryStatus",
    "NeverRests": "NotQuiescent",
    "OrderDesk": "PurchaseOrders",
    "PATIENCE": "TIMEOUT_SECONDS",
    "MOVERS": "PIPELINE",
    "HintCalls": "FixedHintBudget",
    "SPOILED": "MODIFICATIONS",
    "Letter": "DeadLetter",
    "LetterCount": "DeadLetterCount",
    "letters": "dead_letters, characters",
    "told": "what it is: output, message, counts, reported",
    "Bench": "FunctionDriver",
    "DocumentJudge": "DocumentComparison",
    "TransactionJudge": "TransactionComparison",
}
"""A whole identifier, and the one that took its place."""


LIMIT = re.compile(r"_?(MOST|LONGEST|LARGEST|SMALLEST|FEWEST|SHORTEST|LEAST)(_[A-Z_]+)?|[A-Z_]+_AT_MOST")
"""A constant that is a limit, in words of our own."""


def identifiers(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


def retired(identifier: str) -> str | None:
    """What to write instead of a retired name; None for any other."""
    if identifier in NAMES:
        return NAMES[identifier]
    if LIMIT.fullmatch(identifier):
        return "MAX_... or MIN_..."
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)
    return next((WORDS[part.lower()] for part in parts if part.lower() in WORDS), None)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_retired_word_is_a_name(folder):
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}: write {instead}"
        for path in paths
        for line, name in identifiers(path.read_text(encoding="utf-8"))
        if (instead := retired(name))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("outline", "canonical document"),
        ("is_owed", "full resend due"),
        ("FakeIntake", "inbound recorder"),
        ("StandingOrder", "OrderSnapshot"),
        ("outlined", None),
        ("change", None),
        ("_LONGEST_NOTE", "MAX_... or MIN_..."),
        ("most", None),
    ],
)
def test_a_retired_word_is_seen(name, instead):
    assert retired(name) == instead
