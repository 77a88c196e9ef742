"""Which fields of Visma are decoded: all that a reader asks for, and no others."""

import pytest

from connector.edi.visma.read import decode, read_document
from testkit.samples.visma_samples import (
    a_credit_note,
    a_customer_invoice,
    a_purchase_order,
    a_supplier_invoice,
    as_json,
)

SAMPLES = [a_purchase_order, a_supplier_invoice, a_customer_invoice, a_credit_note]


class Remembering(dict):
    """An object that remembers what it was asked for."""

    asked: set[str]

    def __init__(self, data, asked):
        super().__init__(data)
        self.asked = asked

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_field_that_a_reader_asks_for_survives_decoding(sample):
    header, lines = set(), set()
    data = Remembering(sample(), header)
    for name in {"lines", "invoiceLines"} & set(data):
        data[name] = [Remembering(line, lines) for line in data[name]]
    read_document(data, company="nordic")
    assert len(header) > 20
    assert len(lines) > 8

    for raw in (
        as_json(dict.fromkeys(header) | {"lines": [dict.fromkeys(lines)]}),
        as_json(dict.fromkeys(header) | {"lines": None, "invoiceLines": [dict.fromkeys(lines)]}),
    ):
        decoded = decode(raw)
        assert set(decoded) >= header
        assert set((decoded["lines"] or decoded["invoiceLines"])[0]) == lines


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize(
    "wrap", [lambda line: line, lambda line: {"value": line}, lambda line: {"value": {"value": line}}]
)
def test_what_is_skipped_while_parsing_is_never_missed(sample, wrap):
    data = sample()
    for name in {"lines", "invoiceLines"} & set(data):
        data[name] = [wrap(line) for line in data[name]]
    assert read_document(decode(as_json(data)), company="nordic") == read_document(sample(), company="nordic")
