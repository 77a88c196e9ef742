"""What arrives from Orderful, freed of its envelope.

Orderful has four envelopes for the same transaction: the v3 transaction (list, polling bucket, push), the v4 inbox item
in two generations, the v4 transaction, and the push format of 2020 with the document in `message.content`. All of
them end here, and none of them is trusted to be complete: what is missing or of another type reads as None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from connector.domain.inbound import ApiVersion, Delivery, InboundTransaction, Validation
from connector.domain.json_text import repaired, without_mark
from connector.domain.text import truncated
from connector.domain.timestamps import timestamp_of
from connector.domain.transactions import Stream
from connector.edi.order_change.fields import Data, part, text
from connector.edi.order_change.recognise import business_number_of, document_numbered, document_of, order_number_of

_DIGITS = re.compile(r"\d{1,20}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OPAQUE = re.compile(r"(?!0+$)[A-Za-z0-9][\w.:~+=@-]{0,63}", re.ASCII)
"""Any other id; Orderful: ids are opaque. None has a blank, `/`, `#` or `%`, which lead to another address."""


MAX_NAME_LENGTH = 100
"""Characters of a type or of somebody's id that are kept; X12 gives an ISA id 15, Orderful's longest type has 50."""

MAX_LINK_LENGTH = 500
"""Characters of a link that is followed; Orderful's have about 150."""

_Parsed = TypeVar("_Parsed")

# Orderful's alias of X12 and EDIFACT types, and the names of EDIFACT messages themselves.
_NAMED_TYPES = {
    "PURCHASE_ORDER": "850",
    "PURCHASE_ORDER_ACKNOWLEDGMENT": "855",
    "PURCHASE_ORDER_CHANGE": "860",
    "SHIP_NOTICE": "856",
    "INVOICE": "810",
    "INVENTORY_ADVICE": "846",
    "PRICE_SALES_CATALOG": "832",
    "WAREHOUSE_SHIPPING_ORDER": "940",
    "WAREHOUSE_SHIPPING_ADVICE": "945",
    "PURCHASE_ORDER_CHANGE_ACKNOWLEDGMENT": "865",
    "APPLICATION_ADVICE": "824",
    "FUNCTIONAL_ACKNOWLEDGMENT": "997",
}
_EDIFACT = {
    "ORDERS": "850",
    "ORDCHG": "860",
    "ORDRSP": "855",
    "DESADV": "856",
    "INVOIC": "810",
    "APERAK": "824",
    "CONTRL": "997",
}
_WRAPPERS = ("data", "transaction", "body")


class _Block(msgspec.Struct, rename="camel"):
    """The identity of a delivery; each field is decoded for itself, so that one bad field harms no other."""

    id: msgspec.Raw = msgspec.Raw()
    delivery_id: msgspec.Raw = msgspec.Raw()


class _Envelope(msgspec.Struct, rename="camel", kw_only=True):
    """The identity of a transaction; everything else in the body is skipped while parsing.

    `data`, `transaction` and `body` may hold it one level deeper.
    """

    id: msgspec.Raw = msgspec.Raw()
    transaction_id: msgspec.Raw = msgspec.Raw()
    delivery: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.Raw()
    transaction: msgspec.Raw = msgspec.Raw()
    body: msgspec.Raw = msgspec.Raw()


_envelope = msgspec.json.Decoder(_Envelope).decode
_alone = msgspec.json.Decoder(list[msgspec.Raw]).decode
_string = msgspec.json.Decoder(str).decode
_ID_NAMED = re.compile(rb'"(?:transactionId|id)"\s*:\s*"?(\d{1,20})\b', re.ASCII)
_block = msgspec.json.Decoder(_Block).decode
_name = msgspec.json.Decoder(int | str).decode
# What parsing raises for whatever is not the JSON that is asked for; deep nesting ends in a RecursionError.
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)


def read_identity(raw: bytes) -> InboundTransaction | None:
    """Who a callback says it is about, and nothing else: a callback is a hint, not a message.

    Fast whatever the size of the body, and silent whatever its content. The transaction may be wrapped one level deep:
    in `data`, `transaction` or `body` (there perhaps as a text), or as the only element of a list. None when it names
    no transaction.
    """
    raw = without_mark(raw)
    envelope = _enveloped(raw) or _enveloped(repaired(raw))
    if envelope is None:
        return None
    within = (_enveloped(getattr(envelope, name)) for name in _WRAPPERS)
    inner = next((one for one in within if one is not None and (one.id or one.transaction_id)), None)
    if inner is not None and not envelope.transaction_id:
        # The id beside a wrapper is that of the message about the transaction.
        envelope = msgspec.structs.replace(inner, delivery=inner.delivery or envelope.delivery)
    block = _parsed(_block, envelope.delivery)
    delivery = {"id": _value(block.id), "deliveryId": _value(block.delivery_id)} if block else None
    return read_inbound(
        {"id": _value(envelope.id), "transactionId": _value(envelope.transaction_id), "delivery": delivery},
        trusted=False,
    )


def _enveloped(raw: bytes | msgspec.Raw) -> _Envelope | None:
    """The identity in an object, in a list of one, or in a text that holds either."""
    for _ in range(3):
        if found := _parsed(_envelope, raw):
            return found
        if elements := _parsed(_alone, raw):
            if len(elements) != 1:
                return None
            raw = elements[0]
        elif written := _parsed(_string, raw):
            raw = written.encode(errors="replace")
        else:
            return None
    return None


def identity_in(raw: bytes) -> str | None:
    """The number of the transaction that an unreadable item names first, for a person to look it up."""
    found = _ID_NAMED.search(raw)
    return found[1].decode() if found else None


def ids_named(data: Any, *names: str) -> frozenset[str]:
    """Every id that an object gives under these names, as a text or number, or as the `id` of an object of its own."""
    found: set[str] = set()
    for name in names:
        value = data.get(name) if isinstance(data, dict) else None
        for one in (value, value.get("id")) if isinstance(value, dict) else (value,):
            found.update(filter(None, (_number(one) or _uuid(one) or _opaque(one),)))
    return frozenset(found)


def read_inbound(data: Any, *, trusted: bool) -> InboundTransaction | None:
    """Read a transaction from any of Orderful's envelopes.

    Args:
        data: Parsed JSON.
        trusted: It was read from Orderful with our key. From anybody else only the identity is taken, without links.

    Returns:
        None when it has no id that could be asked for: a number of up to 20 digits, else a UUID, else another text.
    """
    names = _names(data) if isinstance(data, dict) else []
    if not names:
        return None
    transaction_id, *aliases = names
    transaction = InboundTransaction(
        transaction_id=transaction_id,
        document=None,
        transaction_type=None,
        stream=None,
        sender_id=None,
        receiver_id=None,
        business_number=None,
        order_number=None,
        message=None,
        delivery=_delivery(part(data, "delivery"), trusted=trusted),
        created_at=None,
    )
    if not trusted:
        return transaction
    types = _types(data)
    stream = _stream(text(data, "stream"))
    transaction = replace(
        transaction,
        document=next(filter(None, map(_document_named, types)), None),
        transaction_type=next(iter(types), None),
        stream=stream,
        sender_id=_party_id(data, "sender", stream),
        receiver_id=_party_id(data, "receiver", stream),
        business_number=text(data, "businessNumber"),
        created_at=timestamp_of(data.get("createdAt")),
        validation=_validation(text(data, "validationStatus")),
        aliases=tuple(aliases),
    )
    return with_message(transaction, data.get("message"))


def with_message(transaction: InboundTransaction, message: Any) -> InboundTransaction:
    """The transaction with its message, and with what its envelope left open and the message tells.

    A message that is a link only, or no object, changes nothing.
    """
    content = _content(message)
    if content is None:
        return transaction
    return replace(
        transaction,
        message=content,
        document=transaction.document or document_of(content),
        business_number=transaction.business_number or business_number_of(content),
        order_number=transaction.order_number or order_number_of(content),
    )


def _content(message: Any) -> Data | None:
    if not isinstance(message, dict):
        return None
    if isinstance(message.get("content"), dict) and "transactionSets" not in message:
        message = message["content"]
    # A link beside the document is no part of it: the document is the same whichever way it came.
    content = {name: value for name, value in message.items() if name != "href"} if "href" in message else message
    return content or None


def _names(data: Data) -> list[str]:
    """The ids of the transaction, a number first; one of another form counts where there is neither number nor UUID."""
    named = [data.get("transactionId"), data.get("id")]
    known = filter(None, (*map(_number, named), *map(_uuid, named)))
    return list(dict.fromkeys(known)) or list(dict.fromkeys(filter(None, map(_opaque, named))))


def _number(value: Any) -> str | None:
    """A number as it is asked for: without leading zeros, and more than zero."""
    if isinstance(value, float | Decimal) and 0 < value < 10**20 and value == int(value):  # JSON: 5.0 is 5
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    written = value.strip() if isinstance(value, str) else str(value) if 0 < value < 10**20 else ""
    return (written.lstrip("0") or None) if _DIGITS.fullmatch(written) else None


def _uuid(value: Any) -> str | None:
    written = value.strip().lower() if isinstance(value, str) else ""
    return written if _UUID.fullmatch(written) else None


def _opaque(value: Any) -> str | None:
    written = value.strip() if isinstance(value, str) else str(value) if type(value) is int else ""
    return written if _OPAQUE.fullmatch(written) else None


def _delivery(block: Data, *, trusted: bool) -> Delivery | None:
    for name, version in (("deliveryId", ApiVersion.V4), ("id", ApiVersion.V3)):
        value = block.get(name)
        if delivery_id := _uuid(value) or _number(value) or _opaque(value):
            links = [_link(part(block, link)) if trusted else None for link in ("approve", "fail")]
            return Delivery(delivery_id, version, *links)
    return None


def _link(block: Data) -> str | None:
    """An address; without one the delivery is confirmed where Orderful documents it."""
    address = text(block, "href")
    return address if address and len(address) <= MAX_LINK_LENGTH else None


def _types(data: Data) -> list[str]:
    names = (
        text(data, "ediTransactionType"),
        text(data, "type") or text(part(data, "type"), "name"),
        text(data, "simplifiedTransactionType"),
    )
    return [truncated(word, MAX_NAME_LENGTH) for word in names if word]


def _document_named(word: str) -> str | None:
    plain = word.upper()
    return document_numbered(plain) or _NAMED_TYPES.get(plain) or _EDIFACT.get(plain.partition("_")[0])


def _stream(word: str | None) -> Stream | None:
    try:
        return Stream((word or "").lower())
    except ValueError:
        return None


def _validation(word: str | None) -> Validation | None:
    try:
        return Validation((word or "").upper())
    except ValueError:
        return None


def _party_id(data: Data, role: str, stream: Stream | None) -> str | None:
    """The ISA id. v4 has it in a field of its own; v3 may list a party of the test stream under its live id."""
    named = part(data, role)
    on_test = text(named, "testIsaId") if stream is Stream.TEST else None
    found = text(data, f"{role}Id") or on_test or text(named, "isaId")
    return truncated(found, MAX_NAME_LENGTH) if found else None


def _parsed(decode: Callable[[Any], _Parsed], raw: bytes | msgspec.Raw) -> _Parsed | None:
    try:
        return decode(raw)
    except _UNREADABLE:
        return None


def _value(raw: msgspec.Raw) -> int | str | None:
    return _parsed(_name, raw)
