"""Documents as X12 text."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.domain.transactions import Purpose, Stream
from connector.edi.x12.text import interchange
from testkit.samples.business_documents import a_route
from testkit.x12_reader import read

NOON = datetime(2026, 9, 10, 12, 30, tzinfo=UTC)


def text(content, *, purpose=Purpose.ORIGINAL, stream=Stream.TEST, control_number=42, when=NOON, **routing):
    route = a_route(content, **routing)
    return interchange(content, route, stream=stream, purpose=purpose, control_number=control_number, when=when).text


def notes(content, **routing):
    route = a_route(content, **routing)
    made = interchange(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL, control_number=42, when=NOON)
    return made.notes


def written(content, **options):
    return read(text(content, **options))
