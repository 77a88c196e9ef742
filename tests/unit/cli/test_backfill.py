"""`connector backfill`: what it selects, that it says so before, and that it goes on where it was put aside."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from testkit.memory.reconcile_harness import Harness, lines


@pytest.fixture
def harness(stack):
    found = Harness()
    stack.clock = found.clock
    stack.routing = found.routing
    stack.outbox = found.outbox
    stack.payloads = found.payloads
    stack.findings = found.book
    stack.document_list = found.lists
    stack.cursors = SimpleNamespace(all_cursors=found.cursors.all_cursors)
    return found


def test_what_is_selected_is_queued_and_a_dry_run_counts(connector, harness):
    harness.save(1, lines=lines())
    harness.save(2, lines=lines())
    dry = connector("backfill", "--since", "2026-11-01", "--number", "1", "--dry-run")
    assert (dry.code, dry.out) == (0, "1 document selected, 0 queued.\n")
    assert [line for line in dry.err.splitlines() if "so far" in line] == ["1 document so far"]
    done = connector("backfill", "--since", "2026-11-01", "--yes", "--json")
    assert (done.code, done.data) == (0, {"found": 2, "queued": 2, "done": True, "dry_run": False})
    assert harness.outbox.numbers() == ["1", "2"]
    assert {message.cause.split()[0] for message in harness.outbox.queued_documents} == {"backfill"}


def test_it_goes_on_where_vismas_hour_put_it_aside(connector, harness):
    harness.lists.page_size = 1
    for number in (1, 2, 3):
        harness.save(number, lines=lines())
    harness.lists.share_left = 0.1
    arguments = ("backfill", "--since", "2026-11-01", "--kind", "purchase_order", "--yes")
    first = connector(*arguments)
    assert (first.code, harness.outbox.numbers()) == (1, ["1"])
    assert "Put aside: what is left of Visma's hour belongs to polling." in first.out
    harness.lists.share_left = None
    second = connector(*arguments)
    assert "This goes on where it was put aside; queued so far: 1." in second.err
    assert (second.code, harness.outbox.numbers()) == (0, ["1", "2", "3"])
    connector(*arguments)
    assert harness.outbox.numbers() == ["1", "2", "3", "1", "2", "3"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--since", "2026-11-01", "--company", "south"), "No company 'south' is in the applied routing, only nordic."),
        (("--since", "2026-11-01", "--partner", "x"), "No partner 'x' is in the applied routing"),
        (("--since", "2026-11-03", "--until", "2026-11-01"), "The window ends (2026-11-01) before it begins"),
    ],
)
def test_wrong_input_is_one_sentence(connector, harness, arguments, sentence):
    result = connector("backfill", *arguments, "--yes")
    assert (result.code, result.err.startswith(sentence)) == (2, True)
