"""Bad input in its fast form; and that the proof sees what it is there to see."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
import requests
from hypothesis import strategies as st

from connector.adapters.visma import pages
from connector.domain.revision import plan
from connector.domain.routing.route import SETTINGS
from connector.services.outbound import facts, reading
from connector.services.ports import Resource
from proof.bad_input import CASES, api, callbacks, changes, documents, prove, routing
from proof.bad_input.endpoint import LIMIT, deployed_endpoint
from proof.bad_input.stores import aws_for_a_run
from proof.bad_input.trial import CaseResult, Target, floats_in, inexact, tried
from proof.strategies.callbacks import HEADER, SECRET, CallbackCase
from proof.strategies.changes import NUMBER, ChangeCase, inbox_item, mosaic, x12
from proof.strategies.damage import changed, damaged, with_duplicate_key, written
from proof.strategies.routing import BASE, RoutingCase
from proof.strategies.visma import ORIGINS, STAMP, VismaCase, sound
from proof.tally import Size
from testkit.samples.routing_data import settings_in
from testkit.samples.visma_samples import a_purchase_order


def test_nothing_that_is_fed_in_breaks_a_rule():
    tallies = prove(Size.FAST)
    assert [violation for tally in tallies for violation in tally.violations] == []
    assert sum(tally.cases for tally in tallies) >= 600
    assert len(tallies) == len(CASES)


def test_the_long_form_is_ten_thousand_cases():
    assert sum(sizes[Size.LONG] for sizes in CASES.values()) >= 10_000


# ---- sound input comes out as it should, so that what is asked of the neighbours means something


@pytest.mark.parametrize("resource", ORIGINS)
@pytest.mark.parametrize("on_aws", [False, True])
def test_a_sound_document_leaves(resource, on_aws):
    with aws_for_a_run():
        result = documents.fed(VismaCase(resource, sound(resource, "900005"), (), on_aws))
    assert result == CaseResult("translated")


@pytest.mark.parametrize("message", [mosaic, x12])
@pytest.mark.parametrize("by_hint", [False, True])
@pytest.mark.parametrize("on_aws", [False, True])
def test_a_sound_change_is_applied(message, by_hint, on_aws):
    item = written(inbox_item(NUMBER, message("500123", 900)))
    with aws_for_a_run():
        assert changes.fed(ChangeCase(item, by_hint, None, (), on_aws)) == CaseResult("applied")


def test_a_sound_routing_file_passes():
    assert routing.fed(RoutingCase(dict(BASE), None, ())) == CaseResult("passed")


def test_the_routing_file_that_is_damaged_uses_every_setting():
    assert SETTINGS.keys() - settings_in(dict(BASE)) == set()


# ---- the proof sees what it is there to see


def order(**changes) -> VismaCase:
    body = written(a_purchase_order(**{"orderNbr": "900005", "lastModifiedDateTime": STAMP, **changes}))
    return VismaCase(Resource.PURCHASE_ORDERS, body, (), on_aws=False)


def test_a_defect_in_one_document_is_seen_although_its_neighbours_leave(monkeypatch):
    whole = facts.translate

    def broken(content, *args, **named):
        if content.number == "900005":
            raise KeyError("planted")
        return whole(content, *args, **named)

    monkeypatch.setattr(facts, "translate", broken)
    problems = documents.fed(order()).problems
    assert any("KeyError" in problem for problem in problems)
    assert any("no trace" in problem for problem in problems)


def test_a_document_that_takes_its_neighbours_along_is_seen(monkeypatch):
    monkeypatch.setattr(pages, "InvalidOperation", ValueError)
    case = VismaCase(Resource.PURCHASE_ORDERS, b'{"orderNbr":1e99999999999999999999}', (), on_aws=False)
    tally = tried(Target("", st.just(case), documents.fed), cases=1, seed=1)
    assert "An unexpected failure: InvalidOperation" in tally.violations[0]


def test_a_document_that_is_decided_anew_each_time_is_seen(monkeypatch):
    ids = iter("abcdefghijkl")
    monkeypatch.setattr(reading, "revision_id", lambda _: next(ids))
    assert any("second time" in problem for problem in documents.fed(order()).problems)


def test_a_record_that_the_table_would_refuse_is_seen(monkeypatch):
    monkeypatch.setattr(plan, "MAX_TEXT_LENGTH", 10**9)
    lines = [{**a_purchase_order()["lines"][0], "uom": "X" * 500_000}]
    assert any("more than the table takes" in problem for problem in documents.fed(order(lines=lines)).problems)
    with aws_for_a_run():
        problems = documents.fed(replace(order(lines=lines), on_aws=True)).problems
    assert any("went back: Transient" in problem for problem in problems)


def test_a_binary_float_is_seen():
    assert list(floats_in({"a": [1, Decimal("1.5"), {"b": 0.1}]})) == ["0.1"]
    assert inexact(b'{"a": 0.1, "b": 33.5}') == []
    assert inexact(b'{"a": 0.1000000000000000055511151231257827021181583404541015625}') != []


def test_a_violation_names_what_repeats_it_and_the_smallest_case():
    def picky(case: int) -> CaseResult:
        return CaseResult("odd", [f"{case} is too much"] if case > 100 else [])

    tally = tried(Target("small numbers", st.integers(0, 10_000), picky), cases=50, seed=3)
    assert tally.cases >= 50
    (violation,) = tally.violations
    assert "seed 3, case" in violation
    assert violation.endswith("The smallest: 101")


def test_what_is_always_fed_comes_before_what_is_drawn_and_counts():
    seen: list[int] = []

    def feed(case: int) -> CaseResult:
        seen.append(case)
        return CaseResult("fed", ["a book"] if case < 0 else [])

    tally = tried(Target("", st.integers(0, 9), feed, always=lambda: (-1, -2)), cases=5, seed=1)
    assert seen[:2] == [-1, -2]
    assert tally.cases == 7
    assert tally.violations[0].startswith("2 times, first seed 1, case 1: a book -1")


def test_every_field_is_once_as_long_as_a_book():
    documents_fed = list(documents.target().always())
    assert {case.resource for case in documents_fed} == set(ORIGINS)
    changes_fed = list(changes.target().always())
    assert len(documents_fed) > 600
    assert len(changes_fed) > 250
    assert all(len(case.item) > 500_000 or len(case.order or b"") > 500_000 for case in changes_fed)


def test_a_value_that_was_drawn_is_never_damaged_in_the_next_case():
    shared = {"a": {"b": [1]}}

    def feed(_case: object) -> CaseResult:
        return CaseResult()

    def twice_damaged(draw: st.DrawFn) -> object:
        tree = {"x": 1}
        changed(draw, tree, ("x",), lambda *_: shared)
        changed(draw, tree, ("x", "a", "b", 0), lambda *_: 2)
        return tree

    assert tried(Target("", st.composite(twice_damaged)(), feed), cases=3, seed=1).violations == ()
    assert shared == {"a": {"b": [1]}}


def test_the_same_seed_draws_the_same_cases():
    def drawn(seed: int) -> list[object]:
        seen: list[object] = []
        target = Target("", documents.target().cases, lambda case: CaseResult(str(seen.append(case))))
        tried(target, cases=20, seed=seed)
        return seen

    assert drawn(5) == drawn(5) != drawn(6)


# ---- the strategies


def test_a_doubled_key_stands_in_the_bytes_twice():
    assert written({"a": with_duplicate_key({"b": 1}, "b", None)}) == b'{"a":{"b":1,"b":null}}'


@pytest.mark.parametrize("times", [1, 8])
def test_damage_is_named_and_leaves_the_original_alone(times):
    tree = {"a": {"b": [1, 2]}, "c": "x"}
    seen = []

    def feed(case):
        seen.append(case[1])
        return CaseResult()

    cases = st.composite(lambda draw: damaged(draw, tree, read=frozenset("b"), times=times))()
    assert tried(Target("", cases, feed), cases=50, seed=1).violations == ()
    assert tree == {"a": {"b": [1, 2]}, "c": "x"}
    assert all(1 <= len(names) <= times for names in seen)


# ---- the endpoint and the bridge before it


def test_an_endpoint_that_admits_strangers_is_seen():
    with aws_for_a_run(), deployed_endpoint() as endpoint:
        event = {"headers": {HEADER: SECRET}, "body": '{"id": 7}', "isBase64Encoded": False}
        assert callbacks.fed(endpoint, CallbackCase(event, True, ())) == CaseResult("202 hint")
        assert callbacks.fed(endpoint, CallbackCase(event, False, ())).problems
        assert callbacks.fed(endpoint, CallbackCase({**event, "body": "x" * (LIMIT + 1)}, True, ())) == CaseResult(
            "202 nothing"
        )


def test_the_bridge_hands_on_what_api_gateway_would_and_answers_the_rest_itself():
    with aws_for_a_run(), deployed_endpoint() as endpoint, api.served(endpoint) as url, requests.Session() as session:
        taken = session.post(f"{url}/orderful", data=json.dumps({"id": 802210971}), headers={HEADER: SECRET})
        assert (taken.status_code, taken.json()) == (202, {"received": True})
        assert [hint["transaction_id"] for hint in endpoint.hints()] == ["802210971"]
        assert session.post(f"{url}/orderful", data=b"\xff\xfe", headers={HEADER: "x"}).status_code == 401
        assert session.get(f"{url}/orderful").status_code == 404
        assert session.post(f"{url}/other").status_code == 404
        assert session.post(f"{url}/orderful", data=b"x" * (api.MAX_BYTES + 1)).status_code == 503
