"""What one order of twenty lines costs, from Visma's bytes to the bytes of the request, against orjson alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle, islice

import msgspec
import orjson

from bench.table import Row, microseconds, show
from connector.domain.revision.content_hash import revision_id
from connector.domain.routing.route import DialectChoice
from connector.domain.totals import reconcile
from connector.domain.transactions import Purpose, Stream
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document
from testkit.samples.business_documents import a_route
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json

_LINES = 20
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


def _measure(dialect: DialectChoice, raw: bytes) -> Iterator[Row]:
    data = decode(raw)
    content = read_document(data, company="nordic").content
    route = a_route(content, dialect=dialect)

    def body_of(content):
        return translate(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body

    body = body_of(content)
    decoding, reading, adding_up, hashing, translating, whole, parsing, printing = microseconds(
        lambda: decode(raw),
        lambda: read_document(data, company="nordic"),
        lambda: reconcile(content),
        lambda: revision_id(content),
        lambda: body_of(content),
        lambda: _print(body_of(read_document(decode(raw), company="nordic").content)),
        lambda: orjson.loads(raw),
        lambda: orjson.dumps(body),
    )
    if dialect is DialectChoice.MOSAIC:
        yield Row("decode: bytes to fields", f"{decoding:.0f} us")
        yield Row("read: fields to document", f"{reading:.0f} us")
        yield Row("reconcile: all sums again", f"{adding_up:.0f} us")
        yield Row("revision id", f"{hashing:.0f} us")
    yield Row(f"translate, {dialect}", f"{translating:.0f} us")
    alone = parsing + printing
    yield Row(
        f"bytes to bytes, {dialect}",
        f"{whole:.0f} us; orjson alone {alone:.0f} us, ratio {whole / alone:.1f}",
        "ratio 2",
        whole <= 2 * alone,
    )


if __name__ == "__main__":
    show(measure())
