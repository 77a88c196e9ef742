"""The tree as X12 text: a full interchange with one transaction set, one segment a line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from connector.domain.advice import advised
from connector.domain.documents import BusinessDocument
from connector.domain.errors import Misconfigured
from connector.domain.routing.route import Route
from connector.domain.routing.values import MAX_ISA_ID_LENGTH
from connector.domain.totals import reconcile
from connector.domain.transactions import Purpose, Stream
from connector.edi.canonical import canonical
from connector.edi.kinds import KINDS
from connector.edi.x12.check import isa_ids
from connector.edi.x12.model import Segment
from connector.edi.x12.write.transaction import transaction

ELEMENT, TERMINATOR, COMPONENT, REPETITION = "*", "~", ">", "^"

# By version: ISA11, ISA12. ISA11 was a standards id (U) before it became the repetition separator.
_INTERCHANGE = {"004010": ("U", "00401"), "005010": (REPETITION, "00501")}


class Interchange(NamedTuple):
    """An X12 interchange.

    Attributes:
        text: One segment a line.
        notes: Sentences about what was decided on the way, and what was left out.
    """

    text: str
    notes: tuple[str, ...]


def interchange(
    content: BusinessDocument,
    route: Route,
    *,
    stream: Stream,
    purpose: Purpose,
    control_number: int,
    when: datetime,
) -> Interchange:
    """The document as an X12 interchange, as it would look to a partner who takes it without Orderful.

    `control_number` (1 to 999999999) stands in the interchange and the group; the set in it is 0001. `when` is aware
    and printed in UTC.

    Raises:
        Parked: the document does not add up, or X12 cannot carry it.
        Misconfigured: the control number does not fit into ISA13.
    """
    if not 1 <= control_number <= 999_999_999:
        raise Misconfigured(f"The interchange control number {control_number} is not between 1 and 999999999.")
    with advised(content.kind):
        written = canonical(content, route, reconcile(content, route), purpose)
        tree = transaction(written)
    segments = [_printed(segment) for segment in tree.segments()]
    # SE counts itself.
    segments.append(f"SE*{len(segments) + 1}*0001")
    group = KINDS[content.kind].functional_group
    lines = [
        *_headers(route, stream, group, control_number, when.astimezone(UTC)),
        *segments,
        f"GE*1*{control_number}",
        f"IEA*1*{control_number:09d}",
    ]
    return Interchange("".join(f"{line}{TERMINATOR}\n" for line in lines), tuple(written.notes))


def _headers(route: Route, stream: Stream, group: str, control_number: int, when: datetime) -> tuple[str, str]:
    sender, receiver = isa_ids(route, stream)
    repetition, interchange_version = _INTERCHANGE[route.x12.version]
    isa = (
        "ISA",
        "00",
        " " * 10,
        "00",
        " " * 10,
        "ZZ",
        f"{sender:<{MAX_ISA_ID_LENGTH}}",
        "ZZ",
        f"{receiver:<{MAX_ISA_ID_LENGTH}}",
        f"{when:%y%m%d}",
        f"{when:%H%M}",
        repetition,
        interchange_version,
        f"{control_number:09d}",
        "0",
        "P" if stream is Stream.LIVE else "T",
        COMPONENT,
    )
    gs = (
        "GS",
        group,
        sender,
        receiver,
        f"{when:%Y%m%d}",
        f"{when:%H%M}",
        str(control_number),
        "X",
        route.x12.version,
    )
    return ELEMENT.join(isa), ELEMENT.join(gs)


def _printed(segment: Segment) -> str:
    """A segment without empty trailing elements."""
    return ELEMENT.join([segment.id, *segment.values]).rstrip(ELEMENT)
