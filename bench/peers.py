"""The same purchase orders through what a user would otherwise take: generic models or templates, and a mapping.

Libraries for X12 on PyPI parse it (pyx12, badx12) or write EDIFACT (pydifact); none writes the JSON that Orderful
takes. What remains is a mapping of one's own over a generic library: pydantic's models, or a Jinja template. Both are
installed here as packages of the tools. They write what Mosaic has of an order, field by field, as ours does; they
check types, and neither sums nor units, items, lengths or what Mosaic cannot carry.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import jinja2
import msgspec
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from bench.table import Row, microseconds, show
from bench.workload import Sample, Workload
from connector.domain.documents import Kind
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.translate import translate
from connector.edi.visma.read import read_typed

_DOCUMENTS = 50
_UNITS = {"STK": "each", "KRT": "case", "PK": "pack"}


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class _Named(_Model):
    number: str
    name: str | None = None
    description: str | None = None


class _Country(_Model):
    id: str


class _Address(_Model):
    address_line1: str
    postal_code: str
    city: str
    country: _Country


class _Line(_Model):
    line_nbr: int
    inventory: _Named
    line_description: str
    uom: str
    order_qty: Decimal
    unit_cost: Decimal
    discount_amount: Decimal
    alternate_id: str | None
    promised: str


class _Order(_Model):
    order_nbr: str
    date: str
    promised_on: str
    description: str
    supplier: _Named
    shipping_address: _Address
    lines: list[_Line]


def _by_models(raw: bytes) -> bytes:
    order = _Order.model_validate_json(raw)
    address = order.shipping_address
    message = {
        "purpose": "original",
        "purchaseOrderType": "standalone",
        "purchaseOrderNumber": order.order_nbr,
        "purchaseOrderDate": order.date[:10],
        "parties": {
            "shipTo": {
                "address1": address.address_line1,
                "city": address.city,
                "postalCode": address.postal_code,
                "countryCode": address.country.id,
            },
            "supplier": {"name": order.supplier.name, "identificationCode": order.supplier.number},
        },
        "dates": {"requestedDeliveryDate": order.promised_on[:10]},
        "notes": {"general": {"text": [order.description]}},
        "lineItems": [_line(line) for line in order.lines],
    }
    return json.dumps(_request(message)).encode()


def _line(line: _Line) -> dict[str, Any]:
    allowances = [{"type": "discount", "amount": str(line.discount_amount)}] if line.discount_amount else []
    return {
        "purchaseOrderLineId": str(line.line_nbr),
        "quantity": {"value": str(line.order_qty), "unitOfMeasure": _UNITS[line.uom]},
        "unitCostPrice": str(line.unit_cost),
        "productIds": {"buyerItemNumber": line.inventory.number, "vendorItemNumber": line.alternate_id},
        "productAttributes": {"description": line.line_description},
        "dates": {"requestedDeliveryDate": line.promised[:10]},
        "allowances": allowances,
    }


def _request(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "850_PURCHASE_ORDER",
        "stream": "test",
        "senderId": "NORDICFOODT",
        "receiverId": "PARTNERT",
        "message": message,
    }


_TEMPLATE = """{"type": "850_PURCHASE_ORDER", "stream": "test", "senderId": "NORDICFOODT", "receiverId": "PARTNERT",
"message": {"purpose": "original", "purchaseOrderType": "standalone",
"purchaseOrderNumber": {{ order.orderNbr | tojson }}, "purchaseOrderDate": {{ order.date[:10] | tojson }},
"parties": {"shipTo": {"address1": {{ order.shippingAddress.addressLine1 | tojson }},
"city": {{ order.shippingAddress.city | tojson }}, "postalCode": {{ order.shippingAddress.postalCode | tojson }},
"countryCode": {{ order.shippingAddress.country.id | tojson }} },
"supplier": {"name": {{ order.supplier.name | tojson }}, "identificationCode": {{ order.supplier.number | tojson }} } },
"dates": {"requestedDeliveryDate": {{ order.promisedOn[:10] | tojson }} },
"notes": {"general": {"text": [ {{ order.description | tojson }} ]}},
"lineItems": [ {% for line in order.lines %}{"purchaseOrderLineId": "{{ line.lineNbr }}",
"quantity": {"value": "{{ line.orderQty }}", "unitOfMeasure": {{ units[line.uom] | tojson }} },
"unitCostPrice": "{{ line.unitCost }}", "productIds": {"buyerItemNumber": {{ line.inventory.number | tojson }},
"vendorItemNumber": {{ line.alternateId | tojson }} },
"productAttributes": {"description": {{ line.lineDescription | tojson }} },
"dates": {"requestedDeliveryDate": {{ line.promised[:10] | tojson }} },
"allowances": [ {% if line.discountAmount %}{"type": "discount", "amount": "{{ line.discountAmount }}"}{% endif %} ] }
{%- if not loop.last %},{% endif %}{% endfor %} ] } }"""


def _by_template() -> Callable[[bytes], bytes]:
    template = jinja2.Environment(autoescape=False).from_string(_TEMPLATE)  # noqa: S701 - it writes JSON

    def write(raw: bytes) -> bytes:
        order = json.loads(raw, parse_float=Decimal)
        return template.render(order=order, units=_UNITS).encode()

    return write


def _ours(sample: Sample) -> bytes:
    document = read_typed(sample.raw, company=sample.company, kind=sample.kind)
    assert document is not None
    translation = translate(document.content, sample.route, stream=Stream.TEST, purpose=Purpose.ORIGINAL)
    assert translation.dialect is Dialect.MOSAIC
    return msgspec.json.encode(translation.request.body)


def orders() -> list[Sample]:
    """Purchase orders that go in Mosaic."""
    found: list[Sample] = []
    workload = Workload(seed=3)
    while len(found) < _DOCUMENTS:
        for one in workload.documents(_DOCUMENTS):
            document = (
                read_typed(one.raw, company=one.company, kind=one.kind) if one.kind is Kind.PURCHASE_ORDER else None
            )
            if document is not None:
                written = translate(document.content, one.route, stream=Stream.TEST, purpose=Purpose.ORIGINAL)
                found += [one] if written.dialect is Dialect.MOSAIC else []
    return found[:_DOCUMENTS]


def measure() -> Iterator[Row]:
    """Bytes to bytes, all in turn."""
    samples = orders()
    by_template = _by_template()
    for one in samples:
        for write in (_ours, lambda one: _by_models(one.raw), lambda one: by_template(one.raw)):
            assert len(msgspec.json.decode(write(one))["message"]["lineItems"]) == one.lines
    mine, models, template = (
        each / len(samples)
        for each in microseconds(
            lambda: [_ours(one) for one in samples],
            lambda: [_by_models(one.raw) for one in samples],
            lambda: [by_template(one.raw) for one in samples],
            calls=1,
            rounds=20,
        )
    )
    for name, theirs in (("pydantic models and a mapping", models), ("a Jinja template", template)):
        yield Row(
            f"{len(samples)} purchase orders, bytes to bytes, beside {name}",
            f"{mine:.0f} us a document; theirs, without any check, {theirs:.0f} us, ratio {mine / theirs:.2f}",
        )


if __name__ == "__main__":
    show(measure())
