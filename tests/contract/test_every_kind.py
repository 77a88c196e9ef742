"""What every kind of document has to have. A kind that is registered without one of these turns this red."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from decimal import Decimal

import jsonschema
import pytest
import yaml
from msgspec import Raw
from msgspec.structs import replace

from connector.cli.main import command_line
from connector.domain.advice import after_rejection, correction
from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Parked
from connector.domain.revision.content_hash import revision_id
from connector.domain.routing.policy import hold_reason
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import SETTINGS
from connector.domain.totals import reconcile
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.dialects import DIALECTS
from connector.edi.fingerprint import Likeness, compare, fingerprint
from connector.edi.kinds import KINDS
from connector.edi.translate import translate
from connector.edi.visma.read import NotADocument, dated_on, decode, read_document
from connector.edi.x12.text import interchange
from connector.kinds.facts import Counterparty
from connector.routing_file import check, json_schema
from connector.services.messages import DocumentMessage
from connector.services.ports import Resource
from contracts import facts
from testkit.field_mapping import examples_of, explained
from testkit.memory.reconcile_harness import Harness
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import BY_KIND, MISSING, as_json
from testkit.x12_reader import every, only, read
from tests.contract.test_orderful_requests import unknown_keys

SCHEMAS = facts.load("orderful.json")["components"]
NUMBERS = {Counterparty.SUPPLIER: ("acme", "50012"), Counterparty.CUSTOMER: ("matsenteret", "10045")}
# X12 element 479.
GROUPS = {"850": "PO", "810": "IN", "855": "PR"}
UNITS = {"STK": "each", "KRT": "case", "KG": "unit"}

pytestmark = pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.value) for kind in Kind])
dialects = pytest.mark.parametrize("dialect", list(Dialect))


def a_document(kind, **changes):
    return read_document(decode(as_json(BY_KIND[kind](**changes))), company="nordic", kind=kind)


def the_file(kind, **settings):
    """A routing file in which the kind is on for a partner that has its counterparty's number."""
    partner, _ = NUMBERS[kind.facts.counterparty]
    of_kind = {"send": True, **settings}
    changes = {"defaults.units": UNITS, f"partners.{partner}.kinds": {kind.value: of_kind}}
    return routing_data({**changes, f"partners.{partner}.currency": "NOK"})


def the_route(kind, **settings):
    _, number = NUMBERS[kind.facts.counterparty]
    return Routing.from_data(the_file(kind, **settings)).route("nordic", kind, number)


def without_vat(kind):
    """Content that every dialect can carry.

    Mosaic has no place for VAT and payment references, nor in an 855 for the delivery address.
    """
    content = a_document(kind).content
    plain = {"taxes": (), "tax_total": Decimal(0), "order_total": None, "total": None, "implied_total": None}
    plain |= {"payment_reference": None, "currency": "NOK"}
    if kind.facts.we_sell and hasattr(content, "ship_to"):
        plain["ship_to"] = replace(content.ship_to, address=None)
    return replace(content, **{name: value for name, value in plain.items() if hasattr(content, name)})


# -- what it declares --------------------------------------------------------------------------------------------------


def test_its_facts_fit_together(kind):
    declared = kind.facts
    assert declared.transaction_type.value.startswith(f"{declared.transaction_type.number}_")
    assert set(declared.sent_in) <= declared.statuses
    assert declared.plain_type in {None, *declared.types}
    assert declared.defaults.keys() <= SETTINGS.keys()
    for key, value in declared.defaults.items():
        assert SETTINGS[key].built_in(kind) == value
        assert SETTINGS[key].type.read(value) is not None
    assert declared.group not in [one.value for one in Kind]


def test_it_is_registered_where_it_is_read_and_written(kind):
    assert kind in KINDS
    assert set(DIALECTS) == set(Dialect)


def test_a_kind_that_is_on_by_itself_is_polled_and_one_that_is_off_costs_no_call(kind):
    is_on = SETTINGS["send"].built_in(kind)
    assert kind.facts.is_listed is is_on
    assert [one.path for one in kind.facts.lists] == [one.value for one in Resource if one.kind is kind]
    assert (kind in Routing.from_data(routing_data()).companies["nordic"].kinds_off) is not is_on


# -- how it is read ----------------------------------------------------------------------------------------------------


def test_it_has_a_sample_that_is_recognised_and_read(kind):
    document = a_document(kind)
    assert read_document(decode(as_json(BY_KIND[kind]())), company="nordic") == document
    assert (document.key.kind, document.content.kind) == (kind, kind)
    assert DocumentKey.parse(str(document.key)) == DocumentKey.parse(document.key.stored) == document.key
    assert document.counterparty == document.content.party.number
    assert document.content.lines
    assert document.document_type in kind.facts.types
    assert document.status in kind.facts.sent_in
    assert not document.on_hold
    assert dated_on(decode(as_json(BY_KIND[kind]())), kind) is not None


def test_it_is_recorded_as_what_it_is_beside_an_order_of_its_number(kind, monkeypatch):
    monkeypatch.setattr(kind, "facts", dataclasses.replace(kind.facts, plain_type=None))
    document = a_document(kind)
    harness = Harness()
    order = harness.save(document.content.number)
    harness.flow()
    now = harness.clock.now()
    harness.translator().handle(
        DocumentMessage(
            company="nordic",
            kind=kind,
            number=document.content.number,
            modified_at=now,
            seen_at=now,
            document=Raw(as_json(BY_KIND[kind]())),
        )
    )
    assert {key for key, _ in harness.ledger.rows} == {order, DocumentKey("nordic", kind, document.content.number)}


def test_what_has_no_number_is_none_of_it(kind):
    with pytest.raises(NotADocument, match=kind.facts.names.number):
        a_document(kind, **{kind.facts.names.number: MISSING})


@pytest.mark.parametrize("field", ["date", "party"])
def test_what_lacks_something_indispensable_parks_with_the_field_and_a_next_step(kind, field):
    name = getattr(kind.facts.names, field)
    with pytest.raises(Parked, match=name) as parked:
        a_document(kind, **{name: MISSING})
    assert parked.value.document
    assert parked.value.next_step


def test_its_id_is_that_of_what_it_says(kind):
    document, again = a_document(kind), a_document(kind)
    name = kind.facts.names.date
    other = a_document(kind, **{name: "2026-08-03T00:00:00"})
    assert revision_id(document.content) == revision_id(again.content) != revision_id(other.content)


def test_it_adds_up(kind):
    assert reconcile(a_document(kind).content, the_route(kind)).total > 0


# -- how it is routed --------------------------------------------------------------------------------------------------


def test_the_routing_file_takes_its_settings(kind):
    assert [str(one) for one in check(the_file(kind, dialect="x12", on_revision="park")).problems if one.fatal] == []
    assert kind.value in json.dumps(json_schema()["$defs"]["KindsPart"])
    for key in (kind.value, kind.facts.group):
        if key:
            assert [str(one) for one in check(the_file(kind, send_when={key: ["Open"]})).problems if one.fatal] == []


def test_its_route_leads_to_its_counterparty(kind):
    route = the_route(kind)
    partner, _ = NUMBERS[kind.facts.counterparty]
    assert (route.partner, route.kind, route.transaction_type) == (partner, kind, kind.facts.transaction_type)
    assert route.send_when == set(kind.facts.sent_in)
    assert hold_reason(a_document(kind), route) is None


def test_it_is_on_or_off_as_it_declares(kind):
    partner, number = NUMBERS[kind.facts.counterparty]
    data = the_file(kind)
    del data["partners"][partner]["kinds"]
    assert Routing.from_data(data).route("nordic", kind, number).send is SETTINGS["send"].built_in(kind)


def test_config_show_tells_its_route(kind, tmp_path, capsys):
    path = tmp_path / "connector.yaml"
    path.write_text(yaml.safe_dump(the_file(kind)), encoding="utf-8")
    _, number = NUMBERS[kind.facts.counterparty]
    asked = ["config", "show", "--route", "nordic", kind.value, number, "--config", str(path)]
    assert command_line(asked) == 0
    assert kind.facts.transaction_type.value in capsys.readouterr().out


def test_a_person_is_told_what_to_do_about_it(kind):
    key = a_document(kind).key
    assert correction(kind).endswith(".")
    assert f"documents replay {key}" in after_rejection(key)


# -- how it is written -------------------------------------------------------------------------------------------------


@dialects
def test_each_dialect_writes_it_and_it_reads_back_as_itself(kind, dialect):
    content = without_vat(kind)
    route = the_route(kind, dialect=dialect.value)
    sent = translate(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL)
    assert (sent.dialect, sent.transaction_type) == (dialect, kind.facts.transaction_type)
    assert (sent.request.path, sent.request.headers) == (dialect.path, dialect.headers)
    content_sent = fingerprint(sent.request.body["message"])
    assert (content_sent.document, content_sent.number) == (kind.facts.transaction_type.number, sent.business_number)
    written = [(line.quantity, line.price) for line in content_sent.lines]
    goods = [line for line in content.lines if line.item]
    assert sorted(written) == sorted((line.quantity, line.unit_price) for line in goods)


def test_mosaic_has_no_key_that_orderful_does_not_publish(kind):
    route = the_route(kind, dialect="mosaic")
    body = translate(without_vat(kind), route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body
    schema = SCHEMAS["schemas"][kind.facts.transaction_type.value]
    jsonschema.Draft202012Validator({**schema, "components": SCHEMAS}).validate(body["message"])
    assert unknown_keys(body["message"], schema) == []


def test_both_dialects_say_the_same(kind):
    content = without_vat(kind)
    fingerprints = []
    for dialect in Dialect:
        route = the_route(kind, dialect=dialect.value)
        sent = translate(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL)
        fingerprints.append(fingerprint(sent.request.body["message"]))
    assert compare(*fingerprints) in {Likeness.SAME, Likeness.SIMILAR}


@pytest.mark.parametrize("purpose", list(Purpose))
def test_x12_carries_every_purpose_and_all_that_its_group_and_set_are_called(kind, purpose):
    when = datetime(2026, 9, 15, tzinfo=UTC)
    route = the_route(kind, dialect="x12")
    written = interchange(
        a_document(kind).content, route, stream=Stream.TEST, purpose=purpose, control_number=1, when=when
    )
    segments = read(written.text)
    assert only(segments, "ST")[1] == kind.facts.transaction_type.number
    assert only(segments, "GS")[1] == GROUPS[kind.facts.transaction_type.number]
    assert only(segments, "CTT")[1] == str(len([*every(segments, "PO1"), *every(segments, "IT1")]))


def test_what_was_sent_and_then_changed_is_another_transaction(kind):
    route = the_route(kind, dialect="x12")
    first, then = (
        translate(a_document(kind).content, route, stream=Stream.TEST, purpose=purpose).request.body["message"]
        for purpose in (Purpose.ORIGINAL, Purpose.REPLACE)
    )
    assert first != then


@dialects
def test_what_it_writes_is_explained(kind, dialect):
    examples = list(examples_of(kind, dialect))
    assert examples, "testkit/samples/full_documents.py has none"
    first = explained(examples[0], dialect)
    assert [row.explained.name for row in first if row.explained.meaning is None] == []
