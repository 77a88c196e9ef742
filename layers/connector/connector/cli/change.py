"""`connector change`: what an 860 would do to a purchase order. Offline; stdout holds the result and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import date
from functools import partial
from typing import Any

import click
import msgspec

from connector.adapters.visma.client import order_write
from connector.cli.changes.comparison import all_reasons, comparison, comparison_data, lines_data, unwritten
from connector.cli.changes.readings import reading_of, reading_option
from connector.cli.companies import mapping_company, named_company
from connector.cli.files import parse_json, read_document, read_sound_routing
from connector.cli.output import PARKED, REJECTED, WrongInput, fail, json_option, page, tell
from connector.cli.reasons import with_labels
from connector.domain.documents import PurchaseOrder
from connector.domain.errors import Misconfigured, Parked, Rejected
from connector.domain.inbound import InboundTransaction
from connector.domain.order_change.decide import ChangeAction, ChangeDecision, decide
from connector.domain.order_change.order_snapshot import OrderSnapshot
from connector.domain.order_change.record import CHANGE
from connector.domain.reasons import Reason
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import QuantityReading, Route
from connector.domain.transactions import Stream
from connector.edi.inbound import read_inbound
from connector.edi.order_change.read import NotAChange, read_change
from connector.edi.visma.order_snapshot import read_order_snapshot
from connector.edi.visma.order_update import encode, order_update
from connector.edi.visma.read import NotADocument, decode
from connector.services.inbound.sender_check import company_of, other_stream, route_of

_SAID = {ChangeAction.APPLY: "would be written", ChangeAction.PARK: "PARKED", ChangeAction.REJECT: "REFUSED"}
_CODES = {ChangeAction.APPLY: 0, ChangeAction.PARK: PARKED, ChangeAction.REJECT: REJECTED}


@click.command(short_help="Decide about an 860 file, offline.")
@click.argument("file", metavar="FILE")
@click.option("--order", "order_file", required=True, metavar="FILE", help="The purchase order as Visma has it now.")
@click.option("--config", "config_file", required=True, metavar="FILE", help="The routing file.")
@click.option("--company", metavar="NAME", help="Whose order it is, for a bare message; the only one if left out.")
@click.option(
    "--had",
    "had_file",
    metavar="FILE",
    help="The order as it was last sent to the partner, like --order; without, --order is taken for it.",
)
@click.option("--approved", is_flag=True, help="As if a person had approved it.")
@reading_option
@click.option(
    "--stream",
    type=click.Choice([stream.value for stream in Stream]),
    help="The stream of the stack; that of the transaction, or test, if left out.",
)
@json_option
def change(
    *,
    file: str,
    order_file: str,
    config_file: str,
    company: str | None,
    had_file: str | None,
    approved: bool,
    reading: str | None,
    stream: str | None,
    as_json: bool,
) -> int:
    """Decide about the 860 in FILE, - for standard input, without any network.

    FILE is a transaction or inbox item as Orderful gives it, a list of one, or the bare message in either dialect; with
    an envelope, sender, receiver and stream are checked as well. Prints the decision, the differences, and the PUT that
    would go to Visma. Exit codes: 0 it applies, 3 it is parked, 4 it is refused, and stderr names the reason codes.
    """
    if [file, order_file, config_file, had_file].count("-") > 1:
        raise WrongInput("Only one of the files can come from standard input.")
    routing = Routing.from_data(read_sound_routing(config_file))
    incoming = _incoming(file)
    raw = read_document(order_file)
    chosen = Stream(stream) if stream else incoming.stream or Stream.TEST
    job = _Job(routing=routing, incoming=incoming, company=company, stream=chosen)
    try:
        ours = _order(raw, order_file)
        base = _order(read_document(had_file), had_file) if had_file else ours
        if base.content.number != ours.content.number:
            raise WrongInput(
                f"{order_file} is order {ours.content.number}, and {had_file} is order {base.content.number}."
            )
        preview = job.decide(ours, base.content, approved=approved, reading=reading_of(reading))
    except Parked as problem:
        preview = _Preview(
            ChangeDecision(
                ChangeAction.PARK,
                problem.sentence,
                codes=(problem.code,),
                next_step=problem.next_step,
                waits_for=problem.waits_for,
            )
        )
    except Rejected as problem:
        preview = _Preview(ChangeDecision(ChangeAction.REJECT, problem.sentence, codes=(problem.code,)))
    except Misconfigured as problem:
        raise WrongInput(f"{config_file}: {problem}") from None
    if as_json:
        click.echo(preview.as_json())
    else:
        tell(preview.as_text(), as_it_is=True)
    code = _CODES[preview.decision.action]
    if code:
        message = f"{_SAID[preview.decision.action]}: {', '.join(preview.decision.codes)}"
        fail((preview.decision.reason or "") if as_json else message, code, as_json=as_json)
    return code


@dataclass(frozen=True, slots=True)
class _Incoming:
    """The 860, and what its envelope says; a bare message has none.

    Attributes:
        file: Where it was read from.
        taken_on: The day on which Orderful took it.
    """

    file: str
    message: Any
    _: KW_ONLY
    sender_id: str | None = None
    receiver_id: str | None = None
    stream: Stream | None = None
    taken_on: date | None = None

    @property
    def is_addressed(self) -> bool:
        """Whether anybody is named as sender or receiver."""
        return self.sender_id is not None or self.receiver_id is not None


@dataclass(frozen=True, slots=True)
class _Preview:
    """The decision, and the request to Visma that follows from it, now or after an approval.

    Attributes:
        approved: What an approval would make of it.
        ours: The order, once it was looked at.
        hold_first: The order would be put on hold for it and released afterwards.
    """

    decision: ChangeDecision
    approved: ChangeDecision | None = None
    ours: OrderSnapshot | None = None
    hold_first: bool = False

    @property
    def is_approvable(self) -> bool:
        """Whether nothing but a person's word is missing, if anything is."""
        return self.approved is not None and self.approved.action is ChangeAction.APPLY

    @property
    def put(self) -> tuple[str, dict[str, str], bytes] | None:
        """Path, headers and body; None when nothing is to be written, or nothing can be."""
        if self.ours is None or self.approved is None or not self.is_approvable or not self.approved.edits:
            return None
        path, headers = order_write(self.ours.content.number, self.ours.etag)
        return f"/{path}", headers, encode(order_update(self.approved.edits))

    def as_json(self) -> str:
        """One JSON object; the body stands in it digit for digit as it would be sent."""
        decision, put = self.decision, self.put
        return _pretty(
            {
                "decision": decision.action,
                "reason": decision.reason,
                "reasons": decision.reasons,
                "reason_codes": decision.codes,
                "next_step": decision.next_step,
                "waits_for": decision.waits_for,
                "differences": comparison_data(decision.differences),
                "lines": lines_data(decision.differences, self.ours.content if self.ours else None),
                "remarks": decision.remarks,
                "unwritten": decision.unwritten,
                "hold_first": put is not None and self.hold_first,
                "put": put and {"path": put[0], "headers": put[1], "body": msgspec.Raw(put[2])},
            }
        )

    def as_text(self) -> str:
        """The same for a person; what is sent to Visma is as it would be sent."""
        said = page().folded("\n\n".join(filter(None, [self._head(), *self._said()])))
        return "\n\n".join([said, *self._request()])

    def _head(self) -> str:
        decision = self.decision
        about = f"Order {self.ours.content.number}: " if self.ours else ""
        lines = {
            "why": decision.reason,
            "codes": with_labels(decision.codes),
            "next step": decision.next_step,
            "waits for": decision.waits_for,
        }
        rows = page().fields((name, value) for name, value in lines.items() if value)
        return "\n".join(filter(None, [f"{about}{_SAID[decision.action]}", rows]))

    def _said(self) -> Sequence[str]:
        decision = self.decision
        remarks = "\n".join(f"  {remark}" for remark in decision.remarks)
        return [
            all_reasons(decision.reasons, decision.reason),
            comparison(decision.differences, self.ours.content if self.ours else None),
            unwritten(decision.unwritten),
            remarks and f"Also told:\n{remarks}",
            self._consequence(),
        ]

    def _request(self) -> Sequence[str]:
        if self.put is None:
            return []
        path, headers, body = self.put
        request = "\n".join([f"PUT {path}", *(f"{name}: {value}" for name, value in headers.items())])
        return [request, _pretty(msgspec.Raw(body))]

    def _consequence(self) -> str:
        if self.ours is None or self.decision.action is ChangeAction.REJECT:
            return ""
        if not self.is_approvable:
            return "As things stand, an approval would write nothing."
        writes = "It writes" if self.decision.action is ChangeAction.APPLY else "An approval would write"
        if self.approved is not None and self.approved.closes:
            return f"{writes} nothing and close{'s' if writes == 'It writes' else ''} the change."
        if self.put is None:
            return f"{writes} nothing{self._why_nothing(writes)}"
        hold_note = ", with the order put on hold before and released afterwards" if self.hold_first else ""
        return f"{writes} this{hold_note}:"

    def _why_nothing(self, writes: str) -> str:
        if self.decision.places:
            takes = "takes" if writes == "It writes" else "take"
            return f", and {takes} the parties that are named as the order's own."
        if self.decision.keeps:
            return ": the message repeats what the partner had, and Visma keeps what it has."
        return ": the order is so already."


@dataclass(frozen=True, slots=True)
class _Job:
    """What the command was asked, in the order in which the functions of a stack go about it."""

    routing: Routing
    incoming: _Incoming
    company: str | None
    stream: Stream

    def decide(
        self, ours: OrderSnapshot, base: PurchaseOrder, *, approved: bool, reading: QuantityReading | None
    ) -> _Preview:
        """Decide about the change.

        Raises:
            Parked, Rejected: before anything was compared.
            WrongInput: the company was named, and is not the one.
            Misconfigured: the routing file is wrong for this partner.
        """
        if self.incoming.stream not in {None, self.stream}:
            raise Rejected(other_stream(self.stream), code=Reason.WRONG_STREAM)
        route = self._route(ours)
        changes, taken_on = route.changes, self.incoming.taken_on
        request = read_change(self.incoming.message, codes=changes.codes, price_bases=changes.price_bases)
        look = partial(decide, request, base=base, ours=ours, route=route, reading=reading, taken_on=taken_on)
        decision = look(approved=approved)
        lifted = decision if decision.action is ChangeAction.APPLY else look(approved=True)
        hold_first = ours.status in route.changes.hold_first and ours.status != "Hold"
        return _Preview(decision, lifted, ours, hold_first)

    def _route(self, ours: OrderSnapshot) -> Route:
        named = named_company(self.routing, self.company)
        kind, supplier = ours.content.kind, ours.content.supplier.number or ""
        if not self.incoming.is_addressed:
            order = f"{kind}/{ours.content.number}"
            company = named or mapping_company(self.routing, kind, supplier, document=order)
            return self.routing.route(company, kind, supplier)
        receiver_id, sender_id = self.incoming.receiver_id or "", self.incoming.sender_id or ""
        receiver = company_of(self.routing, receiver_id=receiver_id, sender_id=sender_id, stream=self.stream)
        if self.company not in {None, receiver.name}:
            raise WrongInput(f"{self.incoming.file} is addressed to company {receiver.name}, not to {self.company}.")
        return route_of(self.routing, receiver.name, ours, sender_id=sender_id, stream=self.stream)


def _incoming(file: str) -> _Incoming:
    """The 860 in a file, in an envelope or without one.

    Raises:
        WrongInput: there is none in it, or not exactly one.
    """
    data = parse_json(read_document(file), file)
    envelope = _envelope(data)
    if envelope is None:
        incoming = _Incoming(file, data)
    elif envelope.message is None:
        raise WrongInput(f"{file} is a transaction without its message, or with a link to it only.")
    elif envelope.document not in {None, CHANGE}:
        raise WrongInput(f"{file}: This is no 860 but {envelope.transaction_type or f'document {envelope.document}'}.")
    else:
        taken_on = envelope.created_at.date() if envelope.created_at is not None else None
        incoming = _Incoming(
            file,
            envelope.message,
            sender_id=envelope.sender_id,
            receiver_id=envelope.receiver_id,
            stream=envelope.stream,
            taken_on=taken_on,
        )
    try:
        # What the partner's codes mean does not matter yet: is it an 860 at all?
        read_change(incoming.message)
    except NotAChange as problem:
        raise WrongInput(f"{file}: {problem}") from None
    return incoming


def _envelope(data: Any) -> InboundTransaction | None:
    """What is around the message; None around a bare one."""
    if not isinstance(data, dict) or "message" not in data:
        return None
    # A sample may have lost its id; nothing here depends on it.
    return read_inbound(data, trusted=True) or read_inbound({**data, "id": 1}, trusted=True)


def _order(raw: bytes, file: str) -> OrderSnapshot:
    """A purchase order with the version that `If-Match` would name (Visma: `timeStamp` is the ETag without quotes).

    Raises:
        WrongInput: it is none.
        Parked: it lacks something indispensable.
    """
    try:
        stamp = decode(raw).get("timeStamp")
        return read_order_snapshot(raw, company="", etag=f'"{stamp}"' if stamp else "")
    except NotADocument as problem:
        raise WrongInput(f"{file}: {problem}") from None


def _pretty(data: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
