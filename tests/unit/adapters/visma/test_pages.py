"""Reading list pages: whatever arrives, the exact bytes of good rows come out and nothing crashes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.http import Answer
from connector.adapters.visma.client import VismaClient
from connector.domain.errors import Transient
from connector.services.ports import Resource

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
fields = [
    "orderNbr",
    "referenceNumber",
    "orderType",
    "lastModifiedDateTime",
    "branch",
    "branchNumber",
    "metadata",
    "lines",
]
wrapped = st.builds(lambda value: {"value": value}, scalars)
numbers = st.builds(lambda value: {"number": value}, scalars | wrapped)
counts = st.builds(lambda total, size: {"totalCount": total, "maxPageSize": size}, scalars, scalars)
elements = st.dictionaries(st.sampled_from(fields), scalars | wrapped | numbers | counts | anything, max_size=8)


class OneAnswer:
    """An HTTP session and a token store that know one thing each."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def ask(self, call, deadline) -> Answer:
        return Answer(service="Visma", status=200, headers={}, body=self.body, received_at=NOW)

    def token(self, company, deadline) -> str:
        return "token"


def read(body: bytes, company):
    source = OneAnswer(body)
    client = VismaClient(company, source, "https://visma.invalid", http=source, deadline=None)
    return client.list_page(Resource.PURCHASE_ORDERS, since="2026-03-01", page=1, page_size=100, branch=None)


class AnyCompany:
    """A company of which only the id is asked."""

    name = "nordic"

    class visma:  # noqa: N801
        company_id = "1"


@given(page=st.lists(elements | anything, max_size=6), indent=st.sampled_from([None, 1]))
def test_every_element_is_a_row_with_its_exact_bytes_or_a_sentence(page, indent):
    texts = [json.dumps(element, indent=indent) for element in page]
    read_page = read(f"[{','.join(texts)}]".encode(), AnyCompany)
    assert len(read_page.rows) + len(read_page.damaged) == len(page)
    raws = [row.raw.decode() for row in read_page.rows]
    remaining = iter(texts)
    assert all(raw in remaining for raw in raws), "rows keep their bytes and their order"
    assert all(row.number.strip() for row in read_page.rows)
    assert read_page.maximum is None or read_page.maximum >= 0


@given(
    body=st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | anything.map(lambda x: json.dumps(x).encode())
)
def test_a_body_of_any_kind_is_a_page_or_a_sentence(body):
    sentence, page = "", None
    try:
        page = read(body, AnyCompany)
    except Transient as error:
        sentence = error.sentence
    assert page is not None or "page 1 of v1/purchaseorder" in sentence
    assert page is None or body.removeprefix(b"\xef\xbb\xbf").strip().startswith(b"[")


DEEP = "[" * 50_000 + "]" * 50_000


@pytest.mark.parametrize(
    "damaged",
    [
        f'{{"orderNbr":"2","lines":{DEEP}}}',
        '{"orderNbr":1e99999999999999999999}',
        f'{{"orderNbr":"{"9" * 5_000}"}}',
    ],
    ids=["nested too deeply", "a number beyond every size", "a number that no key holds"],
)
def test_a_row_that_cannot_be_used_is_told_and_its_neighbours_are_read(damaged):
    page = read(f'[{{"orderNbr":"1"}},{damaged},{{"orderNbr":"3"}}]'.encode(), AnyCompany)
    assert [row.number for row in page.rows] == ["1", "3"]
    assert len(page.damaged) == 1


def test_a_value_that_is_too_long_for_a_cursor_reads_as_missing():
    page = read(f'[{{"orderNbr":"1","lastModifiedDateTime":"{"9" * 5_000}"}}]'.encode(), AnyCompany)
    assert [(row.number, row.modified_at) for row in page.rows] == [("1", None)]
