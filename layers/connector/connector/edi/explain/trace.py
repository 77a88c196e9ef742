"""Which sources each value of a written document comes from: those whose change changes it.

Nothing here knows how a document is written, so that nothing here can contradict it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import msgspec

from connector.domain.documents import BusinessDocument, VismaDocument
from connector.domain.errors import ConnectorError
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import EnteredAmount, Route
from connector.domain.totals import Totals, reconcile, rounded
from connector.domain.transactions import Dialect
from connector.edi.canonical import canonical
from connector.edi.explain.emitted import Place, Tree, differing, emitted, leaves
from connector.edi.explain.sources import Inputs, Origin, Source, changed, sources_of
from connector.edi.visma.read import NotADocument, read_document

_MAX_ALONE = 8
"""Of so many lines, each is changed alone; of more, halves of them are, which takes two runs for each doubling."""

_MAX_TEXTS = 4
"""An object of so many texts may say one thing in two of them, as the id and the name of a county do."""

Group = tuple[Source, ...]
"""Sources that are changed together: one, or amounts that Visma states twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A value that is written, with what it comes from.

    Attributes:
        place: Where it stands.
        value: What is written.
        gives: Sources that give another value when they are changed.
        keeps: Sources without which nothing stands there.
    """

    place: Place
    value: str
    gives: tuple[Source, ...]
    keeps: tuple[Source, ...]


class Tracer:
    """Writes one document again and again, each time with other sources."""

    def __init__(self, inputs: Inputs, routing: Routing, route: Route, dialect: Dialect) -> None:
        """Take the inputs of the document, and the route and the dialect that it has.

        Raises:
            Parked: it cannot be written.
        """
        self._inputs = inputs
        self._routing, self._route, self._dialect = routing, route, dialect
        self._unchanged = self._route_in(inputs.routing)
        content = _document(inputs, route).content
        document = canonical(content, route, reconcile(content, route), inputs.purpose)
        self.tree: Tree = emitted(document, dialect, inputs.stream)

    def traced(self, is_fixed: Callable[[Place], bool]) -> list[Traced]:
        """Every value with what it comes from.

        Args:
            is_fixed: Whether the value at a place is known to come from no source.
        """
        gives: dict[Place, list[Source]] = {place: [] for place, _ in leaves(self.tree)}
        keeps: dict[Place, list[Source]] = {place: [] for place in gives}
        families: dict[tuple[Origin, str], list[Group]] = {}
        for source in sources_of(self._inputs, self._routing, self._route):
            families.setdefault((source.origin, source.family), []).append((source,))
        for members in families.values():
            _add(self._of_family(members), gives, keeps)
        unexplained = {
            place
            for place, found in gives.items()
            if not is_fixed(place) and all(source.decides for source in (*found, *keeps[place]))
        }
        for members in _stated_twice(families) if unexplained else ():
            found = {place: said for place, said in self._of_family(members).items() if place in unexplained}
            _add(found, gives, keeps)
        return [
            Traced(place=place, value=value, gives=tuple(gives[place]), keeps=tuple(keeps[place]))
            for place, value in leaves(self.tree)
        ]

    def _of_family(self, members: Sequence[Group]) -> dict[Place, tuple[bool, list[Group]]]:
        """The members on which each place depends, and whether the value is still there without them."""
        if len(members) > _MAX_ALONE and (of_halves := self._by_halves(members)) is not None:
            return of_halves
        found: dict[Place, tuple[bool, list[Group]]] = {}
        is_explained = True
        for group in members:
            differences = self._differing(group)
            is_explained = is_explained and differences is not None
            for place, is_there in (differences or {}).items():
                was_there, groups = found.get(place, (False, []))
                found[place] = (was_there or is_there, [*groups, group])
        if len(members) > 1 and not is_explained:
            # What all lines have to say alike cannot be changed in one of them.
            whole = self._differing([source for group in members for source in group]) or {}
            found |= {place: (is_there, [*members]) for place, is_there in whole.items() if place not in found}
        return found

    def _by_halves(self, members: Sequence[Group]) -> dict[Place, tuple[bool, list[Group]]] | None:
        """The same by changing halves of the members; None when the document cannot be written so.

        A place that depends on one member differs with just one of each two halves, and they spell the member's number.
        """
        halves: list[tuple[Mapping[Place, bool], Mapping[Place, bool]]] = []
        for bit in range((len(members) - 1).bit_length()):
            zero, one = (
                self._differing([each for at, group in enumerate(members) if at >> bit & 1 == side for each in group])
                for side in (0, 1)
            )
            if zero is None or one is None:
                return None
            halves.append((zero, one))
            if not zero and not one:
                return {}
        found = {}
        for place, is_there in {**halves[0][0], **halves[0][1]}.items():
            is_of_one = all((place in zero) is not (place in one) for zero, one in halves)
            number = sum(1 << bit for bit, (_, one) in enumerate(halves) if place in one)
            found[place] = (is_there, [members[number]] if is_of_one else [*members])
        return found

    def _differing(self, sources: Sequence[Source]) -> dict[Place, bool] | None:
        """The places that differ when these are changed, and whether they are still there; None: nothing is written."""
        was_written = False
        for attempt in range(max((len(one.others) for one in sources), default=0)):
            other = self._written(changed(self._inputs, sources, attempt))
            if other is None:
                continue
            was_written = True
            if differences := dict(differing(self.tree, other)):
                return differences
        return {} if was_written else None

    def _written(self, inputs: Inputs) -> Tree | None:
        """What is written of other inputs; None when that is nothing."""
        try:
            is_unchanged = inputs.routing == self._inputs.routing
            route = self._unchanged if is_unchanged else self._route_in(inputs.routing)
            content = _document(inputs, route).content
            totals = self._totals_of(content, route)
            return emitted(canonical(content, route, totals, inputs.purpose), self._dialect, inputs.stream)
        except (ConnectorError, NotADocument, ValueError, KeyError):
            return None

    def _route_in(self, routing: Mapping[str, Any]) -> Route:
        route = self._route
        found = Routing.from_data(routing).route_to(route.company.name, route.kind, route.partner)
        # Which units have fractions changes nothing that is written; a unit that is tried may have none.
        return replace(found, dialect=route.dialect, whole_units=frozenset())

    @staticmethod
    def _totals_of(content: BusinessDocument, route: Route) -> Totals:
        """What is payable. One changed amount contradicts the others: then what Visma states counts, else their sum."""
        try:
            return reconcile(content, route)
        except ConnectorError:
            total = content.stated_total
            summed = reconcile(content.without_stated_sums(), replace(route, entered_amount=EnteredAmount.ADJUST))
            return msgspec.structs.replace(
                summed,
                total=summed.total if total is None else rounded(total, content.currency),
                tax=summed.tax if content.tax_total is None else rounded(content.tax_total, content.currency),
            )


def _document(inputs: Inputs, route: Route) -> VismaDocument:
    return read_document(inputs.data, company=route.company.name, kind=route.kind)


def _add(
    found: Mapping[Place, tuple[bool, Sequence[Group]]],
    gives: Mapping[Place, list[Source]],
    keeps: Mapping[Place, list[Source]],
) -> None:
    for place, (is_there, groups) in found.items():
        into = gives if is_there else keeps
        into[place] += [source for group in groups for source in group if source not in into[place]]


def _stated_twice(families: Mapping[tuple[Origin, str], Sequence[Group]]) -> Iterator[list[Group]]:
    """What Visma states in two ways: amounts with the other sign, and two amounts or texts of one object at once."""
    alike: dict[tuple[str, int, bool], list[Sequence[Group]]] = {}
    for (origin, family), members in families.items():
        value = members[0][0].value
        if origin is not Origin.VISMA or isinstance(value, bool):
            continue
        if not (is_text := isinstance(value, str)):
            yield [tuple(replace(one, others=(-one.value,)) for one in group) for group in members]
        alike.setdefault((family.rpartition(".")[0], len(members), is_text), []).append(members)
    for (_, _, is_text), of_one_object in alike.items():
        if not is_text or len(of_one_object) <= _MAX_TEXTS:
            for one, other in combinations(of_one_object, 2):
                yield [(*first, *second) for first, second in zip(one, other, strict=True)]
