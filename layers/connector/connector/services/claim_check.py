"""How a document travels: inside its message when it is small, in the payload bucket when it is not."""

from __future__ import annotations

from datetime import datetime

import msgspec

from connector.services.messages import INLINE_LIMIT, DocumentMessage
from connector.services.ports import Payloads

_FOLDER = "documents/"


def loaded(message: DocumentMessage, document: bytes, payloads: Payloads, *, at: datetime) -> DocumentMessage:
    """The message with its document, or with the place where the document lies.

    Args:
        message: A message without a document.
        document: The Visma document as read; or only its place, as `place_of` gives it; or nothing.
        payloads: The bucket.
        at: Tells two states of one document apart in the bucket.
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
    """Where the document of a message lies, to be kept in its stead as long as it cannot be read.

    No document begins like that: Visma's are JSON objects.
    """
    return (message.document_at or "").encode()


def unloaded(message: DocumentMessage, payloads: Payloads) -> bytes:
    """The document of a message; empty when it carries none. Raises `Transient` when the bucket does not give it."""
    if message.document_at is not None:
        return payloads.get(message.document_at)
    return b"" if message.document is msgspec.UNSET else bytes(message.document)
