"""Every sentence and next step of the decisions about a document."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from connector.domain.documents import DocumentKey, VismaDocument
from connector.domain.errors import Parked, UnmappedPartner
from connector.domain.reasons import Reason, StatedReason
from connector.domain.revision import record
from connector.domain.revision.assess import AGE_UNCLEAR, Sharing
from connector.domain.revision.go_live import ENTERED_IN_TIME, Sighting
from connector.domain.revision.record import Revision
from connector.domain.revision.reused_number import AnotherDocument
from connector.domain.routing.policy import is_withdrawn
from connector.domain.routing.route import Route
from connector.domain.timestamps import to_the_minute
from connector.domain.transactions import Purpose, Stream

FROM_BEFORE = "It is from before go-live."
IGNORED_FROM_BEFORE = f"{FROM_BEFORE} It changed in Visma since; routing says to ignore that."
NOTHING_NEW = StatedReason(Reason.NOTHING_NEW, record.NOTHING_NEW)
NOTHING_NEW_IN_VISMA = StatedReason(Reason.NOTHING_NEW, record.NOTHING_NEW_IN_VISMA)
IGNORED_CHANGE = StatedReason(Reason.REVISION_IGNORED, "It changed after it was sent; routing says to ignore that.")


def nothing_new_since_closed(closed: Revision) -> StatedReason:
    """A document reads as when a person closed a revision of it."""
    return StatedReason(
        Reason.NOTHING_NEW,
        f"Nothing that the partner sees has changed since a person closed revision {closed.sequence}.",
    )


def choices(key: DocumentKey) -> str:
    """The commands for a person who has to say whether the partner has a document."""
    return (
        f"Send it: {_release(key, 'replacement')} (the partner has it), or --as original (it has not). Or leave it: "
        f"{_close(key)}"
    )


def _release(key: DocumentKey, purpose: Literal["original", "replacement"]) -> str:
    return f"connector documents release {key} --as {purpose}"


def _close(key: DocumentKey) -> str:
    return f"connector documents close {key}"


def _what_happened(*, withdrawn: bool) -> str:
    return "was withdrawn" if withdrawn else "changed"


def age_unclear(key: DocumentKey) -> Parked:
    """Visma does not say whether the document is from before go-live."""
    return Parked(
        "It was created about the time of go-live, or created before it and dated after it, or dated before it and not "
        "in Visma's list on that day, or it got another date while this was asked: Visma does not say whether it has "
        "left already.",
        document=str(key),
        field=AGE_UNCLEAR,
        next_step=choices(key),
        code=Reason.AGE_UNCLEAR,
    )


def entered_late(key: DocumentKey, sighting: Sighting) -> Parked:
    """An invoice was created after go-live and is dated long before it."""
    return Parked(
        f"It is dated {sighting.dated}, before go-live, and was entered in Visma on {(sighting.created or '')[:10]}, "
        f"after go-live and more than {ENTERED_IN_TIME.days} days after its date. Was it migrated, so that the partner "
        "has it from elsewhere, or only entered late?",
        document=str(key),
        field=AGE_UNCLEAR,
        next_step=choices(key),
        code=Reason.ENTERED_LATE,
    )


def new_by_now(key: DocumentKey) -> Parked:
    """A document recorded as from before go-live is from after it by the go-live in force."""
    return Parked(
        "It is on record as from before go-live, and by the go_live in force it is from after it: it has not left from "
        "here.",
        document=str(key),
        field=AGE_UNCLEAR,
        next_step=choices(key),
        code=Reason.GO_LIVE_MOVED,
    )


def changed_since_go_live(document: VismaDocument, route: Route, *, was_ready: bool, changed: bool) -> Parked:
    """A document from before go-live changed, or may be sent only now."""
    go_live = route.go_live
    since = f" ({to_the_minute(go_live.at)})" if go_live is not None else ""
    if is_withdrawn(document):
        what = "was withdrawn in Visma since"
    elif changed and was_ready:
        what = "changed in Visma since"
    else:
        what = "may be sent now, which it might not be then"
    return Parked(
        f"It is from before go-live{since} and {what}.",
        document=str(document.key),
        field="before_go_live",
        next_step=choices(document.key),
        code=Reason.CHANGED_SINCE_GO_LIVE,
    )


def switched_on(key: DocumentKey) -> Parked:
    """Routing kept a document back before, and does not any more."""
    return Parked(
        "Routing kept it back when it was ready, so the partner may have it from elsewhere.",
        document=str(key),
        field="send",
        next_step=choices(key),
        code=Reason.KEPT_BACK_BEFORE,
    )


def changed_since_closed(document: VismaDocument, closed: Revision) -> Parked:
    """A document changed after a person closed an earlier state of it."""
    what = _what_happened(withdrawn=is_withdrawn(document))
    return Parked(
        f"It {what} in Visma after a person closed revision {closed.sequence}: only that person knows what the partner "
        "has.",
        document=str(document.key),
        field="closed",
        next_step=choices(document.key),
        code=Reason.CHANGED_AFTER_CLOSE,
    )


def partner_not_told(sent: Revision, purpose: Purpose, reason: StatedReason) -> Parked:
    """A sent document changed, and routing keeps the change from leaving."""
    what = _what_happened(withdrawn=purpose is Purpose.CANCELLATION)
    return Parked(
        f"It {what} in Visma after it was sent{_at_orderful(sent)}, and the partner is not told: {reason.sentence}",
        field="send",
        next_step=f"Tell the partner, then: {_close(sent.key)}",
        code=Reason.PARTNER_NOT_TOLD,
    )


def no_original_of_withdrawn(key: DocumentKey) -> Parked:
    """A person chose an original of what was withdrawn in Visma after the partner got it."""
    return Parked(
        "It was withdrawn in Visma after it was sent: an original would order it anew.",
        document=str(key),
        field="status",
        next_step=(f"Send the cancellation: {_release(key, 'replacement')}. Or, once the partner knows: {_close(key)}"),
        code=Reason.CHANGED_AFTER_SENDING,
    )


def _at_orderful(sent: Revision) -> str:
    return f" (Orderful {sent.orderful_id})" if sent.orderful_id else ""


def unknown_status(document: VismaDocument, reason: StatedReason, *, send_when: Collection[str]) -> Parked:
    """A document that was never sent has an undocumented status, which may mean that it is not finished."""
    key = document.key
    setting = f"defaults.send_when.{key.kind}"
    words = ", ".join([*sorted(send_when), str(document.status)])
    return Parked(
        f"{reason.sentence} Visma does not document this status.",
        document=str(key),
        field="status",
        next_step=f"Write {setting}: [{words}] into the routing file and apply it. {choices(key)}",
        waits_for=setting,
        code=reason.code,
    )


def changed_out_of_status(document: VismaDocument, sent: Revision) -> Parked:
    """A sent document changed, and its status keeps the change from leaving."""
    key = document.key
    return Parked(
        f"It changed in Visma after it was sent{_at_orderful(sent)}, and its status is {document.status or '(none)'}, "
        "which is not one of send_when: the partner does not know of the change.",
        document=str(key),
        field="status",
        next_step=(
            f"Send it: {_release(key, 'replacement')}. Or tell the partner, if it has to know, then: {_close(key)}"
        ),
        code=Reason.CHANGED_OUT_OF_STATUS,
    )


def refused_after_sending(document: VismaDocument, sent: Revision) -> Parked:
    """An order that the partner has was not approved in Visma."""
    key = document.key
    return Parked(
        f"Its status in Visma is {document.status} (not approved) after it was sent{_at_orderful(sent)}: the partner "
        "has it still and will deliver.",
        document=str(key),
        field="status",
        next_step=(
            f"If it is not to be delivered, send the cancellation: {_release(key, 'replacement')}. Or tell the "
            f"partner, then: {_close(key)}. If it is, have it approved in Visma."
        ),
        code=Reason.REFUSED_AFTER_SENDING,
    )


def sent_by_visma(document: VismaDocument, route: Route) -> Parked:
    """A document that nobody has, and that Visma itself sends to the partner as well."""
    key = document.key
    setting = f"partners.{route.partner}.kinds.{key.kind}.sent_by_visma"
    party = key.kind.facts.counterparty
    return Parked(
        f"Visma sends it to the {party} as well, by {document.content.sent_by_visma}: {route.partner} would get it "
        "twice.",
        document=str(key),
        field="sent_by_visma",
        next_step=(
            f"If {route.partner} is to get its documents from here, switch that off for the {party} in Visma, then: "
            f"{_release(key, 'original')}, unless it has this one. Otherwise: {_close(key)}. If both may leave, set "
            f"{setting}: tell in the routing file and apply it."
        ),
        waits_for=setting,
        code=Reason.SENT_BY_VISMA,
    )


def sent_by_other_company(
    document: VismaDocument, route: Route, sent: Revision, stream: Stream, *, is_known: bool
) -> Parked:
    """A document that a partner gets as one of another company, which is part of the same Visma company.

    Args:
        document: The document.
        route: Its route.
        sent: What the partner has from the other company, or is to be sent.
        stream: Test or live.
        is_known: The partner has an earlier state from this company.
    """
    key, now, partner, former = document.key, route.company, route.partner, sent.key.company
    is_same = (now.isa_id.on(stream), route.partner_isa_id.on(stream)) == (sent.sender_id, sent.receiver_id)
    tell = f"Tell {sent.partner} that the one of {former} is cancelled, then: "
    if is_same and is_withdrawn(document):
        step = f"Send the cancellation: {_release(key, 'replacement')}."
    elif is_same:
        step = f"Send it in place of that one: {_release(key, 'replacement')}."
    elif is_known:
        step = f"{tell}{_release(key, 'replacement')}."
    elif is_withdrawn(document):
        step = f"{tell}{_close(key)}."
    else:
        step = f"{tell}{_release(key, 'original')}."
    gets = "has it"
    if sent.is_leaving:
        gets, step = "is to be sent it", f"Wait until the one of {former} has left. {step}"
    branch = f"It is of branch {document.content.branch or '(none)'} in Visma now, which is company {now.name}"
    if is_withdrawn(document):
        what = f"{branch}, and it is {document.status} there: {sent.partner} does not know that."
    elif is_known:
        what = f"{branch}, whose earlier state {partner} has: a replacement of that one would leave the other standing."
    else:
        what = f"{branch}: sent to {partner} as an original, it would be delivered a second time."
    return Parked(
        f"{sent.partner} {gets} as a document of company {former}{_at_orderful(sent)}. {what}",
        str(key),
        field=key.kind.facts.names.branch,
        next_step=f"{step} Or correct the branch in Visma, then: {_close(key)}",
        code=Reason.SENT_BY_OTHER_COMPANY,
    )


def reopened(document: VismaDocument, sent: Revision, informed: Revision | None) -> Parked:
    """A document whose cancellation was sent is open again in Visma, or one of whose cancellation a person told."""
    key = document.key
    how = f"its cancellation was sent{_at_orderful(sent)}"
    if informed is not None:
        how = f"a person told {sent.partner} of its cancellation (revision {informed.sequence})"
    return Parked(
        f"It is open again in Visma, and {how}: whether {sent.partner} takes a "
        "replacement of what it has cancelled, or an original with the same number, only the partner can say.",
        document=str(key),
        field="on_reopen",
        next_step=(
            f"Send it: {_release(key, 'original')}, or --as replacement. Or tell the partner, then: {_close(key)}. For "
            f"every document: partners.{sent.partner}.on_reopen"
        ),
        code=Reason.REOPENED_AFTER_CANCELLATION,
    )


def two_order_types(document: VismaDocument, shares: Sharing) -> Parked:
    """An order whose number is the key of an order of another type."""
    key, now, revision = document.key, document.document_type, shares.revision
    at = f"{revision.partner}{_at_orderful(revision)}"
    if shares.is_own:
        what = f"what was sent of this one, of the type {now}, to {at} is recorded as the other one's"
    else:
        what = f"that one is for {at} too; this one has the type {now}"
    return Parked(
        f"An order of the type {shares.order_type} has the same number ({revision.key}): {what}.",
        str(key),
        next_step=f"{choices(key)}. Give each type a number series of its own in Visma (PO101000).",
        field="orderType",
        code=Reason.NUMBER_SHARED,
    )


def renumbered_party(document: VismaDocument, sent: Revision, problem: UnmappedPartner) -> Parked:
    """The supplier or customer of a sent document has a number that routing does not know."""
    key, role, now = document.key, document.key.kind.facts.counterparty, document.counterparty
    keeps = f"{sent.partner} ({sent.receiver_id}) keeps what it has{_at_orderful(sent)}."
    if None not in {sent.counterparty_id, document.counterparty_id}:
        return Parked(
            f"{role.capitalize()} {sent.counterparty} is numbered {now} in Visma now, which routing does not know. "
            f"{keeps}",
            str(key),
            next_step=f'Set partners.{sent.partner}.visma.{role} to "{now}" in the routing file and apply it.',
            field=problem.field,
            waits_for=problem.waits_for,
            code=Reason.COUNTERPARTY_RENUMBERED,
        )
    add = f'add partners.<name>.visma.{role}: "{now}" with company: {key.company} to the routing file and apply it'
    return Parked(
        f"It was sent for {role} {sent.counterparty}, and names {role} {now} now, who is mapped to no partner: Visma "
        f"does not say whether that is the same one under another number. {keeps}",
        str(key),
        next_step=(
            f"If it is the same one, or one with EDI, {add}: what {sent.partner} has is withdrawn if it is another "
            f"one. If it is one without EDI, tell {sent.partner}, then: {_close(key)}"
        ),
        field=problem.field,
        waits_for=problem.waits_for,
        code=Reason.COUNTERPARTY_RENUMBERED,
    )


def number_of_another_partner(document: VismaDocument, route: Route, sent: Revision) -> Parked:
    """Routing gives the new number of a supplier or customer to another partner than the one that has the document."""
    key, role = document.key, document.key.kind.facts.counterparty
    return Parked(
        f"{role.capitalize()} {sent.counterparty} is numbered {document.counterparty} in Visma now, which routing maps "
        f"to {route.partner}; {sent.partner} ({sent.receiver_id}) has the document{_at_orderful(sent)}.",
        str(key),
        next_step=(
            f"Correct partners.{route.partner}.visma.{role} in the routing file and apply it. Or send it to "
            f"{route.partner} and withdraw it at {sent.partner}: {_release(key, 'original')}"
        ),
        field=f"{role}.number",
        waits_for=f"partners.{route.partner}.visma.{role}",
        code=Reason.RENUMBERED_TO_OTHER_PARTNER,
    )


def original_of_received(document: VismaDocument, lines: Sequence[int]) -> Parked:
    """An order would leave as an original, and goods of it were received: its supplier has it from elsewhere."""
    named = f"line {lines[0]} are" if len(lines) == 1 else f"lines {', '.join(map(str, lines[:20]))} are"
    return Parked(
        f"Goods of {named} on a receipt in Visma, which may not be released yet, and the order was never sent to this "
        "partner from here. An original would order the whole quantity again.",
        field="lines",
        next_step=choices(document.key),
        code=Reason.GOODS_RECEIVED,
    )


def lines_closed_short(had: Revision, lines: Sequence[int]) -> Parked:
    """An order that the partner has changed, and a line is closed short: a replacement would order the rest again."""
    named = f"line {lines[0]} is" if len(lines) == 1 else f"lines {', '.join(map(str, lines[:20]))} are"
    since = f"after it was sent{_at_orderful(had)}" if had.orderful_id else "since go-live"
    return Parked(
        f"It changed in Visma {since}, and {named} completed there with less received "
        "than ordered. A replacement would order the whole quantity again.",
        field="lines",
        next_step=(
            "Set the quantity of the line in Visma to what was received (reopen the line first where Visma refuses "
            "that), and the order is sent by itself. If the rest is still wanted: connector documents release "
            f"{had.key} --as replacement. Or tell the partner, then: "
            f"connector documents close {had.key}"
        ),
        code=Reason.LINE_CLOSED_SHORT,
    )


def number_used_again(sent: Revision, other: AnotherDocument) -> Parked:
    """A document that is, or may be, another one than the one that was sent under its number."""
    key, partner = sent.key, sent.partner
    return Parked(
        f"It {'is' if other.is_certain else 'may be'} another document than the one that was sent"
        f"{_at_orderful(sent)}: {other.sign}. A replacement would change what {partner} is delivering.",
        str(key),
        field=key.kind.facts.names.number,
        next_step=(
            f"If it is the same document: {_release(key, 'replacement')}. If it is another one, tell {partner} that "
            f"the former one is cancelled, then: {_release(key, 'original')} --force. Or enter it in Visma under a new "
            f"number and delete this one there, then: {_close(key)}"
        ),
        code=Reason.NUMBER_USED_AGAIN,
    )


def changed_after_sending(sent: Revision, purpose: Purpose, *, closed: Revision | None) -> Parked:
    """A sent document changed, and routing says that a person decides (`on_revision: park`).

    Args:
        sent: What the receiver was sent last.
        purpose: How the change would be sent.
        closed: What a person closed since: the receiver was told of it, so the document may be as it was sent.
    """
    what = _what_happened(withdrawn=purpose is Purpose.CANCELLATION)
    since = f", and a person closed revision {closed.sequence} since" if closed is not None else ""
    return Parked(
        f"It {what} in Visma after it was sent{_at_orderful(sent)}{since}; routing says a person decides.",
        field="on_revision",
        next_step=(f"Tell the partner, then: {_close(sent.key)}. Or send it: {_release(sent.key, 'replacement')}"),
        code=Reason.CHANGED_AFTER_SENDING,
    )
