"""Claim check: a small document is in its queue message, a large one in the payload bucket."""

from __future__ import annotations

from datetime import datetime

import msgspec

from connector.services.messages import INLINE_LIMIT, DocumentMessage
from connector.services.ports import Payloads

_FOLDER = "documents/"


def loaded(message: DocumentMessage, document: bytes, payloads: Payloads, *, at: datetime) -> DocumentMessage:
    """The message with its document, or with the document's key in the bucket.

    Args:
        message: A message without a document.
        document: The Visma document as read; or only its key, as `place_of` returns it; or empty.
        payloads: The bucket.
        at: Distinguishes two states of one document in the bucket.
    """
    if document.startswith(_FOLDER.encode()):
        return msgspec.structs.replace(message, document_at=document.decode())
    if not document:
        return message
    if len(document) <= INLINE_LIMIT:
        return msgspec.structs.replace(message, document=msgspec.Raw(document))
    name = f"{_FOLDER}{message.key.stored}/{at:%Y%m%dT%H%M%S%f}"
    return msgspec.structs.replace(message, document_at=payloads.put(name, document))


def place_of(message: DocumentMessage) -> bytes:
    """The bucket key of a message's document, stored in place of the document as long as that cannot be read.

    It cannot be mistaken for a document: Visma's documents are JSON objects.
    """
    return (message.document_at or "").encode()


def unloaded(message: DocumentMessage, payloads: Payloads) -> bytes:
    """The document of a message; empty when it has none. Raises `Transient` when the bucket cannot be read."""
    if message.document_at is not None:
        return payloads.get(message.document_at)
    return b"" if message.document is msgspec.UNSET else bytes(message.document)
