import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from connector.domain.documents import LISTED_KINDS
from connector.domain.errors import Parked
from connector.domain.revision.content_hash import revision_id
from connector.domain.totals import reconcile
from connector.edi.visma.read import NotADocument, decode, read_document, read_typed
from testkit.samples.visma_samples import (
    a_credit_note,
    a_customer_invoice,
    a_purchase_order,
    a_supplier_invoice,
    as_json,
)

_DECODER = json.JSONDecoder()
SAMPLES = st.sampled_from([a_purchase_order, a_supplier_invoice, a_customer_invoice, a_credit_note])
RUBBISH = st.sampled_from(
    [
        *["null", '""', '" "', "true", "-1", "0", "1e30", "-1e-30", "1e400", "1" * 60, "3.5"],
        *["[]", "[null]", "[[]]", "{}", '{"value": {"value": []}}', '{"value": null}'],
        *['"NaN"', '"Infinity"', '"0001-01-01T00:00:00"', '"\\u0000"'],
    ]
) | st.text(max_size=5).map(lambda text: as_json([text])[1:-1].decode())


def with_rubbish(raw: str, chance: Random, rubbish: str) -> bytes:
    """The JSON text with what follows one of its field names replaced."""
    starts = [at for at in range(len(raw)) if raw.startswith('":', at)]
    at = chance.choice(starts) + 2
    _, end = _DECODER.raw_decode(raw, at)
    return (raw[:at] + rubbish + raw[end:]).encode()


@given(SAMPLES, st.integers(0, 2**32), RUBBISH)
def test_whatever_stands_in_a_field_reading_ends_in_a_clear_outcome(sample, seed, rubbish):
    raw = with_rubbish(as_json(sample()).decode(), Random(seed), rubbish)
    try:
        document = read_document(decode(raw), company="nordic")
        assert len(revision_id(document.content)) == 64
        assert reconcile(document.content).total is not None
    except (NotADocument, Parked) as refused:
        sentence = str(refused)
    else:
        return
    assert sentence.endswith((".", ")"))
    assert len(sentence) < 500


@given(SAMPLES, st.integers(0, 2**32), RUBBISH)
def test_a_document_that_is_decoded_into_its_shape_reads_as_any_other_does(sample, seed, rubbish):
    raw = with_rubbish(as_json(sample()).decode(), Random(seed), rubbish)
    for kind in LISTED_KINDS:
        typed = read_typed(raw, company="nordic", kind=kind)
        assert typed is None or typed == read_document(decode(raw), company="nordic", kind=kind)


@given(SAMPLES, st.data())
def test_a_truncated_document_is_never_read(sample, data):
    raw = as_json(sample())
    length = data.draw(st.integers(0, len(raw) - 1))
    try:
        decode(raw[:length])
    except NotADocument:
        return
    raise AssertionError(f"read {length} of {len(raw)} bytes")
