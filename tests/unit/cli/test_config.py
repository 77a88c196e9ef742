from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml

from connector.cli.config import differences
from connector.cli.files import read_routing
from connector.domain.documents import DocumentKey, Kind
from connector.domain.order_change.record import ChangeState
from connector.domain.pause import Pause, Scope
from connector.domain.reasons import Reason
from connector.domain.revision.record import Revision, State
from connector.domain.transactions import Stream
from connector.routing_file import json_schema
from connector.services.release import NOT_RELEASED
from testkit.memory.stores import a_change
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)


@pytest.fixture
def routing_file(tmp_path):
    def write(changes=None, text=None):
        path = tmp_path / "connector.yaml"
        path.write_text(text if text is not None else yaml.safe_dump(routing_data(changes)), encoding="utf-8")
        return str(path)

    return write


def parked(number, waits_for):
    return Revision(
        key=DocumentKey("nordic", Kind.PURCHASE_ORDER, number),
        sequence=1,
        revision_id="r1",
        state=State.PARKED,
        created_at=NOW,
        updated_at=NOW,
        waits_for=waits_for,
    )


def test_check_says_that_a_sound_file_is_in_order(connector, routing_file):
    result = connector("config", "check", routing_file())
    assert (result.code, result.err) == (0, "")
    assert "is in order" in result.out


def test_check_lists_every_problem_with_its_path_and_exits_with_2(connector, routing_file):
    result = connector("config", "check", routing_file({"defaults.settle": "soon", "partners.acme.dialect": "edi"}))
    assert result.code == 2
    assert "error: defaults.settle:" in result.out
    assert "error: partners.acme.dialect:" in result.out
    assert "2 errors" in result.out


def test_check_warns_without_failing(connector, routing_file):
    result = connector("config", "check", routing_file({"partners.acme.orderful.isa_id.test": "ACMEPRODUCE"}))
    assert result.code == 0
    assert "warning: partners.acme.orderful.isa_id" in result.out


def test_check_says_plainly_what_is_on(connector, routing_file):
    changes = {
        "companies.nordic.go_live": "2026-12-01",
        "partners.other": a_partner(supplier="50013"),
        "partners.late": a_partner(isa_id="LATE", supplier="50014"),
        "partners.late.go_live": "2027-01-01T06:00+01:00",
        "partners.other.kinds": {"purchase_order": {"send": False}},
        "defaults.kinds": {"supplier_invoice": {"send": False}},
        "companies.svensk": {
            "visma": {"company_id": "2", "tenant_id": "b"},
            "orderful": {"isa_id": {"live": "SVENSK", "test": "SVENSKT"}},
        },
    }
    result = connector("config", "check", routing_file(changes))
    assert (
        "nordic: purchase orders as 850 to 2 of 3 partners (off for other); supplier invoices are off; "
        "customer invoices as 810 to 1 partner; go-live 2026-12-01 (another one for late)\n"
        "svensk: purchase orders have no partner; supplier invoices have no partner; "
        "customer invoices have no partner; no go-live\n"
    ) in result.out
    nordic, _ = connector("config", "check", routing_file(changes), "--json").data["companies"]
    assert [kind["partners"] for kind in nordic["kinds"]] == [["acme", "late"], [], ["matsenteret"]]
    assert nordic["own_go_live"] == ["late"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"defaults.send_when": {"invoice": []}}, "customer invoices never (send_when is empty);"),
        (
            {"partners.other": a_partner(supplier="50013"), "partners.other.send_when": {"purchase_order": []}},
            "purchase orders as 850 to 1 of 2 partners (never for other: send_when is empty);",
        ),
        (
            {
                "partners.acme.send_when": {"purchase_order": []},
                "partners.other": a_partner(supplier="50013"),
                "partners.other.kinds": {"purchase_order": {"send": False}},
            },
            "purchase orders never (send_when is empty; off for other);",
        ),
    ],
)
def test_check_says_what_is_never_sent(connector, routing_file, changes, told):
    assert told in connector("config", "check", routing_file(changes)).out


def test_check_for_a_live_stack_refuses_a_file_without_go_live(connector, routing_file):
    assert connector("config", "check", routing_file()).code == 0
    assert connector("config", "check", routing_file(), "--stream", "test").code == 0
    live = connector("config", "check", routing_file(), "--stream", "live")
    assert live.code == 2
    assert "error: companies.nordic.go_live: is missing" in live.out


def test_apply_on_a_live_stack_refuses_a_file_without_go_live(connector, routing_file, stack):
    stack.stream = Stream.LIVE
    result = connector("config", "apply", routing_file(), "--yes")
    assert (result.code, stack.routing.put_in_force) == (2, [])
    assert "companies.nordic.go_live" in result.err
    assert connector("config", "apply", routing_file({"defaults.go_live": "2026-12-01"}), "--yes").code == 0


def test_check_as_json_gives_path_sentence_and_level(connector, routing_file):
    result = connector("config", "check", routing_file({"defaults.settle": "soon"}), "--json")
    assert result.code == 2
    problem, *others = result.data["problems"]
    assert (result.data["ok"], problem["path"], problem["level"]) == (False, "defaults.settle", "error")
    assert {other["level"] for other in others} == {"warning"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("companies: [", "is not YAML"),
        ("companies: {nordic: {visma: 1}\npartners: {}", "is not YAML"),
        ("a: 1\na: 2\n", "the key 'a' stands twice (line 2"),
        ("\x00", "is not YAML"),
        ("[" * 5_000, "is not YAML"),
        ("? [a]\n: 1", "is not YAML"),
        ("!!python/object:os.system {}", "is not YAML"),
    ],
)
def test_what_is_no_yaml_is_one_sentence_and_exit_2(connector, routing_file, text, told):
    result = connector("config", "check", routing_file(text=text))
    assert (result.code, result.out) == (2, "")
    assert told in result.err
    assert result.err.count("\n") == 1


def test_a_file_that_is_not_there_is_one_sentence_and_exit_2(connector):
    result = connector("config", "check", "nowhere.yaml")
    assert (result.code, result.err) == (2, "nowhere.yaml cannot be read: No such file or directory.\n")


def test_bytes_that_are_no_utf_8_are_one_sentence_and_exit_2(connector, tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: Kjøtt".encode("latin-1"))
    result = connector("config", "check", str(path))
    assert (result.code, "is not UTF-8 text (byte 8)" in result.err) == (2, True)


def test_yaml_words_and_numbers_are_read_as_people_mean_them(routing_file):
    text = """
companies:
  nordic:
    address: {country: NO, postal_code: 0150}
    visma: {company_id: 1234567, tenant_id: 8e10, page_size: 100}
    orderful: {isa_id: {live: 0012, test: on}}
partners:
  acme:
    company: nordic
    visma: {supplier: 0050012}
    orderful: {isa_id: {live: 12_3, test: 1:30}}
    kinds: {supplier_invoice: {send: false}}
defaults:
  items: {1298: {partner_item: 1.10}}
  terms: {30: {net_days: 30}}
"""
    data = read_routing(routing_file(text=text)).data
    assert data["companies"]["nordic"]["address"] == {"country": "NO", "postal_code": "0150"}
    assert data["companies"]["nordic"]["visma"] == {"company_id": "1234567", "tenant_id": "8e10", "page_size": 100}
    assert data["companies"]["nordic"]["orderful"]["isa_id"] == {"live": "0012", "test": "on"}
    assert data["partners"]["acme"]["visma"] == {"supplier": "0050012"}
    assert data["partners"]["acme"]["orderful"]["isa_id"] == {"live": "12_3", "test": "1:30"}
    assert data["partners"]["acme"]["kinds"] == {"supplier_invoice": {"send": False}}
    assert data["defaults"]["items"] == {"1298": {"partner_item": "1.10"}}
    assert data["defaults"]["terms"] == {"30": {"net_days": 30}}


def test_anchors_of_yaml_can_be_used(routing_file):
    text = """
companies:
  nordic: &company
    visma: {company_id: "1", tenant_id: t}
    orderful: {isa_id: {live: A, test: AT}}
  svensk:
    <<: *company
    visma: {company_id: "2", tenant_id: t}
"""
    checked = read_routing(routing_file(text=text))
    assert not checked.errors
    assert checked.data["companies"]["svensk"]["orderful"] == {"isa_id": {"live": "A", "test": "AT"}}


def test_diff_shows_what_would_change_and_changes_nothing(connector, stack, routing_file):
    stack.routing.data = routing_data({"defaults.currency": "NOK", "partners.acme.dialect": "x12"})
    result = connector(
        "config", "diff", routing_file({"defaults.currency": "SEK", "partners.acme.gln": "7080001234560"})
    )
    assert result.code == 0
    assert '~ defaults.currency: "NOK" -> "SEK"' in result.out
    assert '- partners.acme.dialect: "x12"' in result.out
    assert '+ partners.acme.gln: "7080001234560"' in result.out
    assert stack.routing.put_in_force == []


def test_diff_against_nothing_applied_shows_the_whole_file(connector, routing_file):
    result = connector("config", "diff", routing_file(), "--json")
    assert result.data["applied"] is None
    assert {"path": "partners.acme.company", "before": None, "after": "nordic"} in result.data["changes"]


def test_diff_of_equal_files_says_so(connector, stack, routing_file):
    stack.routing.data = routing_data()
    assert "Nothing would change." in connector("config", "diff", routing_file()).out


def test_differences_are_found_at_every_depth():
    before = {"a": {"b": 1, "c": [1]}, "d": 1}
    after = {"a": {"b": 2, "c": [1]}, "e": {"f": 1}}
    assert list(differences(before, after)) == [
        {"path": "a.b", "before": 1, "after": 2},
        {"path": "d", "before": 1, "after": None},
        {"path": "e.f", "before": None, "after": 1},
    ]


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


def test_apply_tells_what_the_new_routing_would_release_before_it_does(connector, waiting, routing_file):
    result = connector("config", "apply", routing_file(KRT), "--dry-run")
    assert "2 documents would leave" in result.err
    line = next(line for line in result.err.splitlines() if line.startswith("purchase_order"))
    assert line.split()[:6] == ["purchase_order", "acme", "2", "1", "2026-01-10", "Open"]
    assert "1 document would not be sent today and stays parked" in result.err
    assert "1 document still waits, " in result.err
    assert (waiting.routing.put_in_force, waiting.outbox.queued) == ([], [])


def test_apply_looks_again_at_what_waits_for_something_else_and_counts_it_apart(connector, waiting, routing_file):
    result = connector("config", "apply", routing_file(KRT), "--yes", "--release", "none")
    assert [message.number for message in waiting.outbox.queued] == ["500126"]
    entry = waiting.ledger.kept[3]
    told = "1 document is looked at again; it still waits (partners.<name>.visma.supplier"
    assert (told in result.err, told in result.out, str(entry.key) in result.out) == (True, True, False)
    assert "releases 0 documents." in result.err
    assert result.out.endswith("0 documents and 0 changes released.\n")


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


def test_what_would_leave_and_is_paused_is_counted(connector, waiting, routing_file):
    waiting.breaker.pause(Pause(scope=Scope(partner="acme"), since=NOW, by="kari", caller="arn", reason="they move"))
    result = connector("config", "apply", routing_file(KRT), "--dry-run")
    assert "Of these, 2 documents will be paused: connector resume lets them go." in result.err


def test_what_is_looked_at_again_is_not_told_as_released(connector, waiting, routing_file):
    data = connector("config", "apply", routing_file(KRT), "--yes", "--release", "recent", "--json").data
    assert [one["document"].rpartition("/")[2] for one in data["released"]] == ["500123"]
    assert [one["document"].rpartition("/")[2] for one in data["looked_at_again"]] == ["500126"]


def test_what_would_leave_and_is_not_named_says_how_it_leaves(connector, waiting, routing_file):
    """Its entry is there, so that asking for it would send a person in circles."""
    connector("config", "apply", routing_file(KRT), "--yes", "--release", "recent")
    ((kept, state, note),), (written,) = waiting.ledger.moved, waiting.ledger.written
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


def test_apply_refuses_another_name_for_a_company(connector, stack, routing_file):
    """The ledger does not follow it: everything would be sent a second time."""
    assert connector("config", "apply", routing_file(), "--yes").code == 0
    before = stack.routing.load().version
    renamed = {
        "companies": {"nordic_food": routing_data()["companies"]["nordic"]},
        "partners.acme.company": "nordic_food",
        "partners.matsenteret.company": "nordic_food",
    }
    result = connector("config", "apply", routing_file(renamed), "--yes")
    assert (result.code, stack.routing.load().version) == (2, before)
    assert "Keep the name 'nordic'" in result.err


@pytest.mark.parametrize(("go_live", "code"), [("2026-01-01", 2), ("2099-01-01", 0)])
def test_apply_splits_a_company_only_with_a_go_live_that_is_to_come(connector, routing_file, go_live, code):
    assert connector("config", "apply", routing_file(), "--yes").code == 0
    nordic = routing_data()["companies"]["nordic"]
    visma = nordic["visma"]
    split = {
        "companies.nordic.visma.branch": "1",
        "companies.norden": nordic | {"go_live": go_live, "visma": visma | {"branch": "2"}},
    }
    assert connector("config", "apply", routing_file(split), "--yes").code == code


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
    told = {"state": ChangeState.PARKED, "waits_for": "partners.acme.changes.quantities"}
    stack.changes.put(a_change(transaction_id="1", **told))
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


def test_apply_says_what_it_will_do_before_it_does_it(connector, routing_file):
    result = connector("config", "apply", routing_file(), "--yes")
    assert '+ partners.acme.company: "nordic"' in result.err
    assert "in force for stack 'laptop'" in result.err
    assert result.out.startswith("Routing version ")


def test_apply_with_dry_run_writes_nothing(connector, stack, routing_file):
    stack.ledger.kept = [parked("500123", "defaults.units.KRT")]
    stack.changes.put(a_change(state=ChangeState.PARKED, waits_for="defaults.units.KRT"))
    result = connector("config", "apply", routing_file(), "--dry-run")
    assert (result.code, stack.routing.put_in_force, stack.outbox.queued) == (0, [], [])
    assert [change.state for change in stack.changes.all()] == [ChangeState.PARKED]


def test_apply_without_a_yes_writes_nothing(connector, stack, routing_file, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", _refuse)
    result = connector("config", "apply", routing_file())
    assert (result.code, stack.routing.put_in_force) == (1, [])
    assert result.err.endswith("Stopped.\n")


@pytest.mark.parametrize(
    "command",
    [
        ("config", "apply"),
        ("baseline",),
        ("documents", "replay", "500124"),
        ("documents", "release", "500124", "--as", "original"),
        ("documents", "close", "500124"),
        ("changes", "approve", "1", "--by", "ola"),
        ("changes", "reject", "1", "--by", "ola", "--reason", "no"),
    ],
)
def test_without_a_terminal_a_command_asks_for_yes_and_changes_nothing(
    connector, stack, routing_file, command, monkeypatch
):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    stack.routing.data = routing_data()
    stack.ledger.kept = [parked("500124", None)]
    stack.changes.put(a_change(transaction_id="1", state=ChangeState.PARKED))
    result = connector(*command, *([routing_file()] if command[0] == "config" else []))
    assert result.code == 2
    assert result.err.endswith("There is no terminal to ask on; write --yes. Nothing was changed.\n")
    assert (stack.routing.put_in_force, stack.ledger.moved, stack.outbox.queued) == ([], [], [])


def _refuse(*_arguments, **_options):
    import click

    raise click.Abort


def test_apply_refuses_a_wrong_file_before_it_touches_anything(connector, stack, routing_file):
    result = connector("config", "apply", routing_file({"partners.beta": a_partner(supplier="50012")}), "--yes")
    assert (result.code, stack.routing.put_in_force) == (2, [])
    assert "mapped twice, to acme and beta" in result.err


def test_apply_tells_when_somebody_else_was_faster(connector, stack, routing_file):
    stack.routing.overtaken = True
    result = connector("config", "apply", routing_file(), "--yes")
    assert (result.code, stack.outbox.queued) == (1, [])
    assert "Somebody else applied another routing meanwhile." in result.err


def test_show_gives_the_layer_of_every_setting_of_a_route(connector, stack):
    stack.routing.data = routing_data({"partners.acme.units": {"KRT": "case"}, "companies.nordic.currency": "NOK"})
    result = connector("config", "show", "--route", "nordic", "purchase_order", "50012", "--json")
    assert result.data["currency"] == {"value": "NOK", "from": "company"}
    assert result.data["units.KRT"] == {"value": "case", "from": "partner"}
    assert result.data["units.STK"] == {"value": "each", "from": "default"}
    assert result.data["dialect"] == {"value": "auto", "from": "built-in"}
    assert result.data["description"] == {"value": "send", "from": "built-in"}
    assert result.data["receiver.test"] == {"value": "ACMEPRODUCET", "from": "partners.acme"}
    table = connector("config", "show", "--route", "nordic", "purchase_order", "50012").out
    assert any(line.split() == ["units.KRT", "case", "partner"] for line in table.splitlines())


def keys_of(part, schema, path=""):
    """The keys that a part of the file may hold, down to the values; what may be called anything ends the way."""
    part = schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    if "properties" not in part:
        return {path}
    inside = {key: keys_of(of, schema, f"{path}.{key}" if path else key) for key, of in part["properties"].items()}
    return {key for name, keys in inside.items() if name != "kinds" for key in keys}


@pytest.mark.parametrize(("kind", "number"), [("purchase_order", "50012"), ("customer_invoice", "10045")])
def test_show_gives_every_key_of_the_schema(connector, stack, kind, number):
    stack.routing.data = routing_data()
    shown = connector("config", "show", "--route", "nordic", kind, number, "--json").data
    schema = json_schema()
    called = {"company.orderful.isa_id": "sender", "partner.orderful.isa_id": "receiver", "partner.company": "company"}
    ways = {
        "company": keys_of({"$ref": "#/$defs/CompanyPart"}, schema),
        "partner": keys_of({"$ref": "#/$defs/PartnerPart"}, schema) | keys_of({"$ref": "#/$defs/KindPart"}, schema),
        "inbound": keys_of(schema["properties"]["inbound"], schema),
    }
    missing = []
    for entry, keys in ways.items():
        for key in keys:
            full = f"{entry}.{key}"
            for own, word in called.items():
                full = word + full.removeprefix(own) if f"{full}.".startswith(f"{own}.") else full
            # A map is shown by its entries, and `send_when` for the kind of the route.
            whole = {full, key, key.partition(".")[0] if key.startswith("send_when.") else key}
            if not any(name in whole or name.startswith((f"{key}.", f"{full}.")) for name in shown):
                missing.append(full)
    assert missing == []


def test_show_gives_the_limits_of_changes_as_the_file_has_them(connector, stack):
    stack.routing.data = routing_data(
        {"defaults.changes": {"quantity": "20%", "dates": "14d"}, "partners.acme.changes": {"codes": {"CA": "change"}}}
    )
    shown = connector("config", "show", "--route", "nordic", "purchase_order", "50012", "--json").data
    assert {key: (one["value"], one["from"]) for key, one in shown.items() if key.startswith("changes.")} == {
        "changes.quantity": ("20%", "default"),
        "changes.price": ("0%", "built-in"),
        "changes.dates": ("14d", "default"),
        "changes.lines": ("park", "built-in"),
        "changes.quantities": (None, "-"),
        "changes.codes.CA": ("change", "partner"),
        "changes.statuses": (["Hold", "Open", "PendingPrint", "PendingEmail", "Printed"], "built-in"),
        "changes.hold_first": ([], "built-in"),
        "changes.places": ({}, "built-in"),
        "changes.price_bases": ({}, "built-in"),
    }


def test_show_gives_how_the_company_is_polled_and_who_the_partner_is(connector, stack):
    stack.routing.data = routing_data(
        {
            "companies.nordic.settle": "3m",
            "companies.nordic.visma.time_zone": None,
            "partners.acme.gln": "7080001234560",
        }
    )
    shown = connector("config", "show", "--route", "nordic", "purchase_order", "50012", "--json").data
    keys = ("settle", "overlap", "company.visma.company_id", "partner.gln", "company.gln", "partner.visma.supplier")
    assert {key: (shown[key]["value"], shown[key]["from"]) for key in keys} == {
        "settle": ("3m", "company"),
        "overlap": ("2h5m", "built-in"),
        "company.visma.company_id": ("1234567", "companies.nordic"),
        "partner.gln": ("7080001234560", "partners.acme"),
        "company.gln": (None, "-"),
        "partner.visma.supplier": ("50012", "partners.acme"),
    }


@pytest.mark.parametrize(
    ("written", "shown"), [("2026-11-01", "2026-11-01"), ("2026-11-01T06:00+01:00", "2026-11-01T05:00Z")]
)
def test_show_gives_go_live_as_the_file_has_it(connector, stack, written, shown):
    stack.routing.data = routing_data({"companies.nordic.go_live": written})
    route = ("config", "show", "--route", "nordic", "purchase_order", "50012")
    assert connector(*route, "--json").data["go_live"]["value"] == shown
    assert any(line.split() == ["go_live", shown, "company"] for line in connector(*route).out.splitlines())


def test_show_of_an_unmapped_number_names_the_key_and_exits_with_3(connector, stack):
    stack.routing.data = routing_data()
    result = connector("config", "show", "--route", "nordic", "purchase_order", "777")
    assert (result.code, result.out) == (3, "")
    assert 'partners.<name>.visma.supplier: "777"' in result.err


def test_show_with_an_unknown_kind_lists_the_kinds(connector, stack):
    stack.routing.data = routing_data()
    result = connector("config", "show", "--route", "nordic", "order", "777")
    assert result.code == 2
    assert "purchase_order, supplier_invoice, customer_invoice" in result.err


def test_show_can_look_into_a_file_instead_of_the_stack(connector, routing_file):
    result = connector("config", "show", "--config", routing_file())
    assert result.code == 0
    assert "matsenteret" in result.out


def test_show_without_any_routing_tells_the_command_to_run(connector):
    result = connector("config", "show", "--json")
    assert result.code == 1
    assert "connector config apply" in json.loads(result.err)["error"]


@pytest.mark.parametrize(
    ("go_live", "told"),
    [("2026-10-03", "32 days ahead"), ("2026-10-01", None), ("2025-07-20", "408 days ago"), ("2025-08-20", None)],
)
def test_apply_warns_of_a_go_live_that_is_far_from_today(connector, routing_file, go_live, told):
    result = connector("config", "apply", routing_file({"companies.nordic.go_live": go_live}), "--dry-run")
    warnings = [line for line in result.err.splitlines() if line.startswith("warning: companies.nordic.go_live")]
    assert [told in line for line in warnings] == ([True] if told else [])


def test_a_go_live_of_long_ago_is_told_once_and_one_far_ahead_until_it_comes(connector, routing_file):
    for go_live, again in (("2020-01-01", False), ("2029-01-01", True)):
        file = routing_file({"partners.acme.go_live": go_live})
        assert "warning: partners.acme.go_live" in connector("config", "apply", file, "--yes").err
        assert ("warning: partners.acme.go_live" in connector("config", "apply", file, "--yes").err) is again


@pytest.mark.parametrize("go_live", ["1999-01-01", "2999-01-01"])
def test_check_warns_of_such_a_go_live_without_failing(connector, routing_file, go_live):
    result = connector("config", "check", routing_file({"defaults.go_live": go_live}))
    assert result.code == 0
    assert f"warning: companies.nordic.go_live: {go_live} is " in result.out


def test_apply_names_the_documents_that_another_go_live_makes_new(connector, stack, routing_file):
    assert connector("config", "apply", routing_file({"companies.nordic.go_live": "2026-10-01"}), "--yes").code == 0
    stack.ledger.kept = [replace(parked(number, None), state=State.BASELINE) for number in ("500123", "500124")]
    for number, date in (("500123", "2026-08-20"), ("500124", "2026-09-03")):
        order = a_purchase_order(orderNbr=number, date=f"{date}T00:00:00")
        stack.ledger.sources[number] = as_json(order)
    file = routing_file({"companies.nordic.go_live": "2026-09-01"})
    result = connector("config", "apply", file, "--dry-run", "--json")
    assert result.data["across_go_live"] == ["nordic/purchase_order/500124"]
    assert "1 document on record as from before go-live is not from before the new one" in result.err


def test_apply_says_until_when_the_former_version_counts(connector, routing_file):
    first = connector("config", "apply", routing_file(), "--yes", "--json").data
    assert first["former_until"] is None
    changed = connector("config", "apply", routing_file({"defaults.settle": "3m"}), "--yes")
    assert "Until 2026-09-01 06:01:00Z functions may still use the former version" in changed.out


def test_apply_refuses_the_file_of_another_stack_unless_it_is_meant(connector, stack, routing_file):
    assert connector("config", "apply", routing_file(), "--yes").code == 0
    visma = {"companies.nordic.visma.company_id": "777"}
    assert connector("config", "apply", routing_file(visma), "--yes", "--dry-run").code == 0, "one id may be mended"
    other = routing_file({**visma, "companies.nordic.visma.tenant_id": "another"})
    refused = connector("config", "apply", other, "--yes")
    assert (refused.code, len(stack.routing.put_in_force)) == (2, 1)
    assert "stack 'laptop' reads nordic (" in refused.err
    assert connector("config", "apply", other, "--yes", "--other-companies").code == 0


def test_an_unknown_answer_is_asked_again(connector, waiting, routing_file, monkeypatch):
    answers = iter(["soon", "recent"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(answers))
    monkeypatch.setattr("click.confirm", lambda *_, **__: True)
    result = connector("config", "apply", routing_file(KRT))
    assert result.code == 0
    assert "'soon' is no choice" in result.err + result.out
    assert "500123" in [message.number for message in waiting.outbox.queued]


def test_a_setting_of_a_kind_in_the_wrong_place_is_told_where_it_belongs(connector, routing_file):
    result = connector("config", "check", routing_file({"partners.acme.send": False}))
    assert "error: partners.acme.send: is set for a kind of document: write kinds.<kind>.send" in result.out
