from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.revision.record import Event, Owner, State
from testkit.memory.stores import a_change
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, as_json
from tests.unit.cli.documents.conftest import INVOICE, LATE, NOW, ORDER, PARKED, RESERVED, SENT

SECOND = timedelta(seconds=1)


def test_list_puts_what_needs_a_person_first(connector, ledger):
    result = connector("documents", "list", "--json")
    assert [(row["revision"], row["state"]) for row in result.data] == [(2, "PARKED"), (1, "DELIVERED")]
    assert result.data[0]["waits_for"] == "defaults.units.KRT"
    lines = connector("documents", "list").out.splitlines()
    assert lines[1].startswith("nordic/purchase_order/500123")
    assert lines[1].endswith("lines[2].uom  unit-unmapped  Unit KRT is not mapped.")
    assert lines[2] == "      -> Add defaults.units.KRT."
    assert lines[3].startswith("nordic/purchase_order/500123")
    assert len(lines) == 4, "what needs no person has no next step"


@pytest.mark.parametrize(
    ("options", "revisions"),
    [
        (("--state", "PARKED"), [2]),
        (("--state", "delivered"), [1]),
        (("--partner", "acme"), [1]),
        (("--code", "unit-unmapped"), [2]),
        (("--reason", "send-off"), []),
        (("--company", "svensk"), []),
        (("--company", "nordic", "--limit", "1"), [2]),
        (("--state", "parked,delivered"), [2, 1]),
        (("--state", "sent", "--state", "PARKED"), [2]),
        (("--kind", "purchase_order"), [2, 1]),
        (("--kind", "supplier_invoice"), []),
        (("--number", "5001"), [2, 1]),
        (("--number", "0123"), []),
        (("--since", "2026-09-01T06:06Z"), [1]),
        (("--until", "2026-09-01T06:06Z"), [2]),
        (("--since", "today"), [2, 1]),
        (("--since", "yesterday", "--until", "yesterday"), []),
        (("--until", "2026-09-01"), [2, 1]),
        (("--since", "61m"), [2, 1]),
    ],
)
def test_list_can_be_narrowed(connector, stack, ledger, options, revisions):
    stack.clock = SimpleNamespace(now=lambda: NOW + timedelta(hours=1))
    stack.routing.data["companies"]["svensk"] = stack.routing.data["companies"]["nordic"]
    result = connector("documents", "list", *options, "--json")
    assert [row["revision"] for row in result.data] == revisions


def test_a_list_has_the_money_and_the_parts_of_the_key(connector, ledger):
    (row, _) = connector("documents", "list", "--json").data
    assert (row["company"], row["kind"], row["number"]) == ("nordic", "purchase_order", "500123")
    assert (row["amount"], row["currency"]) == ("10000.00", "NOK")
    first = next(csv.DictReader(io.StringIO(connector("documents", "list", "--ended", "--csv").out)))
    assert (first["kind"], first["amount"], first["currency"]) == ("purchase_order", "10000.00", "NOK")
    head, line, *_ = connector("documents", "list").out.splitlines()
    assert "amount    currency" in head
    assert "10000.00  NOK" in line


def test_a_list_without_amounts_reads_no_document(connector, ledger, monkeypatch):
    monkeypatch.setattr(ledger, "sources_of", None)
    assert len(connector("documents", "list", "--columns", "document,state", "--json").data) == 2


def test_list_finds_what_is_skipped_by_its_reason(connector, ledger):
    """What is not sent is not lost: it is listed by why."""
    off = replace(PARKED, state=State.SKIPPED, reason_code="send-off", partner="acme")
    draft = replace(off, key=replace(ORDER, number="500124"), reason_code="on-hold")
    ledger.kept = [off, draft]
    assert connector("documents", "list", "--code", "send-off", "--json").data == []
    options = ("--state", "SKIPPED", "--code", "send-off", "--partner", "acme", "--json")
    (row,) = connector("documents", "list", *options).data
    assert (row["document"], row["reason_codes"]) == ("nordic/purchase_order/500123", ["send-off"])


def test_lists_take_reason_for_code_and_do_not_show_it(connector):
    for what in ("documents", "changes"):
        assert connector(what, "list", "--reason", "send-off").code == 0
        assert "--reason" not in connector(what, "list", "--help").out
        assert connector(what, "list", "--reason", "no-such-code").code == 2


def test_list_finds_what_needs_attention_by_its_reason(connector, ledger):
    ledger.kept = [replace(SENT, attention="its 997 is overdue", concern="OVERDUE"), PARKED]
    (row,) = connector("documents", "list", "--code", "acknowledgment-overdue", "--json").data
    assert (row["revision"], row["reason_codes"]) == (1, ["acknowledgment-overdue"])
    assert (
        "acknowledgment-overdue (No functional acknowledgment in time)" in connector("documents", "show", "500123").out
    )


def test_list_finds_what_is_from_before_go_live(connector, ledger):
    ledger.kept = [replace(PARKED, state=State.BASELINE, reason="It is from before go-live.")]
    assert connector("documents", "list", "--json").data == []
    (row,) = connector("documents", "list", "--state", "baseline", "--json").data
    assert (row["state"], row["reason"]) == ("BASELINE", "It is from before go-live.")


def test_an_empty_list_says_so(connector, ledger):
    assert connector("documents", "list", "--state", "changing").out == (
        "No such document is open. What is over is shown with --ended.\n"
    )


def test_an_order_that_is_being_changed_is_listed_and_one_that_is_agreed_is_not(connector, ledger):
    ledger.kept = [RESERVED]
    assert [row["state"] for row in connector("documents", "list", "--json").data] == ["CHANGING"]
    assert "change 802219999" in connector("documents", "list", "--state", "changing").out
    ledger.kept = [replace(RESERVED, state=State.AGREED)]
    assert connector("documents", "list", "--json").data == []
    assert len(connector("documents", "list", "--state", "AGREED", "--json").data) == 1


def test_what_needs_attention_is_listed_once_after_what_waits_with_its_next_step(connector, ledger):
    ledger.kept = [LATE, replace(SENT, sequence=3), PARKED]
    listed = connector("documents", "list", "--json").data
    assert [(one["revision"], one["attention"] is not None) for one in listed] == [(2, False), (1, True), (3, False)]
    only = connector("documents", "list", "--attention").out
    assert "997" in only
    assert "Ask the partner" in only
    assert "KRT" not in only


def test_attention_and_states_narrow_each_other(connector, ledger):
    ledger.kept = [LATE, PARKED, replace(LATE, key=INVOICE, state=State.ACKNOWLEDGED)]
    listed = connector("documents", "list", "--attention", "--state", "acknowledged,parked", "--json").data
    assert [row["document"] for row in listed] == [str(INVOICE)]
    assert len(connector("documents", "list", "--attention", "--json").data) == 2


@pytest.mark.parametrize(
    ("options", "output"),
    [
        (("--partner", "acmee"), "The routing in force has no partner 'acmee'. Did you mean acme?"),
        (("--partner", "zzz"), "The routing in force has no partner 'zzz'. It has acme, matsenteret."),
        (("--company", "norwic"), "has no company 'norwic'. Did you mean nordic?"),
        (("--state", "parkd"), "There is no state 'PARKD'. Did you mean PARKED"),
        (
            ("--reason", "send-of"),
            "No reason has the code 'send-of'. Did you mean send-off? docs/reasons.md lists them.",
        ),
        (("--since", "last week"), "'last week' is no time"),
        (("--amount", "much"), "'much' is no amount"),
        (("--amount", ".."), "'..' is no amount"),
        (("--amount", "5000..1000"), "'5000..1000' is no range: amounts"),
        (("--amount", "-100"), "'-100' is no range: amounts"),
        (("--amount", "..-5"), "'..-5' is no range: amounts"),
        (("--amount", "-5.."), "'-5..' is no range: amounts"),
        (("--columns", "document,sum"), "There is no column 'sum'. There are amount, "),
        (("--csv", "--json"), "cannot be combined"),
    ],
)
def test_what_selects_nothing_by_mistake_is_refused(connector, ledger, options, output):
    result = connector("documents", "list", *options)
    assert (result.code, result.out) == (2, "")
    assert output in result.err


def test_a_list_without_names_needs_no_routing(connector, stack, ledger):
    stack.routing.data = None
    assert len(connector("documents", "list", "--json").data) == 2
    result = connector("documents", "list", "--partner", "zzz")
    assert (result.code, "no partner 'zzz'. It has none." in result.err) == (2, True)


RENAMED = {"partners.acme": None, "partners.acme-no": routing_data()["partners"]["acme"]}


@pytest.mark.parametrize("options", [(), ("--ended",), ("--state", "delivered")])
def test_documents_follow_a_partner_that_is_renamed(connector, stack, ledger, options):
    ledger.kept = [replace(SENT, counterparty="50012")]
    stack.routing.data = routing_data(RENAMED)
    (row,) = connector("documents", "list", "--partner", "acme-no", *options, "--json").data
    assert row["partner"] == "acme-no"
    former = connector("documents", "list", "--partner", "acme", *options, "--json")
    assert len(former.data) == 1
    assert (
        "The routing in force has no partner 'acme'; meant is what is on record under this former name." in former.err
    )


def test_documents_of_a_partner_that_was_removed_are_found_by_its_name(connector, stack, ledger):
    ledger.kept = [replace(SENT, counterparty="50012")]
    stack.routing.data = routing_data({"partners.acme": None})
    (row,) = connector("documents", "list", "--partner", "acme", "--json").data
    assert row["partner"] == "acme"


def test_a_name_that_another_partner_has_taken_over_finds_only_the_documents_of_that_one(connector, stack, ledger):
    ledger.kept = [replace(SENT, counterparty="50012")]
    other = {"partners.acme": a_partner(supplier="50099"), "partners.acme-no": routing_data()["partners"]["acme"]}
    stack.routing.data = routing_data(other)
    assert connector("documents", "list", "--partner", "acme", "--json").data == []
    assert len(connector("documents", "list", "--partner", "acme-no", "--json").data) == 1


def test_what_nobody_is_known_of_may_be_of_a_partner_of_its_company_only(connector, stack, ledger):
    stack.routing.data["companies"]["svensk"] = stack.routing.data["companies"]["nordic"]
    unknown = replace(PARKED, counterparty="50099", waits_for=None)
    ledger.kept = [unknown, replace(unknown, key=replace(ORDER, company="svensk"))]
    assert connector("documents", "list", "--partner", "acme").err.startswith("1 more waits for a person")
    ledger.kept = ledger.kept[1:]
    assert connector("documents", "list", "--partner", "acme").err == ""


def test_the_list_of_a_partner_has_what_was_parked_before_it_was_routed(connector, ledger):
    """The supplier or customer tells whose it is, or the routing entry that it waits for."""
    others = replace(PARKED, key=replace(ORDER, number="500124"), counterparty="50099", waits_for="defaults.units.KRT")
    by_number = replace(PARKED, counterparty="50012", waits_for=None)
    by_wait = replace(PARKED, key=replace(ORDER, number="500125"), waits_for="partners.acme.terms.30")
    ledger.kept = [by_number, by_wait, others]
    listed = connector("documents", "list", "--partner", "acme", "--json")
    assert [(row["document"][-6:], row["partner"]) for row in listed.data] == [("500123", "acme"), ("500125", "acme")]
    assert listed.err.startswith("1 more waits for a person without a known partner and may be for acme.")


def test_what_is_mapped_twice_is_in_the_list_of_both(connector, stack, ledger):
    stack.routing.data["partners"]["acme-old"] = stack.routing.data["partners"]["acme"]
    ledger.kept = [replace(PARKED, counterparty="50012")]
    for partner in ("acme", "acme-old"):
        (row,) = connector("documents", "list", "--partner", partner, "--json").data
        assert row["partner"] == "acme or acme-old"


def many(count, **changes):
    return [
        replace(PARKED, key=replace(ORDER, number=f"{number:06}"), created_at=NOW + number * SECOND, **changes)
        for number in range(count)
    ]


def test_a_list_never_ends_in_silence(connector, ledger):
    ledger.kept = many(110)
    out = connector("documents", "list", "--columns", "document").out.splitlines()
    assert (len(out), out[-1]) == (52, "60 more: --limit, --all, or narrow it.")
    assert len(connector("documents", "list", "--columns", "number", "--all").out.splitlines()) == 111
    limited = connector("documents", "list", "--limit", "9", "--json")
    assert (len(limited.data), limited.err) == (9, "101 more: --limit, --all, or narrow it.\n")
    every = connector("documents", "list", "--json")
    assert (len(every.data), every.err) == (110, "")


def test_what_is_over_is_listed_when_it_is_asked_for(connector, ledger):
    over = replace(SENT, key=replace(ORDER, number="500130"), over=True, updated_at=NOW)
    skipped = replace(PARKED, key=replace(ORDER, number="500131"), state=State.SKIPPED)
    closed = replace(PARKED, key=replace(ORDER, number="500132"), state=State.CLOSED, updated_at=NOW - SECOND)
    ledger.kept = [closed, over, skipped, SENT]
    result = connector("documents", "list", "--state", "skipped,closed", "--json")
    assert [row["state"] for row in result.data] == ["SKIPPED", "CLOSED"], "the newest first"
    assert result.err == "The ledger keeps no list of what is over: this reads all of it.\n"
    delivered = connector("documents", "list", "--state", "delivered", "--json")
    assert ([row["document"][-6:] for row in delivered.data], delivered.err) == (["500123"], "")
    ended = connector("documents", "list", "--state", "delivered", "--ended", "--json")
    assert [row["document"][-6:] for row in ended.data] == ["500123", "500130"]
    short = connector("documents", "list", "--ended", "--limit", "1")
    assert short.out.splitlines()[-1] == "3 more: --limit, --all, or narrow it."
    assert ledger.scans == 3
    assert connector("documents", "list", "--state", "baseline").out == "The ledger has no such document.\n"


def test_what_was_not_looked_at_is_said_and_is_no_success(connector, ledger, monkeypatch):
    monkeypatch.setattr("connector.services.listing.MAX_READ", 100)
    monkeypatch.setattr("connector.services.listing.MAX_SCANNED", 1)
    ledger.kept = many(230)
    for options in ((), ("--ended",)):
        result = connector("documents", "list", "--limit", "10", *options)
        assert result.code == 1
        assert "At least 90 more; " in result.out
        assert "were looked at, and there are others: --all, or narrow it." in result.out
        assert connector("documents", "list", "--limit", "10", "--all", *options).out.endswith(
            "220 more: --limit, --all, or narrow it.\n"
        )


def test_amounts_are_those_of_the_visma_document(connector, ledger):
    small, large = many(2)
    order = a_purchase_order()
    ledger.sources = {small.key.number: as_json(order), large.key.number: b"no document"}
    ledger.kept = [small, large]
    (row, unknown) = connector("documents", "list", "--json", "--columns", "number,amount,currency").data
    assert row == {"number": "000000", "amount": str(order["orderTotal"]), "currency": "NOK"}
    assert unknown == {"number": "000001", "amount": None, "currency": None}
    total = order["orderTotal"]
    for amounts, found in ((f"{total}", 1), (f"..{total}", 1), (f"{total + 1}..", 0), (f"1..{total - 1}", 0)):
        assert len(connector("documents", "list", "--amount", amounts, "--json").data) == found


def test_an_amount_that_is_not_known_is_told_where_amounts_are_asked_for(connector, ledger):
    known, unread, unsummed = many(3)
    order = a_purchase_order()
    ledger.sources = {
        known.key.number: as_json(order),
        unread.key.number: b"no document",
        unsummed.key.number: as_json(order | {"currency": "JPY"}),
    }
    ledger.kept = [known, unread, unsummed]
    output = "2 more may have such an amount: what is payable cannot be worked out."
    listed = connector("documents", "list", "--amount", f"{order['orderTotal']}", "--json")
    assert [row["document"] for row in listed.data] == [str(known.key)]
    assert output in listed.err
    assert output in connector("documents", "close", "--amount", "1..", "--dry-run").err
    assert "more may have" not in connector("documents", "list").err


def test_csv_has_the_chosen_columns_and_no_formula(connector, ledger):
    ledger.kept = [replace(PARKED, reason='=HYPERLINK("x"), "y"')]
    out = connector("documents", "list", "--csv", "--columns", "state,revision,reason,reason_codes,attention").out
    assert list(csv.reader(io.StringIO(out))) == [
        ["state", "revision", "reason", "reason_codes", "attention"],
        ["PARKED", "2", '\'=HYPERLINK("x"), "y"', "unit-unmapped", ""],
    ]


def test_csv_commands_no_terminal(connector, ledger):
    ledger.kept = [replace(PARKED, key=replace(ORDER, number="5\x1b]0;x\x07"), reason="a\x1b[2J\nb")]
    out = connector("documents", "list", "--csv", "--columns", "number,reason").out
    assert r"5\u001b]0;x\u0007,a\u001b[2J b" in out
    assert "\x1b" not in out
    assert "\x07" not in out


@pytest.mark.parametrize("options", [(), ("--partner", "acme")])
def test_ten_thousand_open_documents_are_listed_with_few_reads(connector, ledger, options):
    """One read of the index for each list and one of the rows that are shown; the others are counted by their keys."""
    ledger.kept = many(9_900, partner="acme") + [replace(one, state=State.REJECTED) for one in many(10_000)[9_900:]]
    out = connector("documents", "list", *options).out
    assert "9950 more" in out or options
    assert ledger.reads == (10_000 if options else 50)
    assert ledger.unpacked == 50, "of the others, only what is filtered by was read out of the row"
    assert ledger.queries <= 12


@pytest.mark.parametrize("kind", list(Kind), ids=str)
def test_a_document_of_every_kind_is_listed_and_found_by_its_key(connector, ledger, kind):
    ledger.kept = [replace(PARKED, key=DocumentKey("nordic", kind, "700001"))]
    (row,) = connector("documents", "list", "--json").data
    assert row["document"] == f"nordic/{kind}/700001"
    assert row["document"] in connector("documents", "show", row["document"]).out


def test_a_document_is_found_by_its_transaction_whatever_its_state(connector, ledger, stack):
    ledger.rows[(SENT.key, 1)] = replace(SENT, state=State.ACKNOWLEDGED)
    ledger.owned = {"802210971": Owner(SENT.key, 1)}
    rows = connector("documents", "list", "--transaction", "802210971", "--json").data
    assert [(row["number"], row["revision"], row["state"]) for row in rows] == [(SENT.key.number, 1, "ACKNOWLEDGED")]
    filtered = connector("documents", "list", "--transaction", "802210971", "--state", "parked")
    assert (filtered.code, filtered.out) == (0, "It was sent, and the other filters leave it out.\n")


def test_a_transaction_that_nobody_sent_is_said_and_a_change_by_its_command(connector, ledger, stack):
    stack.changes.put(a_change(transaction_id="55"))
    unknown = connector("documents", "list", "--transaction", "999")
    assert (unknown.code, unknown.err) == (1, "No document on record was sent as transaction 999.\n")
    change = connector("documents", "list", "--transaction", "55")
    assert change.err.endswith("connector changes show 55\n")


def test_a_document_that_was_tried_and_is_not_sent_yet_says_what_happened_last(connector, ledger):
    lost = "The connection to Orderful was lost before its answer was complete."
    events = (Event(NOW, State.SENDING, "claimed for sending"), Event(NOW, State.UNCONFIRMED, lost))
    waiting = replace(SENT, state=State.UNCONFIRMED, transaction_id=None, attempts=1, history=events)
    ledger.kept = [waiting, replace(waiting, sequence=2, state=State.TRANSLATED, attempts=0)]
    rows = connector("documents", "list", "--columns", "revision,why", "--json").data
    assert rows == [{"revision": 1, "why": lost}, {"revision": 2, "why": None}]
