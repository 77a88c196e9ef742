"""What `config apply` says and does about documents that wait, were skipped or are from before go-live."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.order_change.record import ChangeState
from connector.domain.pause import Pause, Scope
from connector.domain.reasons import Reason
from connector.domain.revision.content_hash import revision_id
from connector.domain.revision.record import State
from connector.services.outbound.facts import stored_document
from connector.services.release import NOT_RELEASED
from testkit.memory.stores import a_change
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json
from tests.unit.cli.conftest import parked

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)


KRT = {"defaults.units.KRT": "case"}


@pytest.fixture
def waiting(stack):
    """Two orders and an invoice that wait for routing, one order that waits for a person."""
    stack.ledger.kept = [
        parked("500123", "defaults.units.KRT"),
        parked("500124", None),
        parked("500125", "defaults.units.KRT"),
        parked("500126", "partners.<name>"),
        parked("500127", "defaults.units.KRT"),
    ]
    stack.ledger.sources = {
        "500123": as_json(a_purchase_order(orderNbr="500123", date="2026-08-30T00:00:00")),
        "500125": as_json(a_purchase_order(orderNbr="500125", date="2026-01-10T00:00:00")),
        "500126": as_json(a_purchase_order(orderNbr="500126", supplier={"number": "99"})),
        "500127": as_json(a_purchase_order(orderNbr="500127", status="Closed")),
    }
    return stack


@pytest.mark.parametrize(
    ("choice", "released"),
    [
        ("recent", ["500123"]),
        ("all", ["500123", "500125"]),
        ("none", []),
        ("since=2026-08-01", ["500123"]),
        ("2026-01-01", ["500123", "500125"]),
    ],
)
def test_apply_releases_what_is_named_and_would_leave(connector, waiting, routing_file, choice, released):
    result = connector("config", "apply", routing_file(KRT), "--yes", "--release", choice, "--json")
    assert (result.code, waiting.routing.put_in_force) == (0, [routing_data(KRT)])
    sent = [message.number for message in waiting.outbox.queued if message.number != "500126"]
    assert sent == released


@pytest.mark.parametrize("choice", ["all", "none"])
def test_what_is_parked_while_the_question_stands_follows_the_choice(
    connector, stack, routing_file, monkeypatch, choice
):
    released = ["500130"] if choice == "all" else []

    def answer(*_arguments, **_options):
        stack.ledger.kept = [parked("500130", "defaults.units.KRT")]
        stack.ledger.sources = {"500130": as_json(a_purchase_order(orderNbr="500130", date="2026-08-30T00:00:00"))}

    monkeypatch.setattr("connector.cli.config.applying.go_on", answer)
    result = connector("config", "apply", routing_file(KRT), "--release", choice)
    assert result.code == 0
    assert f"Parked meanwhile: 1 document more; {len(released)} of them released." in result.err
    assert [message.number for message in stack.outbox.queued] == released
    assert f"{len(released)} document" in result.out
    if not released:
        assert stack.ledger.kept[0].reason == NOT_RELEASED


def test_apply_tells_what_the_new_routing_would_release_before_it_does(connector, waiting, routing_file):
    result = connector("config", "apply", routing_file(KRT), "--dry-run")
    assert "2 documents would leave" in result.err
    line = next(line for line in result.err.splitlines() if line.startswith("purchase_order"))
    assert line.split()[:6] == ["purchase_order", "acme", "2", "1", "2026-01-10", "Open"]
    assert "2 documents stay parked:" in result.err
    lines = [" ".join(line.split()) for line in result.err.splitlines()]
    assert any(line.startswith("would not be sent today purchase_order 1 ") for line in lines)
    assert any(line.startswith("still waits purchase_order 1 ") for line in lines)
    assert "--release recent 1 those not older than 14 days" in lines
    assert "--release all 2 all of them" in lines
    assert (waiting.routing.put_in_force, waiting.outbox.queued) == ([], [])


def test_apply_looks_again_at_what_waits_for_something_else_and_counts_it_apart(connector, waiting, routing_file):
    result = connector("config", "apply", routing_file(KRT), "--yes", "--release", "none")
    assert [message.number for message in waiting.outbox.queued] == ["500126"]
    entry = waiting.ledger.kept[3]
    output = "1 document is looked at again; it still waits (partners.<name>.visma.supplier"
    assert (output in result.err, output in result.out, str(entry.key) in result.out) == (True, True, False)
    assert "releases 0 documents." in result.err
    assert result.out.endswith("0 documents and 0 changes released.\n")


UNMAPPED = {"reason": "Supplier 50012 is mapped to no partner.", "reason_code": Reason.UNMAPPED_PARTNER.value}


@pytest.fixture
def of_nobody(stack):
    """An order that waits for a partner, dated before the go-live that the partner gets."""
    sources = {
        "500123": as_json(a_purchase_order(orderNbr="500123", date="2026-08-30T00:00:00", lines=[an_order_line()])),
        "500127": as_json(
            a_purchase_order(orderNbr="500127", date="2027-01-30T00:00:00", status="Closed", lines=[an_order_line()])
        ),
    }
    stack.ledger.kept = [
        replace(parked(number, "partners.<name>.visma.supplier"), **UNMAPPED, revision_id=_content(source))
        for number, source in sources.items()
    ]
    stack.ledger.sources = sources
    stack.routing.data = routing_data({"partners.acme.visma.supplier": "59999"})
    return stack


def _content(source):
    return revision_id(stored_document(DocumentKey("nordic", Kind.PURCHASE_ORDER, "1"), source).document.content)


TO_COME = {"partners.acme.go_live": "2026-11-01", "partners.acme.send_when": {"purchase_order": ["Open"]}}


def test_what_waits_for_its_partner_no_more_says_why_it_stays_and_the_way_out(connector, of_nobody, routing_file):
    assert connector("config", "apply", routing_file(TO_COME), "--yes").code == 0
    old, closed = of_nobody.ledger.kept
    assert (old.state, old.reason, old.reason_code) == (State.PARKED, "It is from before go-live.", "before-go-live")
    assert "connector documents release nordic/purchase_order/500123 --as original" in old.next_step
    assert "connector documents close nordic/purchase_order/500123" in old.next_step
    assert (closed.state, closed.reason_code) == (State.PARKED, Reason.STATUS_NOT_IN_SEND_WHEN.value)
    assert closed.next_step.startswith("It is decided again when it changes in Visma.")
    assert of_nobody.outbox.queued == []


def test_what_waits_for_a_person_once_its_partner_is_there_is_looked_at_again(connector, of_nobody, routing_file):
    """Its record would say until it changes that the partner is missing, and no list by code would find it."""
    received = an_order_line(qtyOnReceipts=10)
    source = as_json(a_purchase_order(orderNbr="500123", date="2026-08-30T00:00:00", lines=[received]))
    of_nobody.ledger.kept = [replace(of_nobody.ledger.kept[0], revision_id=_content(source))]
    of_nobody.ledger.sources = {"500123": source}
    result = connector("config", "apply", routing_file({}), "--yes", "--release", "all")
    assert "goods-received" in result.err
    assert "releases 0 documents.\n1 document is looked at again; it still waits.\n" in result.err
    assert [(one.number, one.cause.split(" ")[0]) for one in of_nobody.outbox.queued] == [("500123", "release")]


def test_it_is_said_once_and_taken_back_with_the_partner(connector, of_nobody, routing_file):
    connector("config", "apply", routing_file(TO_COME), "--yes")
    connector("config", "apply", routing_file(TO_COME), "--yes")
    assert len(of_nobody.ledger.moved) == 2
    connector("config", "apply", routing_file({"partners.acme.visma.supplier": "59999"}), "--yes")
    assert [one.number for one in of_nobody.outbox.queued] == ["500123", "500127"], "they are looked at again"


def test_a_dry_run_leaves_what_is_written_of_it(connector, of_nobody, routing_file):
    connector("config", "apply", routing_file(TO_COME), "--dry-run")
    assert of_nobody.ledger.moved == []


@pytest.fixture
def skipped(stack):
    """An order that routing kept back, and one that would read as what the partner has."""
    off = replace(
        parked("1", None), state=State.SKIPPED, reason_code=Reason.SEND_OFF.value, by_routing=True, kept_ready=True
    )
    same = replace(parked("2", None), state=State.SKIPPED, reason_code=Reason.NOTHING_NEW.value)
    stack.ledger.kept = [off, same]
    stack.ledger.sources = {
        number: as_json(a_purchase_order(orderNbr=number, date="2026-08-30T00:00:00", lines=[an_order_line()]))
        for number in ("1", "2")
    }
    stack.routing.data = routing_data({"partners.acme.kinds.purchase_order.send": False})
    return stack


def test_what_routing_skipped_is_offered_if_it_is_asked_for(connector, skipped, routing_file):
    result = connector("config", "apply", routing_file(), "--skipped", "--yes", "--release", "all")
    assert "Skipped so far, 1 document would leave:" in result.err
    assert [one.number for one in skipped.outbox.queued] == ["1"]
    assert "Released nordic/purchase_order/1 (was skipped)." in result.out


def test_what_release_0_1_0_skipped_without_a_reason_code_is_offered_as_well(connector, skipped, routing_file):
    skipped.ledger.kept = [replace(one, reason_code=None) for one in skipped.ledger.kept]
    connector("config", "apply", routing_file(), "--skipped", "--yes", "--release", "all")
    assert [one.number for one in skipped.outbox.queued] == ["1"]


def test_what_routing_skipped_stays_so_unless_it_is_named(connector, skipped, routing_file):
    connector("config", "apply", routing_file(), "--skipped", "--yes", "--release", "none")
    assert (skipped.outbox.queued, skipped.ledger.moved) == ([], [])


@pytest.mark.parametrize(
    ("changes", "concerned"),
    [
        ({}, True),
        ({"partners.acme.kinds.purchase_order.send": False, "defaults.unmapped_partner": "skip"}, True),
        ({"partners.acme.kinds.purchase_order.send": False, "defaults.units.KRT": "case"}, False),
    ],
)
def test_a_file_that_may_let_skipped_documents_leave_says_so(connector, skipped, routing_file, changes, concerned):
    """Finding them reads the whole ledger, so that is done only if somebody asks."""
    result = connector("config", "apply", routing_file(changes), "--yes")
    assert (result.code, "add --skipped" in result.err) == (0, concerned)


def test_data_names_the_effect_of_a_release(connector, waiting, routing_file):
    rows = connector("config", "apply", routing_file(KRT), "--dry-run", "--json").data["waiting"]
    assert rows
    assert all(set(row) == {"kind", "partner", "effect", "documents", "oldest", "statuses", "sums"} for row in rows)


def test_what_would_leave_and_is_paused_is_counted(connector, waiting, routing_file):
    waiting.breaker.pause(Pause(scope=Scope(partner="acme"), since=NOW, by="kari", caller="arn", reason="they move"))
    result = connector("config", "apply", routing_file(KRT), "--dry-run")
    assert "Of these, 2 documents would be paused: connector resume lets them go." in result.err


def test_what_is_looked_at_again_is_not_told_as_released(connector, waiting, routing_file):
    data = connector("config", "apply", routing_file(KRT), "--yes", "--release", "recent", "--json").data
    assert [one["document"].rpartition("/")[2] for one in data["released"]] == ["500123"]
    assert [one["document"].rpartition("/")[2] for one in data["looked_at_again"]] == ["500126"]


def test_what_would_leave_and_is_not_named_says_how_it_leaves(connector, waiting, routing_file):
    """Its entry is there, so that asking for it would send a person in circles."""
    connector("config", "apply", routing_file(KRT), "--yes", "--release", "recent")
    (kept, state, note), written = waiting.ledger.moved[0], waiting.ledger.written[0]
    assert (kept.key.number, state, written["reason"]) == ("500125", State.PARKED, note)
    assert note == "Its routing entry is in force; it was not released when that was applied."
    assert written["next_step"] == (
        f"Send it: connector documents release {kept.key} --as original, or apply the file again with --release all."
    )
    assert "waits_for" not in written, "it is counted again when the file is applied the next time"


def test_what_says_so_already_is_not_written_again_and_one_whose_entry_went_is_looked_at(
    connector, waiting, routing_file
):
    kept = [replace(one, reason=NOT_RELEASED) for one in waiting.ledger.kept if one.key.number == "500125"]
    waiting.ledger.kept = kept
    connector("config", "apply", routing_file(KRT), "--yes", "--release", "none")
    assert (waiting.ledger.moved, waiting.outbox.queued) == ([], [])
    connector("config", "apply", routing_file(), "--yes", "--release", "none")
    assert [message.number for message in waiting.outbox.queued] == ["500125"]


def test_a_dry_run_says_what_its_choice_would_release(connector, waiting, routing_file):
    result = connector("config", "apply", routing_file(KRT), "--dry-run", "--release", "recent")
    assert "Would release nordic/purchase_order/500123 (to acme).\n1 document would be released." in result.out
    data = connector("config", "apply", routing_file(KRT), "--dry-run", "--release", "all", "--json").data
    assert [key.rpartition("/")[2] for key in data["would_release"]] == ["500123", "500125"]
    assert (waiting.routing.put_in_force, waiting.outbox.queued, waiting.ledger.moved) == ([], [], [])


def test_apply_without_a_terminal_wants_to_be_told_what_to_release(connector, waiting, routing_file):
    result = connector("config", "apply", routing_file(KRT), "--yes")
    assert (result.code, waiting.routing.put_in_force, waiting.outbox.queued) == (2, [], [])
    assert "Say what to release with --release" in result.err


def test_apply_asks_what_to_release(connector, waiting, routing_file, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", lambda *_, **__: "recent")
    monkeypatch.setattr("click.confirm", lambda *_, **__: True)
    assert connector("config", "apply", routing_file(KRT)).code == 0
    assert "500123" in [message.number for message in waiting.outbox.queued]


@pytest.mark.parametrize("choice", ["soon", "since=2026-13-01", ""])
def test_a_choice_that_is_none_is_refused(connector, waiting, routing_file, choice):
    result = connector("config", "apply", routing_file(KRT), "--yes", "--release", choice)
    assert (result.code, waiting.routing.put_in_force) == (2, [])


def test_apply_releases_changes_that_waited_for_routing_as_well(connector, stack, routing_file):
    output = {"state": ChangeState.PARKED, "waits_for": "partners.acme.changes.quantities"}
    stack.changes.put(a_change(transaction_id="1", **output))
    stack.changes.put(a_change(transaction_id="2", state=ChangeState.PARKED))
    result = connector("config", "apply", routing_file(), "--yes", "--json")
    assert result.data["released_changes"] == [
        {
            "transaction_id": "1",
            "order": "nordic/purchase_order/500123",
            "waited_for": "partners.acme.changes.quantities",
        }
    ]
    assert [message.transaction_id for message in stack.outbox.queued] == ["1"]
    states = {change.transaction_id: change.state for change in stack.changes.all()}
    assert states == {"1": ChangeState.RECEIVED, "2": ChangeState.PARKED}


def test_apply_tells_how_many_documents_and_changes_were_released(connector, stack, routing_file):
    stack.changes.put(
        a_change(state=ChangeState.PARKED, waits_for="partners.<name>.orderful.isa_id.test: ACMEPRODUCET")
    )
    out = connector("config", "apply", routing_file(), "--yes").out
    assert "Released change 802210971 of nordic/purchase_order/500123 (waited for partners.<name>" in out
    assert out.endswith("0 documents and 1 change released.\n")


def test_an_unknown_answer_is_asked_again(connector, waiting, routing_file, monkeypatch):
    answers = iter(["soon", "recent"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(answers))
    monkeypatch.setattr("click.confirm", lambda *_, **__: True)
    result = connector("config", "apply", routing_file(KRT))
    assert result.code == 0
    assert "'soon' is no choice" in result.err + result.out
    assert "500123" in [message.number for message in waiting.outbox.queued]


class TestWhatIsPaused:
    """A pause goes by names: a file that gives its documents another one would end it unseen."""

    def paused(self, waiting, scope):
        waiting.routing.data = routing_data({"partners.berg": a_partner(supplier="60000")})
        waiting.breaker.pause(Pause(scope=scope, since=NOW, by="kari", caller="arn", reason="they move"))

    @pytest.mark.parametrize(
        ("scope", "changes", "said"),
        [
            (
                Scope(partner="acme"),
                {"partners.acme": None, "partners.acme-ab": routing_data()["partners"]["acme"]},
                "Partner acme is paused and is not in this file.",
            ),
            (
                Scope(partner="acme"),
                {"partners.acme.visma.supplier": "60000", "partners.berg": a_partner(supplier="50012")},
                "Partner acme is paused, and its supplier 50012 is berg in this file.",
            ),
            (
                Scope(company="nordic"),
                {
                    "companies.nordic.visma.branch": "1",
                    "companies.nordic-2": {
                        "visma": {**routing_data()["companies"]["nordic"]["visma"], "branch": "2"},
                        "go_live": "2027-01-01",
                        "orderful": {"isa_id": {"live": "N2", "test": "N2T"}},
                    },
                },
                "Company nordic is paused, and this file reads it as nordic-2 as well.",
            ),
        ],
    )
    def test_keeps_its_name_while_it_is_paused(self, connector, waiting, routing_file, *, scope, changes, said):
        self.paused(waiting, scope)
        before = waiting.routing.data
        result = connector("config", "apply", routing_file(changes), "--yes", "--release", "none")
        assert (result.code, said in result.err) == (2, True), result.err
        assert f"connector resume {scope.options}" in result.err
        assert waiting.routing.data == before

    def test_may_get_other_numbers_and_settings(self, connector, waiting, routing_file):
        self.paused(waiting, Scope(partner="acme"))
        changes = {"partners.acme.visma.supplier": "77777", "partners.acme.dialect": "x12"}
        result = connector("config", "apply", routing_file(changes), "--yes", "--release", "none")
        assert result.code == 0, result.err
        assert "would be paused" not in result.err, "nothing is released"
