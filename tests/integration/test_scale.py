"""The model of docs/scale.md: its figures are what the programs count, its sums are right, and the page is fresh."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from bench import cost, day, page, scale
from bench import quotas as q
from bench.line import Line
from bench.write_units import WriteUnits, size_of
from connector.adapters.aws import clients
from testkit.aws import CURSORS, DOCUMENTS, Calls, aws_in_memory, make_ledger_resources, make_table
from testkit.memory.effects import ManualClock

ROOT = Path(__file__).resolve().parents[2]
NOW = scale.defaults()


@pytest.fixture
def _aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_ledger_resources()
        make_table(CURSORS)
        yield


# ---- the figures


@pytest.mark.parametrize("name", q.FIGURES)
def test_every_figure_has_a_source(name: str) -> None:
    figure = q.FIGURES[name]
    assert figure.value > 0
    assert figure.unit
    match figure.origin:
        case q.Origin.CITED:
            assert figure.source.startswith("https://")
        case q.Origin.MEASURED:
            program = re.search(r"bench/\w+\.py", figure.source)
            assert program
            assert (ROOT / program[0]).is_file()
        case q.Origin.ASSUMED:
            assert len(figure.source.split()) > 3


def test_no_number_of_the_model_stands_outside_the_figures() -> None:
    """A number with three digits or more is a quota, a price or a measurement, or it converts units."""
    text = (ROOT / "bench" / "scale.py").read_text()
    body = text.partition("# ---- what one thing takes")[2].partition("# ---- the sizes of the three records")[0]
    body += text.partition("# ---- the limits")[2].partition("# ---- the page")[0]
    code = re.sub(r'"[^"\n]*"', "", body)
    assert set(re.findall(r"\b\d[\d_]{2,}\b", code)) <= {"300", "4_096", "1_024", "365", "500"}


@pytest.mark.usefixtures("_aws")
def test_what_a_document_takes_is_what_the_model_has() -> None:
    clock = ManualClock(datetime.now(UTC) + timedelta(hours=1))
    line, calls = Line(clock), Calls(clients.dynamodb())
    units = WriteUnits(clients.dynamodb(), DOCUMENTS)
    line.translate("500123")
    assert calls.reads + calls.writes == q.TRANSLATE_CALLS.value
    line.deliver()
    assert calls.reads + calls.writes == q.TRANSLATE_CALLS.value + q.DELIVER_CALLS.value
    (sent,) = line.orderful.transactions
    for step in (
        {"validation_status": "VALID"},
        {"delivery_status": "DELIVERED"},
        {"acknowledgment_status": "ACCEPTED"},
    ):
        clock.forward(minutes=5)
        line.orderful.update_status(sent.transaction_id, **step)
        line.tracker().run()
    of_items = sum(count for what, count in units.spent.items() if what.startswith("item"))
    assert of_items == q.ITEM_UNITS.value
    assert units.total - of_items == q.INDEX_UNITS.value == 2 * q.KEY_UNITS.value
    assert len(line.telemetry.lines) == q.DOCUMENT_LINES.value
    documents = [one for one in line.telemetry.counts if one.value.startswith("Documents")]
    assert len(documents) + 1 == q.DOCUMENT_METRICS.value  # the poller reports the one that was queued
    stored = boto3.client("dynamodb").scan(TableName=DOCUMENTS)["Items"]
    sizes = {item["sk"]["S"].partition("#")[0]: size_of(item) for item in stored}
    assert sizes["rev"] + sizes["owner"] == pytest.approx(q.KEPT_BYTES.value, rel=0.02)
    assert sizes["body"] == pytest.approx(q.BODY_BYTES.value, rel=0.02)


@pytest.mark.usefixtures("_aws")
def test_what_an_idle_run_takes_is_what_the_model_has() -> None:
    idle = cost.idle_run()
    assert (idle.write_units, idle.reads, len(idle.metrics), idle.lines) == (
        q.IDLE_UNITS.value,
        q.IDLE_READS.value,
        q.IDLE_METRICS.value,
        q.IDLE_LINES.value,
    )


def test_the_records_that_grow_with_the_routing_have_the_size_that_the_model_has() -> None:
    stored = len(zlib.compress(json.dumps(scale.routing_of(2_000, 20_000)).encode(), 9))
    assert stored / 20_000 == pytest.approx(q.ROUTING_BYTES.value, rel=0.1)
    assert scale.health_bytes(2_000) / 2_000 == pytest.approx(q.HEALTH_BYTES.value, rel=0.05)
    assert scale.progress_bytes(2_000, NOW.days) / 2_000 == pytest.approx(q.PROGRESS_BYTES.value, rel=0.05)


def test_the_figures_of_translation_and_poll_are_of_the_page_of_performance() -> None:
    text = (ROOT / "docs" / "performance.md").read_text()
    dearest = re.search(r"bytes to bytes, x12 \| (\d+) us", text)
    assert dearest
    assert int(dearest[1]) / 1e6 == pytest.approx(q.TRANSLATE_CPU.value, rel=0.25)
    poll = re.search(r"poll of ([\d,]+) changed orders \| \d+ s \((\d+) s of it our CPU", text)
    assert poll
    assert int(poll[2]) / int(poll[1].replace(",", "")) == pytest.approx(q.ROW_CPU.value, rel=0.5)


# ---- the sums


def test_at_a_thousand_documents_a_day_the_money_is_that_of_the_page_of_cost() -> None:
    text = (ROOT / "docs" / "cost.md").read_text()
    idle = re.search(r"\*\*idle stack\*\*.*\*\*([\d.]+)\*\*", text)
    million = re.search(r"a million documents \| ([\d.]+) USD", text)
    assert idle
    assert million
    expected = float(idle[1]) + float(million[1]) * 1_000 * scale.DAYS / 1e6
    found = scale.bill(scale.Load(1_000, 1, 10), NOW)
    assert sum(found.counted.values()) == pytest.approx(expected, rel=0.1)


def test_money_follows_the_volume() -> None:
    few, many = (scale.bill(scale.Load(one, 2_000, 20_000), NOW) for one in (1_000_000, 10_000_000))
    assert many.counted["ledger, writes"] == pytest.approx(10 * few.counted["ledger, writes"])
    assert many.counted["alarms, keys, secrets"] == few.counted["alarms, keys, secrets"]


def test_the_settings_are_those_of_the_template() -> None:
    assert (NOW.poll, NOW.track, NOW.collect) == (5, 5, 5)
    assert (NOW.translate, NOW.deliver, NOW.change) == (10, 5, 5)
    assert NOW.nights == 48  # each five minutes of four hours


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [("cron(0/5 1-4 * * ? *)", 48), ("rate(1 minute)", 1_440), ("rate(2 hours)", 12), ("cron(15 * * * ? *)", 24)],
)
def test_the_runs_of_a_day_are_read_out_of_a_schedule(schedule: str, runs: int) -> None:
    assert scale.runs_a_day(schedule) == runs


def test_a_limit_that_is_kept_up_to_a_volume_is_not_kept_beyond_it() -> None:
    def posted(load: scale.Load) -> scale.Row:
        return next(one for one in scale.rows(load, NOW) if "posted" in one.what)

    most = scale.capacity(posted)
    assert most == pytest.approx(q.ORDERFUL_MINUTE.value * 1_440, rel=0.01)
    assert posted(scale.load_of(most)).factor_of_the_day >= 1 > posted(scale.load_of(most * 2)).factor_of_the_day


def test_more_consumers_lift_what_the_table_says_they_lift() -> None:
    load = scale.load_of(10_000_000)
    before, after = scale.rows(load, NOW), scale.rows(load, replace(NOW, deliver=500))
    lifted = {old.lifted_by for old, new in zip(before, after, strict=True) if new.factor > old.factor}
    assert lifted == {"`DeliverConcurrency`"}


@pytest.mark.parametrize("documents", scale.VOLUMES)
def test_the_largest_settings_keep_no_less_than_the_template(documents: int) -> None:
    load = scale.load_of(documents)
    for old, new in zip(scale.rows(load, NOW), scale.rows(load, scale.MAX_SETTINGS), strict=True):
        if old.factor < 1:
            assert new.factor >= old.factor, old.what


# ---- the day


def _plan(**changes: int) -> day.Plan:
    plan = day.Plan(
        poll_every=5,
        companies_a_run=100,
        poll_minutes=4,
        translated_a_minute=10_000,
        sent_a_minute=500,
        orderful_a_minute=10_000,
        track_every=5,
        looks_a_run=10_000,
    )
    return replace(plan, **changes)


def test_the_hours_of_a_day_have_its_mean_and_its_peak() -> None:
    assert len(day.HOURS) == 24
    assert sum(day.HOURS) == pytest.approx(24)
    assert max(day.HOURS) == q.PEAK.value
    assert q.ACKNOWLEDGED_MINUTES.value == day.ACKNOWLEDGED


def test_a_day_with_room_sends_all_that_was_read_and_gives_nothing_up() -> None:
    played = day.play(day.Day("", 10_000, 20, _plan()))
    assert played.read == played.translated == played.sent >= 9_990
    assert (played.dead_letters, played.oldest_untranslated, played.longest_unread) == (0, 0, 5)
    assert played.looks_done == played.looks_due > 0


def test_a_day_is_the_same_each_time() -> None:
    one = day.Day("", 1_000_000, 500, _plan())
    assert day.play(one) == day.play(one)


def test_what_the_consumers_cannot_take_waits_and_is_not_given_up() -> None:
    played = day.play(day.Day("", 200_000, 20, _plan(sent_a_minute=200)))
    assert played.sent == played.read
    assert played.oldest_unsent > 60
    assert played.dead_letters == 0


def test_what_orderful_has_no_room_for_becomes_dead_letters_that_are_queued_again() -> None:
    played = day.play(day.Day("", 100_000, 20, _plan(orderful_a_minute=100)))
    assert played.dead_letters > 0
    assert played.sent == played.read


def test_a_poller_with_too_many_companies_leaves_some_unread_for_long() -> None:
    few, many = (day.play(day.Day("", 10_000, companies, _plan())) for companies in (100, 1_000))
    assert few.longest_unread < 10
    assert many.longest_unread >= 45


# ---- the page


def test_the_page_is_fresh() -> None:
    for part, table in scale.tables().items():
        assert page.part_of("scale.md", command=scale.COMMAND, part=part) == table, f"{part}: run make bench"


def test_the_page_names_parameters_of_the_template_only() -> None:
    output = set(scale.template_parameters())
    text = (ROOT / "docs" / "scale.md").read_text()
    named = set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+)[:`]", text))
    assert named
    assert named <= output
