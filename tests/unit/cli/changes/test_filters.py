"""One decision about many changes, selected by filters."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Conflict
from connector.domain.order_change.decide import Difference
from connector.domain.order_change.record import ChangeState
from testkit.memory.stores import CALLER, a_change
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, as_json
from tests.unit.cli.conftest import NOW
from tests.unit.cli.documents.conftest import SENT

HOUR = timedelta(hours=1)
MORE = Difference(where="line 1", field="quantity", base="800", theirs="1000", ours="800")
LESS = Difference(where="line 1", field="quantity", base="800", theirs="700", ours="800")
PARKED = {
    "state": ChangeState.PARKED,
    "decided_on": "r1",
    "decided_by": "rules",
    "updated_at": NOW,
    "reason": "Too much.",
}


@pytest.fixture
def changes(stack):
    """Of acme two of one order and one of another, one of matsenteret's, one refused, and an answer."""
    stack.routing.data = routing_data()
    beyond = {"reason_codes": ("quantity-beyond-limit",), "differences": (MORE,)}
    for change in (
        a_change(transaction_id="11", number="500123", change_sequence=1, **beyond, **PARKED),
        a_change(transaction_id="12", number="500124", **{**PARKED, "differences": (LESS,)}),
        a_change(transaction_id="13", number="500123", change_sequence=2, **beyond, **PARKED),
        a_change(
            transaction_id="14",
            number="500200",
            partner="matsenteret",
            sender_id="MATSENTERETT",
            **beyond,
            **{**PARKED, "updated_at": NOW - HOUR},
        ),
        a_change(transaction_id="15", number="500201", state=ChangeState.REFUSED, reason="Another's.", updated_at=NOW),
        a_change(transaction_id="16", number="500202", document="855", state=ChangeState.ATTENTION, updated_at=NOW),
    ):
        stack.changes.put(change, message={})
    return stack.changes


@pytest.fixture
def orders(stack, changes):
    """The orders as the ledger has them: 800 of line 1 at 10.00, one of them in SEK."""
    numbers = {"500123": "NOK", "500124": "SEK"}
    keys = {number: DocumentKey("nordic", Kind.PURCHASE_ORDER, number) for number in numbers}
    stack.ledger.kept = [replace(SENT, key=key) for key in keys.values()]
    stack.ledger.sources = {
        number: as_json(a_purchase_order(orderNbr=number, currency=currency)) for number, currency in numbers.items()
    }


@pytest.fixture
def stored(changes):
    return lambda name: changes.get(changes.known(name), name)


def queued(stack):
    return [message.transaction_id for message in stack.outbox.queued]


def planned(result):
    return [one["transaction_id"] for one in result.data["planned"]]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--partner", "acme"), ["11", "13", "12"]),
        (("--code", "quantity-beyond-limit"), ["11", "13", "14"]),
        (("--number", "50012"), ["11", "13", "12"]),
        (("--since", "30m"), ["11", "13", "12"]),
        (("--until", "30m"), ["14"]),
        (("--company", "nordic", "--code", "date-in-past"), []),
        (("--state", "parked", "--company", "nordic"), ["11", "13", "12", "14"]),
    ],
)
def test_what_the_filters_select_is_approved_those_of_an_order_in_turn(connector, stack, changes, options, found):
    result = connector("changes", "approve", *options, "--yes", "--json")
    assert (result.code, planned(result), queued(stack)) == (0, found, found)
    assert result.data["done"] == len(found)


def test_a_dry_run_shows_the_differences_of_each_and_what_they_come_to(connector, stack, orders, stored):
    before = stored("11")
    result = connector("changes", "approve", "--partner", "acme", "--dry-run", "--json")
    assert (stored("11"), stack.outbox.queued) == (before, [])
    first = result.data["planned"][0]
    assert (first["will_be"], first["differences"][0]["theirs"]) == ("written", "1000")
    assert first["lines"] == [
        {
            "where": "line 1",
            "item": "1298",
            "text": "Coffee, dark roast, 500 g",
            "unit": "STK",
            "price": "10.0",
            "amount_now": "8000.00",
            "amount_asked": "10000.00",
        }
    ]
    assert result.data["sums"] == {
        "now": {"NOK": "16000.00", "SEK": "8000.00"},
        "asked": {"NOK": "20000.00", "SEK": "7000.00"},
    }
    assert result.data["of_unknown_amount"] == 0
    assert (
        "3 changes, the oldest of 2026-11-02 08:00Z, their lines come to 16000.00 NOK, 8000.00 SEK now and to "
        "20000.00 NOK, 7000.00 SEK as asked; 0 left out." in result.err
    )
    assert "Change 11 (number 1) of nordic/purchase_order/500123, by acme, will be written." in result.err
    cells = [line.split()[:6] for line in result.err.splitlines()]
    assert cells.count(["line", "1", "quantity", "800", "1000", "800"]) == 2
    assert "Coffee, dark roast, 500 g" in result.err


def test_an_order_that_the_ledger_does_not_know_is_counted(connector, orders):
    result = connector("changes", "approve", "--code", "quantity-beyond-limit", "--dry-run", "--json")
    assert result.data["of_unknown_amount"] == 1
    assert "1 of unknown amount" in result.err


def test_the_order_is_read_once_for_all_its_changes(connector, stack, orders, monkeypatch):
    asked = []
    revisions = stack.ledger.revisions

    def counting(key, **options):
        asked.append(key.number)
        return revisions(key, **options)

    monkeypatch.setattr(stack.ledger, "revisions", counting)
    connector("changes", "approve", "--partner", "acme", "--dry-run")
    assert sorted(asked) == ["500123", "500124"]


def test_the_person_and_the_reason_stand_in_the_history_of_each(connector, stored):
    options = ("--partner", "acme", "--by", "ola", "--reason", "agreed by telephone", "--yes")
    assert connector("changes", "approve", *options).out == "3 changes done, 0 failed, 0 left out.\n"
    for name in ("11", "12", "13"):
        assert stored(name).approved_by == "ola"
        assert stored(name).history[-1].note == f"approved by ola ({CALLER}): agreed by telephone"


def test_one_that_fails_stops_no_other(connector, stack, changes, monkeypatch):
    save = changes.save

    def overtaken(change):
        if change.transaction_id == "11":
            raise Conflict("It was written by another worker.")
        return save(change)

    monkeypatch.setattr(changes, "save", overtaken)
    result = connector("changes", "approve", "--partner", "acme", "--yes", "--json")
    assert (result.code, queued(stack)) == (1, ["13", "12"])
    assert result.data["failed"] == [{"change": "11", "why": "It was written by another worker."}]


def test_what_cannot_be_decided_so_is_left_out_and_named(connector, stack, changes):
    every = "parked,refused,attention"
    for verb, left in (("approve", ["15", "16"]), ("reject", ["15", "16"]), ("retry", ["16"])):
        reasons = ("--reason", "no") if verb == "reject" else ()
        result = connector("changes", verb, "--state", every, *reasons, "--dry-run", "--json")
        assert [one["change"] for one in result.data["left_out"]] == left, verb


def test_many_are_rejected_with_one_reason(connector, stored):
    result = connector("changes", "reject", "--partner", "matsenteret", "--reason", "the contract has ended", "--yes")
    assert (result.code, result.out) == (0, "1 change done, 0 failed, 0 left out.\n")
    assert (stored("14").state, stored("14").reason) == (ChangeState.REJECTED, "the contract has ended")


def test_close_takes_all_that_waits_for_a_person(connector, stored):
    result = connector("changes", "close", "--company", "nordic", "--reason", "entered by hand", "--yes", "--json")
    assert sorted(planned(result)) == ["11", "12", "13", "14", "15", "16"]
    assert {one: stored(one).state for one in ("11", "15", "16")} == {
        "11": ChangeState.CLOSED,
        "15": ChangeState.REJECTED,
        "16": ChangeState.CLOSED,
    }


@pytest.mark.parametrize("verb", ["close", "reject"])
def test_a_change_that_waits_behind_another_one_ends_with_it(connector, stack, changes, stored, verb):
    """The end of the earlier one has those behind it looked at again, unless they have ended before."""
    for number, behind in (("21", None), ("22", "21")):
        changes.put(a_change(transaction_id=number, number="600123", behind=behind, **PARKED), message={})
    result = connector("changes", verb, "--number", "600123", "--reason", "it was cancelled", "--yes", "--json")
    assert (result.code, result.data["done"], result.data["failed"]) == (0, 2, [])
    assert {stored(one).reason for one in ("21", "22")} == {"it was cancelled"}
    assert stack.outbox.queued == []


def test_many_are_looked_at_again(connector, stack, stored):
    result = connector("changes", "retry", "--partner", "acme", "--reason", "Visma is back", "--yes")
    assert (result.code, queued(stack)) == (0, ["11", "13", "12"])
    assert stored("11").history[-1].note == f"kari ({CALLER}) asks to look at it again: Visma is back"
    assert stored("11").approved_by is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("approve", "--yes"), "Name one change, or say by filters"),
        (("approve", "11", "--partner", "acme", "--yes"), "Name one change, or say by filters"),
        (("approve", "--partner", "nobody", "--yes"), "The routing in force has no partner 'nobody'"),
        (("approve", "--state", "applied", "--yes"), "There is no state 'APPLIED'"),
        (("approve", "--partner", "acme", "--order", "5", "--yes"), "are said of one change"),
        (("approve", "--partner", "acme", "--reading", "delta", "--yes"), "are said of one change"),
        (("close", "--partner", "acme", "--yes"), "--reason"),
        (("approve", "--partner", "acme"), "write --yes"),
    ],
)
def test_what_is_not_meant_well_changes_nothing(connector, stack, stored, arguments, said):
    before = [stored(name) for name in ("11", "12", "13", "14")]
    result = connector("changes", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert ([stored(name) for name in ("11", "12", "13", "14")], stack.outbox.queued) == (before, [])


def test_a_dry_run_of_one_change_shows_it_and_does_nothing(connector, stack, orders, stored):
    before = stored("12")
    result = connector("changes", "approve", "12", "--dry-run")
    assert (result.code, result.out) == (0, "Nothing was done (--dry-run).\n")
    assert "1298" in result.err
    assert "These lines come to 8000.00 now and to 7000.00 SEK as asked, before discounts." in result.err
    data = connector("changes", "approve", "12", "--dry-run", "--json").data
    assert ([one["transaction_id"] for one in data["planned"]], data["done"]) == (["12"], 0)
    assert (stored("12"), stack.outbox.queued) == (before, [])


def test_a_name_with_braces_in_it_is_only_a_name(connector, changes):
    changes.put(a_change(transaction_id="17", number="{by}{0}", **PARKED), message={})
    result = connector("changes", "approve", "17", "--by", "ola", "--dry-run")
    assert result.code == 0
    assert "in ola's name" in result.err


def test_changes_follow_a_partner_that_is_renamed(connector, stack, changes):
    stack.routing.data = routing_data({"partners.acme": None, "partners.acme-no": routing_data()["partners"]["acme"]})
    listed = connector("changes", "list", "--partner", "acme-no", "--json").data
    assert {row["transaction_id"]: row["partner"] for row in listed} == dict.fromkeys(
        ("11", "12", "13", "15", "16"), "acme-no"
    )
    assert "3 changes would be decided" in connector("changes", "retry", "--partner", "acme-no", "--dry-run").out
    former = connector("changes", "retry", "--partner", "acme", "--dry-run")
    assert "3 changes would be decided" in former.out
    assert "what is on record under this former name" in former.err


@pytest.mark.parametrize("options", [("--partner", "acmee"), ("--company", "svensk")])
def test_a_name_that_nothing_has_is_refused(connector, changes, options):
    result = connector("changes", "list", *options)
    assert (result.code, f"has no {options[0][2:]} '{options[1]}'" in result.err) == (2, True)


@pytest.fixture
def over(changes):
    """What the rules and a person have written, and what was refused to a partner."""
    for change in (
        a_change(transaction_id="31", number="500301", state=ChangeState.APPLIED, updated_at=NOW - 30 * HOUR),
        a_change(transaction_id="32", number="500302", state=ChangeState.APPLIED, updated_at=NOW, approved_by="ola"),
        a_change(transaction_id="33", number="500303", state=ChangeState.REJECTED, updated_at=NOW - HOUR),
    ):
        changes.put(change, message={})


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--state", "applied"), ["32", "31"]),
        (("--state", "applied", "--since", "yesterday", "--until", "yesterday"), ["31"]),
        (("--state", "rejected,parked", "--number", "5003"), ["33"]),
        (("--ended", "--number", "50030"), ["32", "33", "31"]),
        (("--ended", "--limit", "1", "--state", "applied"), ["32"]),
    ],
)
def test_what_is_over_is_listed_by_its_state_the_newest_first(connector, over, options, found):
    result = connector("changes", "list", *options, "--json")
    assert [one["transaction_id"] for one in result.data] == found
    assert "this reads all of it" in result.err


def test_who_approved_it_tells_the_rules_from_people(connector, over):
    listed = connector("changes", "list", "--state", "applied", "--json").data
    assert [one["approved_by"] for one in listed] == ["ola", None]


def test_without_that_only_what_is_open_is_read_and_listed(connector, over):
    result = connector("changes", "list", "--number", "5003")
    assert (result.out, result.err) == ("No such change is open. What is over is shown with --ended.\n", "")
    assert connector("changes", "list", "--state", "closed").out == "The ledger has no such change.\n"


def test_a_list_of_changes_is_csv_for_a_spreadsheet(connector, changes):
    result = connector("changes", "list", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    listed = connector("changes", "list", "--json").data
    assert [row["transaction_id"] for row in rows] == [row["transaction_id"] for row in listed]
    assert rows[0].keys() == listed[0].keys()
    asked = next(row for row in rows if row["transaction_id"] == "11")
    assert (asked["reason"], asked["reason_codes"]) == ("Too much.", "quantity-beyond-limit")
    both = connector("changes", "list", "--csv", "--json")
    assert (both.code, "cannot be combined" in both.err) == (2, True)
