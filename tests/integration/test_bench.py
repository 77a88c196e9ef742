"""What the bench measures is what it says, held by counts alone."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from bench.way import measured, record
from bench.workload import MAX_LINES, Workload
from connector.domain.documents import Kind
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document


@pytest.fixture(scope="module")
def samples():
    return Workload().documents(300)


class TestWay:
    """The short form of `bench/way.py`: counts alone, which no machine changes."""

    DOCUMENTS = 20

    @pytest.fixture(scope="class")
    @staticmethod
    def way():
        return record(TestWay.DOCUMENTS)

    def test_a_document_takes_the_calls_that_it_needs_and_no_more(self, way):
        made = {
            hop: {call: times for call, times in part.calls.items() if times > 3} for hop, part in way.parts.items()
        }
        assert made["translate"] == {"dynamodb Query": 20, "dynamodb PutItem": 40}
        assert made["deliver"] == {
            "dynamodb UpdateItem": 20,
            "dynamodb GetItem": 40,
            "dynamodb TransactWriteItems": 20,
            "POST": 20,
        }
        # A document that Orderful validates at once has one status less; a run writes what was acknowledged in it once.
        assert 40 <= made["track"]["dynamodb PutItem"] <= 60 + 3
        assert way.parts["translate"].calls["sqs SendMessageBatch"] == 2

    def test_the_write_units_are_within_the_budget_of_any_mix_of_documents(self, way):
        assert sum(part.units for part in way.parts.values()) <= 18 * self.DOCUMENTS

    def test_the_functions_make_the_recorded_calls_again_over_sockets(self, way):
        seconds = measured(way.tape, rounds=1)
        assert [one.hop for one in seconds] == ["translate"] * 2 + ["deliver"] * 2 + ["track"] * 3
        assert all(one.ours > 0 < one.bare for one in seconds)


class TestWorkload:
    def test_it_is_drawn_from_its_seed(self, samples):
        assert [one.raw for one in Workload().documents(20)] == [one.raw for one in samples[:20]]
        assert Workload(seed=2).documents(1)[0].raw != samples[0].raw

    def test_every_document_is_written_and_the_two_dialects_have_their_share(self, samples):
        dialects = Counter()
        for sample in samples:
            document = read_document(decode(sample.raw), company=sample.company)
            assert (document.key.kind, document.key.number) == (sample.kind, sample.number)
            written = translate(document.content, sample.route, stream=Stream.TEST, purpose=Purpose.ORIGINAL)
            dialects[written.dialect] += 1
        assert dialects[Dialect.MOSAIC] > 30 < dialects[Dialect.X12]

    def test_it_has_the_kinds_currencies_rates_and_lengths_of_nordic_companies(self, samples):
        read = [msgspec.json.decode(one.raw) for one in samples]
        assert {one.kind for one in samples} == {Kind.PURCHASE_ORDER, Kind.CUSTOMER_INVOICE, Kind.SUPPLIER_INVOICE}
        assert {"CreditNote", "Invoice"} <= {one.get("documentType") for one in read}
        assert {one.get("currency") or one["currencyId"] for one in read} == {"NOK", "SEK", "DKK", "EUR"}
        rates = {row["vatRate"] for one in read for row in one.get("taxDetails") or one.get("taxDetailLines") or ()}
        assert rates == {12, 15, 25}
        assert any(not (one.get("taxDetails") or one.get("taxDetailLines")) for one in read)
        lengths = sorted(one.lines for one in samples)
        assert lengths[0] == 1
        assert 6 <= lengths[150] <= 10
        assert 60 < lengths[-1] <= MAX_LINES
        assert len({one.counterparty for one in samples}) > 30
