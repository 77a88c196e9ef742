"""A written document, value by value: what each means, where it comes from and which rule shaped it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.domain.documents import BusinessDocument
from connector.domain.routing.resolve import BUILT_IN, Routing
from connector.domain.routing.route import Route
from connector.domain.totals import reconcile
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.canonical import canonical
from connector.edi.dialects import DIALECTS
from connector.edi.explain.emitted import Place, leaves
from connector.edi.explain.sources import Inputs, Origin, Source, about
from connector.edi.explain.trace import Traced, Tracer
from connector.edi.meaning import Explained
from connector.edi.mosaic import meanings as mosaic
from connector.edi.x12 import meanings as x12

Lookup = Callable[[str, Place, Mapping[Place, str]], Explained]

LOOKUPS: Mapping[Dialect, Lookup] = {Dialect.MOSAIC: mosaic.explained, Dialect.X12: x12.explained}
"""By dialect: what a place is called and means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One value that is written.

    Attributes:
        explained: What it is called, where it stands and what it means.
        value: What is written.
        sources: What it comes from; none where it is fixed.
        decided_by: The settings that decided that it is written so.
    """

    explained: Explained
    value: str
    sources: tuple[Source, ...]
    decided_by: tuple[Source, ...]


def explain(
    data: Mapping[str, Any], routing: Routing, route: Route, *, dialect: Dialect, stream: Stream, purpose: Purpose
) -> list[Row]:
    """Every value that a document is written with, in the order in which it is written.

    Args:
        data: The Visma document as `decode` gives it.
        routing: The routing file.
        route: The route of the document.
        dialect: The dialect that it is written in.
        stream: The stream of Orderful.
        purpose: As what it is sent.

    Raises:
        Parked: it cannot be written.
    """
    inputs = Inputs(data=data, routing=about(routing, route, data), stream=stream, purpose=purpose)
    tracer = Tracer(inputs, routing, route, dialect)
    values = dict(leaves(tracer.tree))

    def named(place: Place) -> Explained:
        return LOOKUPS[dialect](route.transaction_type.number, place, values)

    def is_fixed(place: Place) -> bool:
        meaning = named(place).meaning
        return meaning is not None and meaning.is_fixed

    return [_row(named(one.place), one) for one in tracer.traced(is_fixed)]


def why_dialect(content: BusinessDocument, route: Route, dialect: Dialect, purpose: Purpose) -> str:
    """Why a document is written in this dialect, in one sentence."""
    said = f"dialect {route.dialect} ({route.origin.get('dialect', BUILT_IN)})"
    if route.dialect.pinned is not None:
        return f"{said}: {dialect.label} alone."
    document = canonical(content, route, reconcile(content, route), purpose)
    for other in (one for one in DIALECTS.values() if one.name is not dialect):
        if other.first_gap is not None and (gap := other.first_gap(document)) is not None:
            return f"{said}: {gap.sentence}."
    return f"{said}: {dialect.label} carries all of it."


def _row(explained: Explained, traced: Traced) -> Row:
    """What gives the value goes before what only lets it stand, and both before what decides."""
    is_fixed = explained.meaning is not None and explained.meaning.is_fixed
    gives = [one for one in traced.gives if not one.decides]
    keeps = [] if is_fixed else [one for one in traced.keeps if not one.decides]
    deciding = [one for one in (*traced.gives, *(() if is_fixed else traced.keeps)) if one.decides]
    if is_fixed:
        deciding = [one for one in deciding if one.origin is Origin.ROUTING]
    # An amount of 0 adds nothing to what other amounts give.
    sources = [one for one in gives if one.value or isinstance(one.value, str)] or gives or keeps or deciding
    settings = [one for one in (*deciding, *keeps) if one.origin is Origin.ROUTING]
    decided_by = dict.fromkeys(one for one in settings if one not in sources)
    return Row(explained=explained, value=traced.value, sources=tuple(sources), decided_by=tuple(decided_by))
