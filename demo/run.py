"""`make demo`: from nothing to a table that says where every document ended, with a check that can fail.

Only the public ways are used: documents change in the sandbox Visma, the deployed functions do the rest, routing is
applied with the `connector` command, and the outcome is read from the ledger and from what Orderful holds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.domain.documents import DocumentKey
from connector.domain.order_change.record import Change, ChangeState
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from demo import changes, scenario
from demo.changes import ChangeRequest
from demo.report import ChangeCheck, DocumentCheck, print_report
from demo.scenario import Edit, Expected
from testkit.laptop import stack as laptop

ROUTING = Path(__file__).with_name("routing.yaml")
TIMEOUT = timedelta(minutes=15)
_MOVING = {State.TRANSLATED, State.SENDING, State.UNCONFIRMED, State.CHANGING}
_CHANGING = (ChangeState.RECEIVED, ChangeState.APPLYING)
_QUEUES = ("DocumentsQueueUrl", "DeliveriesQueueUrl", "ChangesQueueUrl", "HintsQueueUrl")
_SENT = {State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED}
_PURPOSES = {"00": "original", "05": "replace", "01": "cancellation"}


class DemoFailed(Exception):
    """The demo did not show what it promises."""


@dataclass(slots=True)
class Progress:
    """Lines with the time since the start."""

    console: Console
    started: float

    def __call__(self, text: str) -> None:
        """Print a step."""
        self.console.print(f"[dim]{time.monotonic() - self.started:6.1f} s[/dim]  {text}", highlight=False)


class Demo:
    """The demo on a running laptop stack."""

    def __init__(self, stack: laptop.Stack, progress: Progress) -> None:
        """Prepare the clients."""
        self.stack = stack
        self.progress = progress
        outputs = stack.outputs
        payloads = S3Payloads(outputs["PayloadsBucket"], stack.client("s3"))
        self.ledger = DynamoLedger(outputs["DocumentsTable"], payloads, stack.client("dynamodb"))
        self.changes = DynamoChanges(outputs["DocumentsTable"], payloads, stack.client("dynamodb"))
        self.documents = scenario.morning()
        self.requests: dict[str, ChangeRequest] = {}

    def play(self) -> tuple[list[DocumentCheck], list[ChangeCheck]]:
        """Play the whole scenario and judge it."""
        self.play_documents()
        changed = self.play_partners()
        return self.checks(), changed

    def play_day(self) -> None:
        """Play the whole scenario, and what leaves documents in the states that are left.

        Raises:
            DemoFailed: something did not end as promised.
        """
        documents, changed = self.play()
        wrong = [f"{one.key}: {one.wrong}" for one in documents if one.wrong]
        wrong += [f"{one.name}: {one.wrong}" for one in changed if one.wrong]
        if wrong:
            raise DemoFailed("\n".join(wrong))
        self.play_evening()

    def play_evening(self) -> None:
        """Somebody touches an order from before go-live, and the operator closes one that a colleague sent by mail."""
        self.progress("an order from before go-live is touched in Visma; the operator closes a parked one")
        self._put(scenario.before_go_live())
        closed = f"fjordmat-no/purchase_order/{scenario.CLOSED}"
        reason = "sent by mail; the supplier has it"
        self.connector("documents", "close", closed, "--by", "demo", "--reason", reason, "--yes")
        self._until_quiescent(expected=len(self.documents) + 1)

    def play_documents(self) -> list[DocumentCheck]:
        """The way out, and what became of it."""
        self.prepare()
        self._morning()
        self._midday()
        self._operator()
        return self.checks()

    def play_partners(self) -> list[ChangeCheck]:
        """The way back, and what became of it."""
        self._partners()
        return self.change_checks()

    def prepare(self) -> None:
        """Companies, partners, routing and the first poll: the stack as it is before the first document."""
        self._prepare_stack()
        self.progress("applying the routing: connector config apply")
        self._apply(yaml.safe_load(ROUTING.read_text(encoding="utf-8")))
        self.progress("first poll: the lists are empty, the cursors are set")
        self._poll()

    # -- the acts -----------------------------------------------------------------------------------------------------

    def _prepare_stack(self) -> None:
        """Companies and applications at Visma; accounts, partners and relationships at Orderful."""
        routing = yaml.safe_load(ROUTING.read_text(encoding="utf-8"))
        self.stack.visma.control(
            "PUT", "clients", {laptop.VISMA_CLIENT["client_id"]: laptop.VISMA_CLIENT["client_secret"]}
        )
        self.stack.visma.control(
            "PUT",
            "companies",
            [
                {
                    "company_id": scenario.COMPANY_IDS[name],
                    "tenant_id": scenario.TENANT_IDS[name],
                    "name": company["name"],
                }
                for name, company in routing["companies"].items()
            ],
        )
        for company in routing["companies"].values():
            self.stack.orderful.control("POST", "accounts", {**company["orderful"]["isa_id"], "name": company["name"]})
        for name, partner in [*routing["partners"].items(), ("late", scenario.LATE_PARTNER)]:
            isa_id = partner["orderful"]["isa_id"]
            without = isa_id["test"] == scenario.WITHOUT_RELATIONSHIP
            self.stack.orderful.control(
                "POST", "partners", {**isa_id, "name": name, **({"outgoing": []} if without else {})}
            )

    def _morning(self) -> None:
        self.progress(f"{len(self.documents)} documents change in Visma; on the way: a 429 and a 502 from Visma,")
        self.progress("  a 429 from Orderful, and an answer of Orderful that is lost after the work was done")
        self.progress(
            "  in the counts below, PARKED and REJECTED wait for a person, SKIPPED is not to be sent; the others"
        )
        self.progress("  are on their way from TRANSLATED (a request is made) to ACKNOWLEDGED (docs/states.md has all)")
        for document in self.documents:
            self._put(document)
        visma, orderful = self.stack.visma, self.stack.orderful
        lists = {"method": "GET", "path_prefix": "/v1/"}
        visma.control("POST", "faults", {"fault": "http_429", "match": {**lists, "nth": 2}, "retry_after": 1})
        visma.control("POST", "faults", {"fault": "http_502_html", "match": {**lists, "nth": 5}})
        orderful.control(
            "POST", "faults", {"fault": "http_429", "match": {"method": "POST", "nth": 3}, "retry_after": 1}
        )
        orderful.control("POST", "faults", {"fault": "lost_response", "match": {"method": "POST", "nth": 9}})
        self._until_quiescent(expected=len(self.documents))

    def _midday(self) -> None:
        edits = scenario.edits(self.documents)
        self.progress(f"{len(edits)} documents are edited in Visma; all access tokens are revoked meanwhile")
        self.stack.visma.control("POST", "tokens/revoke")
        by_key = {document.key: document for document in self.documents}
        for edit in edits:
            self._edit(by_key[edit.key], edit)
        self._until_quiescent(expected=len(self.documents))

    def _operator(self) -> None:
        self.progress("the operator adds the missing partner: connector config apply")
        scenario.routing_added(self.documents)
        routing = yaml.safe_load(ROUTING.read_text(encoding="utf-8"))
        routing["partners"]["nyleverandor"] = scenario.LATE_PARTNER
        self._apply(routing)
        self._until_quiescent(expected=len(self.documents))

    def _partners(self) -> None:
        """Changes come in, by every way, while somebody else works on one of the orders."""
        requests = changes.requests(self.documents)
        self.progress(f"{len(requests)} changes (860) and an acknowledgment (855) come from partners; on the way:")
        self.progress("  a user edits one of the orders at the same moment, one callback comes twice, two are forged")
        edited = next(request for request in requests if "while a user" in request.name).order
        put = {"method": "PUT", "path_prefix": f"/v1/purchaseorder/{edited}"}
        self.stack.visma.control("POST", "faults", {"fault": "delay", "match": put, "seconds": 3})
        for request in [*requests, changes.acknowledgment(self.documents)]:
            receiver = {"receiver": changes.OURS, "stream": "TEST", "channels": list(request.channels)}
            given = {"sender": request.sender, "message": request.message, **receiver, **request.types}
            created = self.stack.orderful.control("POST", "inbound", given)
            self.requests[created["id"]] = request
            if "webhook" in request.channels:
                again = {"transactionId": int(created["id"]), "delivery": {"deliveryId": created["deliveryId"]}}
                self.callback(again, secret=True)
        forged = changes.forged(self.documents)
        answers = [self.callback(forged, secret=False), self.callback(forged, secret=True)]
        if answers != [401, 202]:
            raise DemoFailed(f"The forged callbacks were answered {answers}, promised was [401, 202].")
        self._while_it_is_read(edited)
        self._until_quiescent(expected=len(self.documents))

    def _while_it_is_read(self, order: str) -> None:
        """Edit an order between the connector's reading and its writing (the PUT is held up meanwhile)."""
        path = f"/v1/purchaseorder/{order}"
        deadline = time.monotonic() + TIMEOUT.total_seconds()
        again = 0.0
        while not self.stack.visma.control("GET", f"requests?method=GET&path_prefix={path}")["requests"]:
            if time.monotonic() > deadline:
                raise DemoFailed(f"Order {order} was never read for its change.")
            if time.monotonic() > again:
                self._invoke("PollOrderfulFunction")  # it does nothing while its schedule runs it
                again = time.monotonic() + 2
            time.sleep(0.05)
        by_key = {document.key: document for document in self.documents}
        edited = by_key[f"{changes.COMPANY}/purchase_order/{order}"]
        self._edit(edited, Edit(edited.key, {"emailed": True}))

    def callback(self, body: dict[str, Any], *, secret: bool) -> int:
        """Call the stack as Orderful would, or as somebody who does not know the secret; the status of the answer."""
        given = {laptop.CALLBACK_SECRET["header"]: laptop.CALLBACK_SECRET["secrets"][0]} if secret else {}
        request = urllib.request.Request(  # noqa: S310 - our own http URL
            self.stack.callback_url,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **given},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310 - our own http URL
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def _put(self, document: Expected) -> None:
        """Put a document into the sandbox Visma."""
        stored = {"company": scenario.COMPANY_IDS[document.company], "document": document.document}
        self.stack.visma.control("POST", "documents", {"kind": document.resource, **stored})

    def _edit(self, document: Expected, edit: Edit) -> None:
        self.stack.visma.control(
            "PATCH",
            "documents",
            {
                "kind": document.resource,
                "company": scenario.COMPANY_IDS[document.company],
                "number": document.business_number,
                "changes": edit.changes,
            },
        )

    # -- steps --------------------------------------------------------------------------------------------------------

    def _apply(self, routing: dict[str, Any]) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
            yaml.safe_dump(routing, file, allow_unicode=True)
            file.flush()
            self.connector("config", "apply", file.name, "--by", "demo", "--yes", "--release", "all")

    def connector(self, *arguments: str) -> str:
        """Run the `connector` command against the stack.

        Raises:
            DemoFailed: it exited non-zero.
        """
        ended = subprocess.run(
            [sys.executable, "-m", "connector.cli.main", *arguments],
            env={**os.environ, **self.stack.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise DemoFailed(f"connector {' '.join(arguments)} failed: {ended.stderr.strip() or ended.stdout.strip()}")
        return ended.stdout

    def _poll(self) -> dict[str, Any]:
        return self._invoke("PollVismaFunction")

    def _invoke(self, function: str) -> dict[str, Any]:
        """Run a scheduled function now, besides its schedule: two at once are safe, and the demo is shorter."""
        answer = self.stack.client("lambda").invoke(FunctionName=self.stack.outputs[function], Payload=b"{}")
        payload: dict[str, Any] = json.loads(answer["Payload"].read() or b"{}")
        if answer.get("FunctionError"):
            raise DemoFailed(f"{function} failed: {payload.get('errorMessage', payload)}")
        return payload

    def _until_quiescent(self, *, expected: int) -> None:
        """Poll until nothing changes in Visma, the queues are empty and no revision is on its way."""
        deadline = time.monotonic() + TIMEOUT.total_seconds()
        shown = ""
        while time.monotonic() < deadline:
            # A poll beside full queues finds nothing new and takes their time.
            poll = None if self._queued() else self._poll()
            if self.requests:
                self._invoke("PollOrderfulFunction")
            newest = self.newest()
            waiting = self._queued()
            quiet = poll is not None and not poll.get("queued") and not poll.get("problems") and waiting == 0
            moving = sum(1 for revision in newest.values() if revision.state in _MOVING)
            moving += sum(1 for state in _CHANGING for _ in self.changes.in_state(state))
            if quiet and not moving and len(newest) >= expected:
                self._invoke("TrackTransactionsFunction")
                self.progress(f"  nothing is on its way any more: {_tally(self.newest().values())}")
                return
            line = f"  {_tally(newest.values())}; {waiting} on the queues"
            if line != shown:
                self.progress(line)
                shown = line
            time.sleep(0.5)
        raise DemoFailed(f"Documents are still on their way after {TIMEOUT.total_seconds():.0f} s: {shown.strip()}")

    def _queued(self) -> int:
        sqs = self.stack.client("sqs")
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        total = 0
        for output in _QUEUES:
            answer = sqs.get_queue_attributes(QueueUrl=self.stack.outputs[output], AttributeNames=names)
            total += sum(int(answer["Attributes"][name]) for name in names)
        return total

    # -- judging ------------------------------------------------------------------------------------------------------

    def newest(self) -> dict[str, Revision]:
        """The newest revision of each document in the ledger."""
        found: dict[str, Revision] = {}
        for state in State:
            for revision in self.ledger.in_state(state):
                before = found.get(str(revision.key))
                if before is None or before.sequence < revision.sequence:
                    found[str(revision.key)] = revision
        return found

    def checks(self) -> list[DocumentCheck]:
        """Compare the ledger and Orderful with what the scenario promised."""
        at_orderful = self.at_orderful()
        checks = []
        for document in self.documents:
            revisions = self.ledger.revisions(DocumentKey.parse(document.key), limit=50)
            transactions = at_orderful.pop((self._sender(document), document.business_number, _type_of(document)), [])
            checks.append(_check_document(document, revisions, transactions))
        checks += [
            DocumentCheck(
                f"{sender}: {number}", "", "", "", [t["id"] for t in stray], "nobody asked for it", "unexpected"
            )
            for (sender, number, _), stray in at_orderful.items()
        ]
        return checks

    def change_checks(self) -> list[ChangeCheck]:
        """Compare what became of the changes with what the scenario promised."""
        deliveries = {one["transactionId"]: one for one in self.stack.orderful.control("GET", "deliveries")}
        written = Counter(
            row["path"].rsplit("/", 1)[-1]
            for row in self.stack.visma.control("GET", "requests?method=PUT")["requests"]
            if row["status"] == 204
        )
        checks = []
        for transaction_id, request in self.requests.items():
            key = self.changes.known(transaction_id)
            change = self.changes.get(key, transaction_id) if key else None
            checks.append(
                _check_change(request, change, self._order(request.order), written, deliveries[transaction_id])
            )
        if self.changes.known(changes.FORGED_ID) is not None:
            checks.append(ChangeCheck("forged callback", "", "recorded", "", "a forged callback was believed"))
        return checks

    def _order(self, number: str) -> dict[str, Any]:
        """An order as it stands in Visma now."""
        query = f"documents?kind=purchaseorder&company={scenario.COMPANY_IDS[changes.COMPANY]}"
        found = [one for one in self.stack.visma.control("GET", query) if one["orderNbr"] == number]
        return dict(found[0])

    def at_orderful(self) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
        """What Orderful holds, by sender, number and type, oldest first."""
        by_document: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
        for transaction in self.stack.orderful.control("GET", "transactions"):
            sender = transaction["sender"]["isaId"]
            by_document[(sender, transaction["businessNumber"], transaction["type"]["name"])].append(transaction)
        return dict(by_document)

    def _sender(self, document: Expected) -> str:
        routing = yaml.safe_load(ROUTING.read_text(encoding="utf-8"))
        return str(Routing.from_data(routing).companies[document.company].isa_id.test)


def _type_of(document: Expected) -> str:
    return "850_PURCHASE_ORDER" if document.kind == "purchase_order" else "810_INVOICE"


def _check_document(
    document: Expected, revisions: Sequence[Revision], transactions: Sequence[dict[str, Any]]
) -> DocumentCheck:
    purposes = [purpose_of(transaction["request"]) for transaction in transactions]
    newest = revisions[0] if revisions else None
    state = newest.state.value if newest else "nowhere"
    ended = document.ends if document.ends != "SENT" else "sent"
    as_promised = newest is not None and (
        newest.state in _SENT if document.ends == "SENT" else newest.state.value == document.ends
    )
    wrong = None
    if purposes != document.sent:
        wrong = f"Orderful holds {purposes or 'nothing'}, promised was {document.sent or 'nothing'}"
    elif not as_promised:
        wrong = f"ended {state}, promised was {ended}"
    why = document.why
    if newest is not None and newest.reason and newest.state not in _SENT:
        why = newest.reason
    return DocumentCheck(
        key=document.key,
        partner=next((revision.partner for revision in revisions if revision.partner), None) or "",
        dialect=next((str(revision.dialect) for revision in revisions if revision.dialect), ""),
        state=state,
        transactions=[transaction["id"] for transaction in transactions],
        why=why,
        wrong=wrong,
    )


def _check_change(
    request: ChangeRequest,
    change: Change | None,
    order: dict[str, Any],
    written: Counter[str],
    delivery: dict[str, Any],
) -> ChangeCheck:
    state = change.state.value if change else "nowhere"
    ours = {line["lineNbr"]: float(line["orderQty"]) for line in order["lines"]}
    theirs = {number: quantity for number, quantity in request.quantities.items() if ours.get(number) != quantity}
    wrong = None
    if state != request.ends:
        wrong = f"ended {state}, promised was {request.ends}"
    elif written[request.order] != request.writes:
        wrong = f"the order was written {written[request.order]} times, promised was {request.writes}"
    elif theirs:
        wrong = f"lines are {ours}, promised was {request.quantities}"
    elif (delivery["status"], delivery["confirmed"]) != ("DELIVERED", 1):
        wrong = f"the delivery is {delivery['status']}, confirmed {delivery['confirmed']} times"
    said = (
        "; ".join(f"{one.where}: {one.field} {one.base or '-'} -> {one.theirs}" for one in change.differences)
        if change
        else ""
    )
    return ChangeCheck(request.name, request.order, state, (change and change.reason) or said, wrong)


def purpose_of(request: dict[str, Any]) -> str:
    """Original, replacement or cancellation, from the request that Orderful was sent."""
    message = request["message"]
    if "transactionSets" not in message:
        return str(message.get("purpose", "original"))
    first = message["transactionSets"][0]
    beginning = first.get("beginningSegmentForPurchaseOrder") or first.get("beginningSegmentForInvoice")
    return _PURPOSES.get(beginning[0].get("transactionSetPurposeCode", "00"), "other")


def _tally(revisions: Any) -> str:
    counts = Counter(revision.state.value for revision in revisions)
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "nothing captured yet"


def main(start: Callable[..., Any] = laptop.running) -> int:
    """Run the demo; 0 only if every document arrived exactly as promised."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))  # so that the stack is stopped on the way out
    console = Console(width=160 if not sys.stdout.isatty() else None)
    progress = Progress(console, time.monotonic())
    if laptop.find() is not None:
        console.print("The laptop stack of `make up` is running in this directory; stop it first with `make down`.")
        return 2
    try:
        with start(progress) as stack:
            demo = Demo(stack, progress)
            checks, changed = demo.play()
            passed = print_report(console, checks, changed, stack)
    except (DemoFailed, laptop.StackFailed) as error:
        console.print(f"[red]{error}[/red]")
        return 1
    progress("every process of the demo has ended; `make up` starts the same stack and leaves it running")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
