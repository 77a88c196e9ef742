"""Compares the parties and the terms that an 860 names with those of the order.

No change writes them, so a difference is a question to a person. These are no differences: a party that was sent, that
routing names (`changes.places`) or that a person confirmed before, and terms, charges and the like that the order has.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import msgspec

from connector.domain.documents import Address, OrderLine, Party, PurchaseOrder
from connector.domain.errors import Parked
from connector.domain.order_change.findings import HEADER, MAX_COMPARED_LENGTH, Findings, titled
from connector.domain.order_change.request import PartyRequest, Stated, Topic
from connector.domain.parties import PartyView, Role, order_parties
from connector.domain.reasons import Reason
from connector.domain.routing.route import Route, TermsRule
from connector.domain.text import truncated
from connector.domain.totals import payable_amount

# Names are truncated when they are sent and when partners store them (N102 has 60 characters, older systems 30).
_MIN_CUT_LENGTH = 30
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "œ": "oe"})
_NO_LETTER = re.compile(r"[\W_]+")
# The ids of the envelope identify these two; their names are compared only with the names that we know.
_IDENTITIES = frozenset({Role.BUYER, Role.SELLER})
# How both dialects say that the terms are ordinary ones; `known_facts` has their values.
_ORDINARY_TERMS = ("basic", "basic discount offered", "as agreed")
_OUR_KINDS = ("freight", "discount", "surcharge", "adjustment", "rounding", "other")

_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,10})?", re.ASCII)
_BARE_FRACTION = re.compile(r"^\.(?=\d{1,10}$)", re.ASCII)
_DECIMAL_COMMA = re.compile(r"^(\d{1,15}),(\d{1,10})$", re.ASCII)

Fact = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Content:
    """Compares parties and terms of the message with the order.

    Attributes:
        base: The order as the partner last saw it.
        ours: The order in Visma.
        confirmed: Fingerprints of parties that a person confirmed for this order before.
        theirs: Fingerprints of parties that a person is asked about; an approval confirms them.
        confirms: The message is a confirmation, so it must agree with `ours`; agreeing with `base` is not enough.
    """

    base: PurchaseOrder
    ours: PurchaseOrder
    route: Route
    findings: Findings
    confirmed: frozenset[str] = frozenset()
    theirs: list[str] = field(default_factory=list)
    confirms: bool = False

    def compare(
        self,
        parties: Sequence[PartyRequest],
        stated: Sequence[Stated],
        *,
        where: str = HEADER,
        lines: Sequence[OrderLine | None] | None = None,
        goes: bool = False,
    ) -> None:
        """Ask a person about everything that differs.

        Args:
            parties: Parties that the header or a line names.
            stated: Terms, charges and the like that it states.
            where: The header, or the line.
            lines: The line in `base` and in `ours`, empty for an added one; None for the header.
            goes: The line is to be taken out; with another place, perhaps only a part of it is meant.
        """
        there = None if lines is None else [line for line in lines if line is not None]
        for one in parties:
            self._compare_party(one, where, there, goes=goes)
        for topic in Topic:
            of_topic = [one for one in stated if one.topic is topic]
            if of_topic:
                self._compare_topic(topic, of_topic, where, there)

    def _compare_party(
        self, theirs: PartyRequest, where: str, lines: Sequence[OrderLine] | None, *, goes: bool
    ) -> None:
        views = {
            version: [view for view in order_parties(order, self.route) if theirs.role in {None, view.role}]
            for version, order in (("base", self.base), ("ours", self.ours))
        }
        is_place = theirs.role in {Role.SHIP_TO, None}
        same = {
            version: next((view for view in views[version] if self._is_named(theirs, view, numbers)), None)
            for version, order in (("base", self.base), ("ours", self.ours))
            for numbers in (_numbers(order, lines) if is_place else frozenset(),)
        }
        base, ours = (
            (_view_text(views["base"][0]), _view_text(views["ours"][-1])) if theirs.role is not None else (None, None)
        )
        if same["ours"] is not None:
            self._remark_name(theirs, same["ours"], where)
            return
        if same["base"] is not None and not self.confirms:
            self.findings.add_kept(where, theirs.title, base, ours)
            return
        key = _fingerprint(where, theirs, ours)
        if key in self.confirmed:
            return
        stated = party_text(theirs.party, theirs.scheme)
        self.findings.compare_text(where, theirs.title, base=base, theirs=stated, ours=ours)
        compared = f"the order has {ours}" if ours else "the order names nobody as that"
        if goes:
            self.findings.add_objection(
                f"{titled(where)} is to be taken out, and its {theirs.title} is {stated}; {compared}. Is only a part "
                "meant?",
                where=where,
                code=Reason.PART_OF_LINE,
            )
            return
        self.theirs.append(key)
        self.findings.add_objection(
            f"{_begun(where, 'the')} {theirs.title} is {stated}; {compared}. "
            "An approval changes nothing of it in Visma and takes this one as the order's own.",
            where=where,
            code=Reason.PARTY_DIFFERS,
        )

    def _remark_name(self, theirs: PartyRequest, ours: PartyView, where: str) -> None:
        """Add a remark about what `changes.places` took a party for, or about another name beside its identifier."""
        mapped = _mapped(theirs.party, self.route.changes.places)
        if mapped is not None:
            self.findings.add_remark(
                f"{_begun(where, 'the')} {theirs.title} with the {mapped.kind} '{mapped.given}' is taken for our "
                f"{mapped.number} (`changes.places`)."
            )
        elif _same_name_of(theirs.party.name, ours) is False:
            self.findings.add_remark(
                f"{_begun(where, 'the')} {theirs.title} is called '{theirs.party.name}', in the order '{ours.name}'; "
                "its identifier is the same."
            )

    def _is_named(self, theirs: PartyRequest, view: PartyView, ours: frozenset[str]) -> bool:
        return _is_same(theirs, view, ours, self.route.changes.places)

    def _compare_topic(
        self, topic: Topic, stated: Sequence[Stated], where: str, lines: Sequence[OrderLine] | None
    ) -> None:
        now, before = self._facts(topic, self.ours, lines), self._facts(topic, self.base, lines)
        known = now if self.confirms else now | before
        compared = [_without_text(one, known) for one in stated]
        others = [one.text for one in compared if not _holds(one, known)]
        base, ours = (order_text(topic, order, self.route, lines) for order in (self.base, self.ours))
        if not others:
            if not all(_holds(one, now) for one in compared):
                self.findings.add_kept(where, topic.value, base, ours)
            return
        text = "; ".join(dict.fromkeys(others))
        self.findings.compare_text(where, topic.value, base=base, theirs=text, ours=ours)
        self.findings.add_unwritten(
            f"{_begun(where, 'it')} states {topic}: {truncated(text, MAX_COMPARED_LENGTH)}; the order has "
            f"{ours or 'none'}.",
            where=where,
            code=Reason.TERMS_DIFFER,
        )

    def _facts(self, topic: Topic, order: PurchaseOrder, lines: Sequence[OrderLine] | None) -> set[Fact]:
        return {(name, _value(value)) for name, value in known_facts(topic, order, self.route, lines)}


def _holds(stated: Stated, known: set[Fact]) -> bool:
    """Whether the order has every stated fact; a known fact without a name matches under any name."""
    return all((name, _value(value)) in known or ("", _value(value)) in known for name, value in stated.facts)


def _without_text(stated: Stated, known: set[Fact]) -> Stated:
    """The terms without their text, if the net days agree and the text has no figure that the order lacks."""
    if stated.topic is not Topic.TERMS:
        return stated
    facts = [(name, _value(value)) for name, value in stated.facts]
    figures = {value for _, value in known}
    if not any(name == "net days" and (name, value) in known for name, value in facts):
        return stated
    kept = tuple(
        (name, value)
        for name, value in stated.facts
        if name != "text" or {_value(figure) for figure in _NUMBER.findall(value)} - figures
    )
    return msgspec.structs.replace(stated, facts=kept)


def _numbers(order: PurchaseOrder, lines: Sequence[OrderLine] | None) -> frozenset[str]:
    """Our numbers of the place of delivery, each by itself and behind its kind: values that `changes.places` may have.

    The code that `places` of the company has for it is none: it is what suppliers call the place.
    """
    place = order.ship_to
    of_header = (
        ("branch" if order.ships_to_us else "account", place.number),
        ("warehouse" if place.is_warehouse else "location", place.location),
        ("gln", place.gln),
    )
    of_lines = [("warehouse", line.warehouse) for line in lines or ()]
    numbers = of_lines if place.is_elsewhere else [*of_header, *of_lines]
    return frozenset(one.casefold() for kind, number in numbers if number for one in (number, f"{kind}/{number}"))


def _begun(where: str, word: str) -> str:
    """The beginning of a sentence about the header or a line."""
    return word.capitalize() if where == HEADER else f"{titled(where)}: {word}"


def is_another_place(theirs: PartyRequest, order: PurchaseOrder, route: Route, line: OrderLine | None = None) -> bool:
    """Whether an answer names a place of delivery that is certainly not the order's.

    A code, GLN or postal code that both have decides; names and streets are spelled in many ways. A code of a scheme
    that is not ours (`PartyRequest.scheme`) decides nothing, and our GLN is ours under any.

    Args:
        theirs: The place of the answer.
        order: The order.
        route: The route of its supplier.
        line: The line of which it is the place; None for the header.
    """
    party = theirs.party
    view = next(one for one in order_parties(order, route) if one.role is Role.SHIP_TO)
    posts = _same_post(party.address, view.address)
    if (mapped := _mapped(party, route.changes.places)) is not None:
        numbers = _numbers(order, () if line is None else (line,))
        return posts is False or not _is_ours(mapped.number, view, numbers)
    return False in (*_same_ids(theirs, view), posts)


def unknown_terms(stated: Sequence[Stated], order: PurchaseOrder, route: Route) -> list[str]:
    """The terms of payment of an answer whose net days or discount are not those of the order, as texts.

    Terms that routing does not give in days (`terms`) cannot be compared.
    """
    rule = _rule(order, route)
    if rule.net_days is None:
        return []
    ours = {"net days": str(rule.net_days), "discount percent": rule.discount_percent or "0"}
    return [
        one.text
        for one in stated
        if one.topic is Topic.TERMS
        and any(name in ours and _value(value) != _value(ours[name]) for name, value in one.facts)
    ]


def party_text(party: Party, scheme: str | None = None) -> str:
    """A party of the message, for people: its name, numbers and address."""
    return _place_text(party.name, party.gln, party.number, scheme, party.address)


def known_facts(topic: Topic, order: PurchaseOrder, route: Route, lines: Sequence[OrderLine] | None) -> Iterable[Fact]:
    """The order's facts of a topic, as names and values; a fact without a name matches under any name.

    Args:
        topic: The topic.
        order: The order.
        route: The route of its supplier.
        lines: The versions of the line; None for the header.
    """
    match topic:
        case Topic.TERMS:
            yield from _terms_facts(order, route)
        case Topic.DELIVERY:
            yield from _named("", order.ship_terms, order.fob_point)
        case Topic.CARRIER:
            yield from _named("", order.ship_via)
        case Topic.CHARGES:
            yield from (("kind", kind) for kind in _OUR_KINDS)
            yield from _charge_facts([amount for amount, _ in charges_of(order, lines)])
        case Topic.VAT:
            # X12: TXI03 is a percentage as a decimal, so 0.25 is as good as 25.
            rates = [tax.rate for tax in order.taxes if tax.rate is not None]
            yield from (("rate", str(one)) for rate in rates for one in (rate, rate / 100))
            yield from () if order.taxes else (("rate", "0"),)
        case Topic.RELEASE:
            yield from _named("", *(line.blanket for line in order.lines))
        case Topic.CONTRACT | Topic.CONDITIONS:
            return


def order_text(topic: Topic, order: PurchaseOrder, route: Route, lines: Sequence[OrderLine] | None) -> str | None:
    """The order's facts of a topic, for people; None when it has none."""
    texts: Iterable[str | None] = ()
    match topic:
        case Topic.TERMS:
            terms = order.terms
            rule = _rule(order, route)
            net = f"net {rule.net_days} days" if rule.net_days is not None else None
            texts = (f"'{terms.description or terms.id}'" if terms else None, net)
        case Topic.DELIVERY:
            texts = (order.ship_terms, order.fob_point)
        case Topic.CARRIER:
            texts = (order.ship_via,)
        case Topic.CHARGES:
            charged = charges_of(order, lines)
            texts = (f"{'a charge' if amount > 0 else 'an allowance'} of {abs(amount):f}" for amount, _ in charged)
        case Topic.VAT:
            texts = (f"{tax.rate.normalize():f} %" for tax in order.taxes if tax.rate is not None)
        case Topic.RELEASE:
            texts = (line.blanket for line in order.lines)
        case Topic.CONTRACT | Topic.CONDITIONS:
            pass
    found = ", ".join(dict.fromkeys(word for word in texts if word))
    return truncated(found, MAX_COMPARED_LENGTH) or None


def folded(text: str) -> str:
    """A name without case, accents, punctuation and spaces, which X12's character sets lose."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return _NO_LETTER.sub("", plain)


def _is_same(theirs: PartyRequest, view: PartyView, ours: frozenset[str], places: Mapping[str, str]) -> bool:
    """Whether the party of the message is certainly the party of the order.

    Every field that both sides have must agree; only the name may differ if an identifier agrees. An unknown number
    does not make it another party if the address agrees. It does if only the name agrees: many places share a name.
    """
    party, address = theirs.party, _same_address(theirs.party.address, view.address)
    if (mapped := _mapped(party, places)) is not None:
        return _is_ours(mapped.number, view, ours) and _same_post(party.address, view.address) is not False
    code, gln = _same_ids(theirs, view)
    name = _same_name_of(party.name, view)
    # A short number may belong to another party too: if the role is not one of ours, the name has to agree as well.
    is_identified = gln is True or (code is True and theirs.role is not None)
    if False in (code, gln, address) or (name is False and not is_identified):
        return False
    if True in (code, gln, address):
        return True
    unknown = bool(party.number or party.gln or party.address)
    if theirs.role in _IDENTITIES:
        # A name that differs was handled above: here it agrees, or there is none to compare.
        return name is True or not (party.number or party.gln) or theirs.scheme is not None
    return name is True and not unknown


def _same_ids(theirs: PartyRequest, view: PartyView) -> tuple[bool | None, bool | None]:
    """Whether the code and the GLN are those of the order; None for one that cannot be compared.

    Our GLN is ours under any scheme: partners send it as a code that the buyer has assigned (N103 92) as well.
    """
    party = theirs.party
    if _same_text(party.number, view.gln) is True:
        return None, True
    return None if theirs.scheme else _same_text(party.number, view.number), _same_text(party.gln, view.gln)


class _Mapped(NamedTuple):
    """What `changes.places` says of a party.

    Attributes:
        kind: What of the party it names: `GLN`, `code` or `name`.
        given: That as the message has it.
        number: Our number of the place.
    """

    kind: str
    given: str
    number: str


def _mapped(party: Party, places: Mapping[str, str]) -> _Mapped | None:
    """What `changes.places` says of the code, GLN or name of the message; None when it names none of them.

    A key may say which of them it is (`code/0099`). One that does not and has no letter is no name.
    """
    for kind, given in (("GLN", party.gln), ("code", party.number), ("name", party.name)):
        if not given:
            continue
        number = places.get(f"{kind}/{given}".casefold())
        if number is None and (kind != "name" or any(map(str.isalpha, given))):
            number = places.get(given.casefold())
        if number is not None:
            return _Mapped(kind, given, number)
    return None


def _is_ours(number: str, view: PartyView, ours: frozenset[str]) -> bool:
    """Whether a number of `changes.places` is one of the order's place, of the kind that it says."""
    return number.casefold() in {*ours, (view.gln or "").casefold()}


def _same_text(theirs: str | None, ours: str | None) -> bool | None:
    """Whether two numbers are the same; None when one of them is missing."""
    return theirs.casefold() == ours.casefold() if theirs and ours else None


def _same_name(theirs: str | None, ours: str | None) -> bool | None:
    if not theirs or not ours:
        return None
    one, other = folded(theirs), folded(ours)
    return one == other or (len(theirs) >= _MIN_CUT_LENGTH and other.startswith(one))


def _same_name_of(theirs: str | None, view: PartyView) -> bool | None:
    """Whether a name is one of the names of a party; None when one of them is missing."""
    compared = {_same_name(theirs, name) for name in (view.name, *view.also)} - {None}
    return any(compared) if compared else None


def _same_post(theirs: Address | None, ours: Address | None) -> bool | None:
    if theirs is None or ours is None or not theirs.postal_code or not ours.postal_code:
        return None
    # A postal code that came as a number has lost its leading zeros.
    return folded(theirs.postal_code).lstrip("0") == folded(ours.postal_code).lstrip("0")


def _same_address(theirs: Address | None, ours: Address | None) -> bool | None:
    """Whether all fields that both addresses have agree; None when they share neither a street nor a postal code."""
    if theirs is None or ours is None:
        return None
    street = None
    if theirs.lines and ours.lines:
        one, other = [folded(line) for line in theirs.lines], [folded(line) for line in ours.lines]
        street = set(one) <= set(other) or "".join(one) == "".join(other)
    parts = [_same_post(theirs, ours), street]
    others = [_same_name(theirs.city, ours.city), _same_text(theirs.country, ours.country)]
    if False in (*parts, *others):
        return False
    return True if True in parts else None


def _terms_facts(order: PurchaseOrder, route: Route) -> Iterable[Fact]:
    rule = _rule(order, route)
    yield from (("kind", kind) for kind in _ORDINARY_TERMS)
    # The day from which the 850 and its Mosaic form count the days.
    yield "counted from", "invoice date"
    if order.terms is not None:
        yield from _named("text", order.terms.description, order.terms.id)
    if rule.net_days is not None:
        yield "net days", str(rule.net_days)
    yield "discount percent", rule.discount_percent or "0"
    yield "discount days", str(rule.discount_days or 0)


def _rule(order: PurchaseOrder, route: Route) -> TermsRule:
    terms = order.terms
    return route.terms.get(terms.id, TermsRule()) if terms and terms.id else TermsRule()


def charges_of(order: PurchaseOrder, lines: Sequence[OrderLine] | None) -> list[tuple[Decimal, str | None]]:
    """What is added to (positive) or taken off the order, or the line: amount and description."""
    if lines is not None:
        return list(dict.fromkeys((-line.discount, None) for line in lines if line.discount))
    charged = [line for line in order.lines if not line.cancelled and (line.is_charge or line.item is None)]
    found = [(-discount.amount, discount.description) for discount in order.discounts]
    for line in charged:
        try:
            found.append((payable_amount(line, order.currency), line.description))
        except Parked:  # the amount is too large to be calculated; it equals nothing
            continue
    return [one for one in found if one[0]]


def _charge_facts(charged: Sequence[Decimal]) -> Iterable[Fact]:
    """Charges and allowances as facts; 0 is a fact where the order has none."""
    charges = [str(amount) for amount in charged if amount > 0] or ["0"]
    allowances = [str(-amount) for amount in charged if amount < 0] or ["0"]
    yield from (("charge", amount) for amount in charges)
    yield from (("allowance", amount) for amount in allowances)
    if not charged:
        yield "allowance or charge", "0"


def _named(name: str, *values: str | None) -> Iterable[Fact]:
    return ((name, value) for value in values if value)


def _value(text: str) -> str:
    """A value normalised for comparison: `30.0` is `30`, `2,5` is `2.5`, `.5` is `0.5`, and `Basic` is `basic`."""
    text = _BARE_FRACTION.sub("0.", _DECIMAL_COMMA.sub(r"\1.\2", text))
    if not _NUMBER.fullmatch(text):
        return folded(text)
    number = Decimal(text)
    return f"{number.normalize() if number else Decimal(0):f}"


def _view_text(view: PartyView) -> str:
    return _place_text(view.name, view.gln, view.number, None, view.address)


def _place_text(name: str | None, gln: str | None, number: str | None, scheme: str | None, at: Address | None) -> str:
    texts = [f"'{name}'"] if name else []
    if gln:
        texts.append(f"GLN {gln}")
    if number:
        texts.append(f"number {number} ({scheme})" if scheme else f"number {number}")
    if at is not None:
        town = " ".join(filter(None, (at.postal_code, at.city)))
        texts += [part for part in (*at.lines, town, at.region, at.country) if part]
    return truncated(", ".join(texts), MAX_COMPARED_LENGTH) or "not named"


def _fingerprint(where: str, theirs: PartyRequest, ours: str | None) -> str:
    """A short hash of the message's party and the order's: a changed address of either is a new question."""
    text = f"{where}|{theirs.title}|{theirs.scheme}|{party_text(theirs.party)}|{ours}"
    return hashlib.sha256(text.casefold().encode(errors="replace")).hexdigest()[:16]
