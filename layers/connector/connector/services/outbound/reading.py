"""From a message to the document that it brought, as far as that can be understood."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from typing import Any

from connector.domain.advice import ABOUT_THE_API
from connector.domain.documents import CHANGED_KIND, DocumentKey
from connector.domain.errors import Parked, PayloadLost
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.content_hash import revision_id
from connector.domain.revision.go_live import Sighting
from connector.domain.revision.reading import Reading
from connector.domain.revision.record import State
from connector.edi.visma.fields import text_if_any
from connector.edi.visma.order_snapshot import Receipts, receipts
from connector.edi.visma.read import NotADocument, content_hash, dated_on, decode, read_document, read_typed
from connector.services.messages import DocumentMessage


def read_message(message: DocumentMessage, raw: bytes) -> Reading:
    """Understand the document; what cannot be understood is parked under a hash of what is there."""
    key, cause = message.key, Cause.of(message.cause)
    data: dict[str, Any] | None = None
    try:
        document = read_typed(raw, company=key.company, kind=key.kind)
        if document is None or document.document_type is None:
            data = with_type(decode(raw), key)
            document = read_document(data, company=key.company, kind=key.kind)
    except NotADocument as problem:
        parked = Parked(
            str(problem),
            document=str(key),
            next_step=ABOUT_THE_API,
            code=Reason.UNREADABLE_DOCUMENT,
        )
    except Parked as problem:
        parked = problem
    else:
        # The poller's key stands: it knows from which list the row came.
        document = replace(document, key=key)
        sighting = _sighting(message, document.created, document.dated)
        goods = receipts(raw, company=key.company) if key.kind is CHANGED_KIND else Receipts()
        return Reading(
            key=key,
            revision_id=revision_id(document.content),
            document=document,
            problem=None,
            sighting=sighting,
            cause=cause,
            resends_after=cause.resends_after(message.cause),
            asked_of=_asked_of(message),
            recorded_version=message.recorded_version,
            received=goods.received,
            closed_short=goods.closed_short,
        )
    if data is None:
        return Reading(
            key=key,
            revision_id=hashlib.sha256(raw).hexdigest(),
            document=None,
            problem=parked,
            sighting=_sighting(message, None, None),
            cause=cause,
            asked_of=_asked_of(message),
            recorded_version=message.recorded_version,
        )
    sighting = _sighting(message, text_if_any(data, "createdDateTime"), dated_on(data, key.kind))
    return Reading(
        key=key,
        revision_id=content_hash(data),
        document=None,
        problem=parked,
        sighting=sighting,
        cause=cause,
        asked_of=_asked_of(message),
        recorded_version=message.recorded_version,
    )


def unreadable(message: DocumentMessage, lost: PayloadLost) -> Reading:
    """A document whose stored body is gone: parked under the place where it lay."""
    name = f"lost {message.document_at}"
    revision, sighting = hashlib.sha256(name.encode()).hexdigest(), _sighting(message, None, None)
    return Reading(
        key=message.key,
        revision_id=revision,
        document=None,
        problem=lost,
        sighting=sighting,
        cause=Cause.of(message.cause),
        asked_of=_asked_of(message),
        recorded_version=message.recorded_version,
    )


def with_type(data: dict[str, Any], key: DocumentKey) -> dict[str, Any]:
    """The document with the type that its list gave it: a credit note must not be read as an invoice."""
    document_type, colon, _ = key.number.partition(":")
    facts = key.kind.facts
    if colon and facts.plain_type is not None and text_if_any(data, facts.names.document_type) is None:
        return {**data, facts.names.document_type: document_type}
    return data


def _asked_of(message: DocumentMessage) -> tuple[int, State] | None:
    """What a person was shown who made the request."""
    if message.asked_about is None or message.asked_in is None:
        return None
    return message.asked_about, message.asked_in


def _sighting(message: DocumentMessage, created: str | None, dated: date | None) -> Sighting:
    """What is known of the age of a document."""
    return Sighting(
        created=created,
        dated=dated,
        modified_at=message.modified_at,
        seen_at=message.seen_at,
        listed_since=message.listed_since,
        first_scan=message.first_scan,
    )
