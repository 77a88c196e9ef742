"""`connector data delete`: what is asked, what is told, what is left alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.adapters.aws.erasure import Entry
from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Conflict
from connector.domain.revision.record import Revision, State
from testkit.memory.stores import a_change
from testkit.samples.routing_data import routing_data

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)


def _revision(number: str, state: State) -> Revision:
    return Revision(
        key=DocumentKey("nordic", Kind.PURCHASE_ORDER, number),
        sequence=1,
        revision_id="1" * 64,
        state=state,
        created_at=NOW,
        updated_at=NOW,
        partner="acme",
        counterparty="50012",
    )


DONE = Entry("nordic/purchase_order/1 revision 1", "ACKNOWLEDGED", False, _revision("1", State.ACKNOWLEDGED))
OPEN = Entry("nordic/purchase_order/2 revision 1", "PARKED", True, _revision("2", State.PARKED))
APPLIED = Entry("nordic/purchase_order/1 inbound 802210971", "APPLIED", False, a_change())


class FakeErasure:
    """Remembers what it was asked."""

    def __init__(self, *entries: Entry) -> None:
        self.kept, self.erased, self.changed = entries, [], []

    def entries(self, is_wanted):
        return [one for one in self.kept if is_wanted(one.content)]

    def erase(self, entry):
        if entry in self.changed:
            raise Conflict("It was changed meanwhile.")
        self.erased.append(entry)


@pytest.fixture
def erasure(stack):
    stack.routing.data = routing_data()
    stack.erasure = FakeErasure(DONE, OPEN, APPLIED)
    return stack.erasure


def test_what_is_over_goes_and_what_is_open_stays_and_is_named(connector, erasure):
    ended = connector("data", "delete", "--partner", "acme", "--company", "nordic", "--yes", "--json")
    assert ended.code == 3
    assert erasure.erased == [DONE, APPLIED]
    assert (ended.data["revisions"], ended.data["inbound"]) == (1, 1)
    assert ended.data["open"] == ["nordic/purchase_order/2 revision 1 (PARKED)"]
    text = connector("data", "delete", "--partner", "acme", "--yes").out
    assert "nordic/purchase_order/2 revision 1 (PARKED)" in text


def test_a_dry_run_counts_and_deletes_nothing(connector, erasure):
    ended = connector("data", "delete", "--partner", "acme", "--dry-run", "--json")
    assert (ended.data["revisions"], ended.data["inbound"], erasure.erased) == (1, 1, [])
    assert "Nothing was deleted" in connector("data", "delete", "--partner", "acme", "--dry-run").out


def test_without_a_terminal_and_yes_nothing_is_deleted(connector, erasure):
    ended = connector("data", "delete", "--partner", "acme")
    assert (ended.code, erasure.erased) == (2, [])


def test_what_was_changed_meanwhile_is_named(connector, erasure):
    erasure.changed = [APPLIED]
    ended = connector("data", "delete", "--partner", "acme", "--yes", "--json")
    assert ended.data["changed_meanwhile"] == [APPLIED.name]
    assert (ended.code, ended.data["inbound"]) == (3, 0)


def test_a_partner_without_data_is_done_at_once(connector, stack):
    stack.erasure = FakeErasure()
    stack.routing.data = routing_data()
    assert connector("data", "delete", "--partner", "acme").code == 0


def test_of_a_name_that_nobody_has_nothing_is_said_to_be_deleted(connector, erasure):
    mistyped = connector("data", "delete", "--partner", "acmee", "--yes")
    assert (mistyped.code, mistyped.out) == (1, "")
    assert "no content of 'acmee' is on record" in mistyped.err
    assert "no partner 'acmee'. Did you mean acme?" in mistyped.err
    assert (
        "no company 'nordik'. Did you mean nordic?"
        in connector("data", "delete", "--partner", "acme", "--company", "nordik", "--yes").err
    )


@pytest.mark.parametrize("options", [("--company", "svensk"), ("--partner", "matsenteret")])
def test_of_other_companies_and_partners_nothing_goes(connector, erasure, options):
    named = options if "--partner" in options else ("--partner", "acme", *options)
    connector("data", "delete", *named, "--yes", "--json")
    assert erasure.erased == []


def test_a_renamed_partner_takes_what_it_had_under_its_former_name_along(connector, stack, erasure):
    acme = routing_data()["partners"]["acme"]
    stack.routing.data = routing_data({"partners.acme": None, "partners.acme-no": acme})
    assert connector("data", "delete", "--partner", "acme-no", "--yes").code == 3
    assert erasure.erased == [DONE, APPLIED]


def test_a_removed_partner_is_named_by_its_former_name(connector, stack, erasure):
    stack.routing.data = routing_data({"partners.acme": None})
    assert connector("data", "delete", "--partner", "acme", "--yes").code == 3
    assert erasure.erased == [DONE, APPLIED]
