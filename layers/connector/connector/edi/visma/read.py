"""From Visma's bytes to a document of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, TypedDict, get_args

import msgspec

from connector.domain.advice import advised
from connector.domain.documents import LISTED_KINDS, BusinessDocument, DocumentKey, Kind, VismaDocument, number_in_key
from connector.domain.errors import Parked
from connector.domain.json_text import repaired
from connector.edi.kinds import KINDS
from connector.edi.visma.fields import Data, day, flag, inside, said, text, text_if_any
from connector.edi.visma.shape import Row
from connector.edi.visma.tolerant import tolerant

_TYPED = {kind: msgspec.json.Decoder(KINDS[kind].shape).decode for kind in LISTED_KINDS}

# What else is read of lines (`order_snapshot.py`).
_OF_ORDERS = ("qtyOnReceipts", "completed")
_LISTS = ("lines", "invoiceLines")


def _names_in(*rows: type[Row]) -> dict[str, Any]:
    return {one.encode_name: Any for row in rows for one in msgspec.structs.fields(row)}


_LINE_ROWS = [
    get_args(get_args(one.type)[0])[0]
    for kind in KINDS.values()
    for one in msgspec.structs.fields(kind.shape)
    if one.encode_name in _LISTS
]
_FIELDS = _names_in(*(kind.shape for kind in KINDS.values()))
FIELDS = frozenset(_FIELDS)
"""The fields of the header that are read, of any kind of document."""

# Fields hold whatever Visma sends; those that nobody reads are skipped, which saves a quarter of the parsing. Only the
# lists of lines have a shape, and a document whose lines have another one is parsed whole.
_Line = TypedDict("_Line", _names_in(*_LINE_ROWS) | dict.fromkeys(_OF_ORDERS, Any), total=False)  # type: ignore[misc]
_Fields = TypedDict("_Fields", _FIELDS | dict.fromkeys(_LISTS, list[_Line] | None), total=False)  # type: ignore[misc]
_decode = msgspec.json.Decoder(_Fields, float_hook=Decimal).decode
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_whole = msgspec.json.Decoder(float_hook=Decimal).decode


class NotADocument(ValueError):
    """What was given is no purchase order and no invoice of Visma; the message is a sentence for a person."""


def decode(raw: bytes) -> dict[str, Any]:
    """Parse one Visma document: the fields that are read, as they came.

    Numbers become `int` or `Decimal`, never a binary float.

    Raises:
        NotADocument: it is not JSON, or not an object.
    """
    try:
        data = _parse(raw)
    except InvalidOperation:
        raise NotADocument("A number in this document is beyond every size.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        start = raw.lstrip()[:1]
        if not start:
            raise NotADocument("The document is empty.") from None
        if start == b"<":
            raise NotADocument("This is a web page or XML, not JSON: a gateway may have answered for Visma.") from None
        raise NotADocument(f"This is not JSON, or only a part of it: {error}.") from None
    if isinstance(data, list):
        raise NotADocument(f"This is a list of {len(data)} documents; give one of them.")
    if not isinstance(data, dict):
        raise NotADocument("This is JSON, but not an object.")
    return data


def _parse(raw: bytes) -> Any:
    try:
        return _decode(raw)
    except msgspec.ValidationError:
        # Well-formed, but no document, or one with its lines wrapped or mixed with something else.
        return _decode_whole(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Half a character in some text is no reason to refuse the document.
        whole = repaired(raw)
        if whole == raw:
            raise
        return _parse(whole)


def read_typed(raw: bytes, *, company: str, kind: Kind) -> VismaDocument | None:
    """Read a document that is as Visma documents it, in a fraction of the time that `read_document` takes for it.

    None: it is not quite so, or cannot be read. Then `decode` and `read_document` read it, or tell what is wrong.
    """
    decode_typed = _TYPED.get(kind)
    if decode_typed is None:
        return None
    try:
        row: Any = decode_typed(raw)
        number = said(row.number)
        if number is None:
            return None
        content = KINDS[kind].read(row, number)
    except (msgspec.MsgspecError, ValueError, RecursionError, Parked):
        return None
    document_type = said(row.document_type)
    return VismaDocument(
        key=DocumentKey(company, kind, number_in_key(kind, document_type, number)),
        status=said(row.status),
        document_type=document_type,
        on_hold=bool(row.on_hold),
        version=said(row.version),
        content=content,
        created=said(row.created),
    )


def read_document(data: Mapping[str, Any], *, company: str, kind: Kind | None = None) -> VismaDocument:
    """Read a Visma document.

    Args:
        data: The document as `decode` gives it.
        company: The routing name of the company it belongs to.
        kind: What it is known to be; recognised by its fields when None.

    Raises:
        NotADocument: it is none of the kinds, contradicts `kind`, or has no number.
        Parked: it lacks something indispensable; the error names the document, the field and the next step.
    """
    if not isinstance(data, Mapping):
        raise NotADocument("This is not a Visma document: it is not an object.")
    recognised = _recognise(data)
    if kind is None:
        kind = recognised
    elif recognised is not None and recognised is not kind:
        raise NotADocument(f"This looks like a {recognised.label}, not a {kind.label}.")
    if kind is None:
        raise NotADocument(
            "This is no purchase order (no orderNbr) and no invoice (no referenceNumber with a supplier or customer)."
        )
    names = kind.facts.names
    number = text_if_any(data, names.number)
    if number is None:
        raise NotADocument(f"This {kind.label} has no number ({names.number}).")

    document_type = text_if_any(data, names.document_type)
    key = DocumentKey(company, kind, number_in_key(kind, document_type, number))
    content: BusinessDocument
    try:
        with advised(kind):
            content = KINDS[kind].read(tolerant(data, KINDS[kind].shape), number)
            status, on_hold = text(*inside(data, names.status)), flag(*inside(data, names.on_hold))
            text(data, names.document_type)
    except Parked as parked:
        parked.document = str(key)
        raise
    return VismaDocument(
        key=key,
        status=status,
        document_type=document_type,
        on_hold=on_hold,
        version=text_if_any(data, "timeStamp"),
        content=content,
        created=text_if_any(data, "createdDateTime"),
    )


def dated_on(data: Data, kind: Kind) -> date | None:
    """The order date or invoice date, also of a document that cannot be read otherwise; None without one."""
    try:
        return day(data, kind.facts.names.date)
    except Parked:
        return None


_TOUCHED = frozenset({"timeStamp", "createdDateTime", "lastModifiedDateTime", "metadata", "status", "hold"})


def content_hash(data: Data) -> str:
    """A hash of what is read of a document that cannot be understood; touches that no partner sees leave it alone."""
    said = {name: value for name, value in data.items() if name not in _TOUCHED}
    return sha256(_encode(said)).hexdigest()


def _recognise(data: Data) -> Kind | None:
    """The kind whose number is filled in; of several with one name for it, the one that has its party."""
    field = next((kind.facts.names.number for kind in Kind if text_if_any(data, kind.facts.names.number)), None)
    kinds = [kind for kind in Kind if kind.facts.names.number == field]
    if len(kinds) < 2:
        return next(iter(kinds), None)
    # A field that is there but null says what the document is, too; the one that is filled in says it better.
    named = [(data.get(kind.facts.names.party), kind) for kind in kinds if kind.facts.names.party in data]
    filled = [kind for value, kind in named if value]
    return next(iter(filled or [kind for _, kind in named]), None)
