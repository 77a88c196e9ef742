"""What translation costs, from Visma's bytes to the bytes of the request, against orjson alone.

Once by the steps of one order of twenty lines, once for documents as a company has them (`workload.py`).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle, islice
from typing import Any

import msgspec
import orjson

from bench.table import Row, microseconds, show
from bench.workload import Sample, Workload
from connector.domain.documents import BusinessDocument, Kind
from connector.domain.revision.content_hash import revision_id
from connector.domain.routing.route import DialectChoice
from connector.domain.totals import reconcile
from connector.domain.transactions import Dialect, Purpose, Stream, Translation
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document, read_typed
from testkit.samples.business_documents import a_route
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json

_LINES = 20
_WARMING, _PASSES, _PASS = 1_000, 9, 200
_MAX_RATIO = 3.5
_UNITS = ("STK", "KRT", "KG")
_FIRST_DAY = date(2026, 10, 1)
_print = msgspec.json.Encoder().encode


def an_order(*, units: tuple[str, ...], vat: bool) -> bytes:
    """A purchase order as Visma sends it, with all the fields nobody reads. Mosaic has no kilogram and no VAT."""
    lines = [
        an_order_line(
            number,
            inventory={"number": str(1297 + number), "description": f"Coffee, dark roast, {number * 50} g"},
            lineDescription=f"Coffee, dark roast, {number * 50} g",
            uom=unit,
            orderQty=Decimal(number * 5),
            unitCost=Decimal(number) + Decimal("0.25"),
            alternateId=f"AC-{number}-DR",
            requested=f"{_FIRST_DAY + timedelta(days=number % 4)}T00:00:00",
        )
        for number, unit in enumerate(islice(cycle(units), _LINES), 1)
    ]
    without_vat = {} if vat else {"taxDetails": [], "taxTotal": Decimal(0), "orderTotal": None}
    return as_json(a_purchase_order(lines=lines, **without_vat))


def measure() -> Iterator[Row]:
    """Step by step, then as a whole."""
    for dialect, raw in (
        (DialectChoice.MOSAIC, an_order(units=_UNITS[:2], vat=False)),
        (DialectChoice.X12, an_order(units=_UNITS, vat=True)),
    ):
        yield from _measure(dialect, raw)
    yield from _measure_workload()


def _measure(dialect: DialectChoice, raw: bytes) -> Iterator[Row]:
    def content_of(raw: bytes) -> BusinessDocument:
        document = read_typed(raw, company="nordic", kind=Kind.PURCHASE_ORDER)
        assert document is not None, "not as Visma documents it"
        return document.content

    content = content_of(raw)
    route = a_route(content, dialect=dialect)

    def body_of(content: BusinessDocument) -> Mapping[str, Any]:
        return translate(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body

    body = body_of(content)
    reading, tolerantly, adding_up, hashing, translating, whole, parsing, printing = microseconds(
        lambda: content_of(raw),
        lambda: read_document(decode(raw), company="nordic"),
        lambda: reconcile(content),
        lambda: revision_id(content),
        lambda: body_of(content),
        lambda: _print(body_of(content_of(raw))),
        lambda: orjson.loads(raw),
        lambda: orjson.dumps(body),
    )
    if dialect is DialectChoice.MOSAIC:
        yield Row("read: bytes to document", f"{reading:.0f} us")
        yield Row("the same tolerantly", f"{tolerantly:.0f} us")
        yield Row("reconcile: all sums again", f"{adding_up:.0f} us")
        yield Row("revision id", f"{hashing:.0f} us")
    yield Row(f"translate, {dialect}", f"{translating:.0f} us")
    alone = parsing + printing
    yield Row(
        f"bytes to bytes, {dialect}",
        f"{whole:.0f} us; orjson alone {alone:.0f} us, ratio {whole / alone:.1f}",
        f"ratio {_MAX_RATIO}",
        whole <= _MAX_RATIO * alone,
    )


def _measure_workload() -> Iterator[Row]:
    """Documents of all kinds and lengths, warm, each next to what orjson takes for it; none is measured twice."""
    workload = Workload()
    for sample in workload.documents(_WARMING):
        _sent(sample)
    ratios: dict[Dialect, list[tuple[float, float, float]]] = defaultdict(list)
    for _ in range(_PASSES):
        spent: dict[Dialect, list[tuple[float, float]]] = defaultdict(list)
        for sample in workload.documents(_PASS):
            started = time.process_time()
            sent = _sent(sample)
            translated = time.process_time()
            orjson.loads(sample.raw)
            orjson.dumps(sent.request.body)
            spent[sent.dialect].append((translated - started, time.process_time() - translated))
        for dialect, pairs in spent.items():
            whole, alone = (sum(times) / len(pairs) * 1e6 for times in zip(*pairs, strict=True))
            ratios[dialect].append((whole / alone, whole, alone))
    for dialect, found in sorted(ratios.items()):
        ratio, whole, alone = sorted(found)[len(found) // 2]
        yield Row(
            f"bytes to bytes, {dialect}, mixed documents",
            f"{whole:.0f} us; orjson alone {alone:.0f} us, ratio {ratio:.1f}",
            f"ratio {_MAX_RATIO}",
            ratio <= _MAX_RATIO,
        )


def _sent(sample: Sample) -> Translation:
    document = read_typed(sample.raw, company=sample.company, kind=sample.kind)
    assert document is not None, "not as Visma documents it"
    sent = translate(document.content, sample.route, stream=Stream.TEST, purpose=Purpose.ORIGINAL)
    _print(sent.request.body)
    return sent


if __name__ == "__main__":
    show(measure())
