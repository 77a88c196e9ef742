"""Reading one purchase order and writing into it over a real socket: above all, when a write may be repeated."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import boto3
import pytest

from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.aws.token_store import DynamoTokenStore
from connector.adapters.clock import SystemClock
from connector.adapters.http import USER_AGENT
from connector.adapters.visma.client import VismaClient
from connector.adapters.visma.tokens import VismaTokens
from connector.domain.errors import (
    Conflict,
    Misconfigured,
    Parked,
    Rejected,
    Throttled,
    Transient,
    UnknownOutcome,
)
from connector.domain.order_change.edits import Edits, LineEdit, Operation
from connector.edi.visma.order_snapshot import read_order_snapshot
from connector.edi.visma.order_update import encode, hold_update, order_update
from connector.services.ports import Resource
from testkit.sandboxes import CLIENT_ID, CLIENT_SECRET, Recipe, running_visma
from testkit.scripted_server import (
    Deadline,
    answer,
    html,
    reset,
    reset_after_headers,
    silence,
    truncated,
)

ETAG = '"AAAAAE0YIiI="'
BODY = b'{"lines":[{"operation":"Update","lineNumber":{"value":1},"orderQty":{"value":24.10}}]}'
ODD = ["A/1", "PO 7", "æ-9", "1?x=2", "..", "b64(x)", "%2e%2e", "a" * 61, "x;y,z", "7#"]


@pytest.fixture
def visma(company, tokens, server, http):
    return VismaClient(company, tokens, server.url, http=http, deadline=Deadline())


@pytest.fixture
def sandbox(aws, tokens_table):
    with running_visma() as one:
        one.generate("purchaseorder", Recipe(count=2))
        yield one


@pytest.fixture
def a_client(sandbox, company, http):
    """Makes clients of the sandbox Visma, each with a memory of its own; they share tokens through the table."""
    pair = json.dumps({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
    boto3.client("secretsmanager").create_secret(Name="visma", SecretString=pair)
    secrets = SecretsManagerSecrets(SystemClock(), visma="visma")
    ours = next(iter(sandbox.companies.values()))
    tenant = replace(company.visma, company_id=ours.company_id, tenant_id=ours.tenant_id)

    def make() -> VismaClient:
        tokens = VismaTokens(
            DynamoTokenStore("tokens"), secrets, f"{sandbox.url}/connect/token", clock=SystemClock(), http=http
        )
        return VismaClient(replace(company, visma=tenant), tokens, sandbox.url, http=http, deadline=Deadline())

    return make


@pytest.fixture
def real(a_client):
    return a_client()


@pytest.fixture
def another(a_client):
    return a_client()


def put(visma, etag=ETAG, body=BODY, number="500001") -> str:
    return visma.put_order(number, etag=etag, body=body)


def quantity(sandbox, line=1):
    return sandbox.document("purchaseorder", "500001")["lines"][line - 1]["orderQty"]


def puts(sandbox):
    return [one.status for one in sandbox.requests("PUT")]


class TestReading:
    def test_an_order_comes_with_its_exact_bytes_and_its_version_as_it_came(self, visma, server):
        raw = '{"orderNbr":"500001",  "orderTotal": 800.10, "note":"æ"}'.encode()
        for etag in (ETAG, f"W/{ETAG}", "unquoted"):
            server.play(answer(body=raw, headers={"ETag": etag}))
            found = visma.get_order("500001")
            assert (found.etag, found.raw) == (etag, raw)

    def test_it_is_asked_for_with_the_headers_of_every_request(self, visma, server):
        server.play(answer(body="{}", headers={"ETag": ETAG}))
        visma.get_order("500001")
        (seen,) = server.seen
        assert (seen.method, seen.target) == ("GET", "/v1/purchaseorder/500001")
        assert seen.headers == {
            "Host": server.url.removeprefix("http://"),
            "User-Agent": USER_AGENT,
            "Accept-Encoding": seen.headers["Accept-Encoding"],
            "Accept": "application/json",
            "Connection": "keep-alive",
            "Authorization": "Bearer token-1",
            "ipp-company-id": "1234567",
        }

    def test_the_sandbox_s_order_is_one_that_can_be_read(self, sandbox, real):
        found = real.get_order("500001")
        document = sandbox.document("purchaseorder", "500001")
        assert found.etag == f'"{document["timeStamp"]}"'
        assert json.loads(found.raw)["orderNbr"] == "500001"
        has = read_order_snapshot(found.raw, company="nordic", etag=found.etag)
        assert [line.quantity for line in has.content.lines] == [
            Decimal(str(line["orderQty"])) for line in document["lines"]
        ]

    @pytest.mark.parametrize(
        ("wanted", "target"),
        [
            ((Resource.PURCHASE_ORDERS, "500001"), "/v1/purchaseorder/500001"),
            ((Resource.CUSTOMER_CREDIT_NOTES, "9"), "/v1/customerCreditNote/9"),
            ((Resource.SUPPLIER_INVOICES, "a/b", "DebitAdj"), "/v1/supplierInvoice/DebitAdj/b64(YS9i)"),
        ],
    )
    def test_any_document_is_looked_up_by_its_number(self, visma, server, wanted, target):
        server.play(answer(body='{"total": 800.10}'), answer(404), answer(400, json_body={"message": "no"}))
        assert visma.find_document(*wanted) == {"total": Decimal("800.10")}
        assert visma.find_document(*wanted) is None
        with pytest.raises(Rejected):
            visma.find_document(*wanted)
        assert {one.target for one in server.seen} == {target}

    def test_one_that_does_not_exist_is_none(self, sandbox, real):
        assert real.get_order("1") is None
        assert [one.status for one in sandbox.requests("GET")] == [404]

    @pytest.mark.parametrize("step", [answer(404), answer(404, json_body={"message": "not found"})])
    def test_visma_s_own_404_is_none_with_and_without_a_message(self, visma, server, step):
        server.play(step)
        assert visma.get_order("1") is None
        assert len(server.seen) == 1

    @pytest.mark.parametrize(
        "step", [html(404), answer(404, json_body={"statusCode": 404, "message": "Resource not found"})]
    )
    def test_a_404_of_the_gateway_is_about_the_path_not_the_order(self, visma, server, step):
        """A partner's change must not be refused because the base URL is wrong."""
        server.play(step)
        with pytest.raises(Misconfigured, match="base URL"):
            visma.get_order("500001")

    @pytest.mark.parametrize("status", [400, 409, 410, 422])
    def test_a_refusal_to_show_it_is_a_matter_for_a_person(self, visma, server, status):
        server.play(answer(status, json_body={"message": "The order is locked."}, headers={"Ipp-Request-Id": "r-1"}))
        with pytest.raises(Parked, match=r"The order is locked\.") as caught:
            visma.get_order("500001")
        assert (caught.value.request_id, len(server.seen)) == ("r-1", 1)

    @pytest.mark.parametrize("headers", [{}, {"ETag": ""}, {"ETag": "  "}])
    def test_without_a_version_it_is_of_no_use(self, visma, server, headers):
        server.play(answer(body='{"orderNbr":"500001"}', headers=headers))
        with pytest.raises(Transient, match="without an ETag"):
            visma.get_order("500001")

    @pytest.mark.parametrize("headers", [{}, {"ETag": ""}, {"ETag": "  "}])
    def test_the_time_stamp_in_the_body_serves_when_the_header_is_missing(self, visma, server, headers):
        """Visma: it is the ETag without its quotes."""
        server.play(answer(json_body={"orderNbr": "500001", "timeStamp": ETAG.strip('"')}, headers=headers))
        assert visma.get_order("500001").etag == ETAG

    @pytest.mark.parametrize("number", ODD)
    def test_an_odd_number_goes_encoded_and_stays_one_part_of_the_address(self, visma, server, number):
        server.play(answer(body="{}", headers={"ETag": ETAG}))
        visma.get_order(number)
        path = server.seen[0].target
        assert path.startswith("/v1/purchaseorder/b64(")
        coded = path.removeprefix("/v1/purchaseorder/b64(").removesuffix(")")
        assert base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode() == number

    @pytest.mark.parametrize("number", ["A/1", "PO 7 æ", "b64(x)"])
    def test_the_sandbox_finds_it_by_that(self, sandbox, real, number):
        sandbox.put_document("purchaseorder", {**sandbox.document("purchaseorder", "500001"), "orderNbr": number})
        found = real.get_order(number)
        assert json.loads(found.raw)["orderNbr"] == number
        real.put_order(number, etag=found.etag, body=BODY)
        assert sandbox.document("purchaseorder", number)["lines"][0]["orderQty"] == 24.1

    @pytest.mark.parametrize(
        "step",
        [html(502), answer(503), reset(), reset_after_headers(), truncated()],
        ids=["502", "503", "reset", "cut", "short"],
    )
    def test_a_failed_call_is_transient_after_three_attempts(self, visma, server, step):
        server.play(step)
        with pytest.raises(Transient):
            visma.get_order("500001")
        assert len(server.seen) == 3

    def test_a_missing_licence_is_a_misconfiguration(self, visma, server):
        body = {"ExceptionMessage": "No license for this company.", "ExceptionFaultCode": "12027"}
        for status in (400, 404, 500):
            server.play(answer(status, json_body=body))
            with pytest.raises(Misconfigured, match="No license"):
                visma.get_order("500001")


class TestWriting:
    def test_the_write_carries_the_version_and_the_body_to_the_byte(self, visma, server):
        server.play(answer(204, headers={"ETag": '"AAAAAE0YIiM="'}))
        for etag in (ETAG, f"W/{ETAG}"):
            assert put(visma, etag=etag) == '"AAAAAE0YIiM="'
        for seen, etag in zip(server.seen, (ETAG, f"W/{ETAG}"), strict=True):
            assert (seen.method, seen.target, seen.body) == ("PUT", "/v1/purchaseorder/500001", BODY)
            assert seen.headers == {
                "Host": server.url.removeprefix("http://"),
                "User-Agent": USER_AGENT,
                "Accept-Encoding": seen.headers["Accept-Encoding"],
                "Accept": "application/json",
                "Connection": "keep-alive",
                "Content-Type": "application/json",
                "Content-Length": str(len(BODY)),
                "If-Match": etag,
                "Authorization": "Bearer token-1",
                "ipp-company-id": "1234567",
            }

    @pytest.mark.parametrize("etag", ["", " ", "\t"])
    def test_without_a_version_nothing_is_written(self, visma, server, etag):
        server.play(answer(204))
        with pytest.raises(ValueError, match="needs the ETag"):
            put(visma, etag=etag)
        assert server.seen == []

    def test_an_order_is_read_changed_and_has_a_new_version(self, sandbox, real):
        edits = Edits(
            lines=(
                LineEdit(operation=Operation.UPDATE, number=1, quantity=Decimal("24.10"), promised=date(2026, 10, 1)),
                LineEdit(operation=Operation.DELETE, number=2),
            )
        )
        before = real.get_order("500001")
        etag = real.put_order("500001", etag=before.etag, body=encode(order_update(edits)))
        after = real.get_order("500001")
        assert etag == after.etag != before.etag
        lines = json.loads(after.raw)["lines"]
        assert [(line["lineNbr"], line["orderQty"]) for line in lines][:1] == [(1, 24.1)]
        assert [line["lineNbr"] for line in lines] == [1, 3]
        assert lines[0]["promised"] == "2026-10-01T00:00:00"

    def test_the_version_of_one_write_serves_the_next(self, sandbox, real):
        etag = real.get_order("500001").etag
        for body in (encode(hold_update(hold=True)), BODY, encode(hold_update(hold=False))):
            etag = real.put_order("500001", etag=etag, body=body)
        assert (puts(sandbox), quantity(sandbox)) == ([204, 204, 204], 24.1)

    def test_an_answer_without_a_version_is_no_error(self, visma, server):
        server.play(answer(204))
        assert put(visma) == ""

    def test_every_request_names_the_company(self, sandbox, real):
        put(real, etag=real.get_order("500001").etag)
        asked = sandbox.requests(path_prefix="/v1/")
        assert [(one.method, one.company_id) for one in asked] == [("GET", "1234567"), ("PUT", "1234567")]


class TestARefusedWrite:
    def test_somebody_else_s_edit_in_between_is_a_conflict_and_nothing_is_written(self, sandbox, real):
        before = real.get_order("500001")
        sandbox.edit_document("purchaseorder", "500001", {"description": "edited"})
        had = quantity(sandbox)
        with pytest.raises(Conflict, match="older version"):
            put(real, etag=before.etag)
        assert (puts(sandbox), quantity(sandbox)) == ([412], had)

    def test_what_visma_refuses_is_rejected_in_its_own_words(self, sandbox, real):
        sandbox.edit_document("purchaseorder", "500001", {"status": "Closed"})
        with pytest.raises(Rejected, match="its status is Closed") as caught:
            put(real, etag=real.get_order("500001").etag)
        assert caught.value.request_id.startswith("sandbox-")
        assert puts(sandbox) == [400]

    @pytest.mark.parametrize("status", [400, 404, 409, 410, 422])
    def test_a_definite_no_is_rejected_after_one_request(self, visma, server, status):
        server.play(answer(status, json_body={"Message": "No line 7."}, headers={"Ipp-Request-Id": "r-1"}))
        with pytest.raises(Rejected, match=r"No line 7\.") as caught:
            put(visma)
        assert (caught.value.request_id, caught.value.problems) == ("r-1", ("No line 7.",))
        assert len(server.seen) == 1

    @pytest.mark.parametrize(
        ("status", "message"),
        [
            (400, "Another process has updated the 'POOrder' record. Your changes will be lost."),
            (409, "Another process has updated the 'POOrder' record. Your changes will be lost."),
            (400, "Another process has added the 'POLine' record. Please try again."),
            (409, "Another process has deleted the 'POLine' record. Your changes will be lost."),
            (
                400,
                "Cannot update the record. The record POLine has been marked as deleted. Your changes will be lost.",
            ),
        ],
    )
    @pytest.mark.parametrize("field", ["message", "ExceptionMessage"])
    def test_a_lock_collision_is_a_conflict_whatever_its_status(self, visma, server, status, message, field):
        server.play(answer(status, json_body={field: message}, headers={"Ipp-Request-Id": "r-1"}))
        with pytest.raises(Conflict) as caught:
            put(visma)
        assert (message in str(caught.value), caught.value.request_id, len(server.seen)) == (True, "r-1", 1)

    def test_a_409_without_a_message_is_a_conflict_and_a_400_is_none(self, visma, server):
        server.play(answer(409))
        with pytest.raises(Conflict):
            put(visma)
        server.play(answer(400))
        with pytest.raises(Rejected):
            put(visma)

    @pytest.mark.parametrize(
        "step", [html(404), answer(404, json_body={"statusCode": 404, "message": "Resource not found"})]
    )
    def test_a_404_of_the_gateway_is_a_misconfiguration_here_too(self, visma, server, step):
        server.play(step)
        with pytest.raises(Misconfigured, match="base URL"):
            put(visma)

    def test_an_order_that_is_gone_is_rejected(self, sandbox, real):
        etag = real.get_order("500001").etag
        sandbox.remove_document("purchaseorder", "500001")
        with pytest.raises(Rejected):
            put(real, etag=etag)

    @pytest.mark.parametrize("status", [400, 500])
    def test_a_missing_licence_is_a_misconfiguration_whatever_its_status(self, visma, server, status):
        body = {"ExceptionMessage": "No license for this company.", "ExceptionFaultCode": "12027"}
        server.play(answer(status, json_body=body))
        with pytest.raises(Misconfigured, match="No license"):
            put(visma)
        assert len(server.seen) == 1

    def test_a_refused_token_is_replaced_and_the_write_repeated(self, sandbox, real):
        etag = real.get_order("500001").etag
        sandbox.revoke_tokens()
        assert put(real, etag=etag) == f'"{sandbox.document("purchaseorder", "500001")["timeStamp"]}"'
        assert (puts(sandbox), quantity(sandbox)) == ([401, 204], 24.1)

    def test_a_token_that_was_shared_meanwhile_and_taken_back_as_well_is_replaced_too(self, sandbox, real, another):
        etag = real.get_order("500001").etag
        sandbox.revoke_tokens()
        another.get_order("500001")  # puts its new token into the table
        sandbox.revoke_tokens()
        put(real, etag=etag)
        assert (puts(sandbox), quantity(sandbox)) == ([401, 401, 204], 24.1)

    def test_the_repeated_write_is_the_same_write(self, visma, server, tokens):
        server.play(answer(401), answer(204, headers={"ETag": ETAG}))
        put(visma)
        first, second = server.seen
        assert (first.body, first.headers["If-Match"]) == (second.body, second.headers["If-Match"]) == (BODY, ETAG)
        assert [seen.headers["Authorization"] for seen in server.seen] == ["Bearer token-1", "Bearer token-2"]
        assert [seen.headers["ipp-company-id"] for seen in server.seen] == ["1234567", "1234567"]
        assert tokens.dropped == ["token-1"]

    def test_refusals_of_every_token_are_a_misconfiguration_that_names_the_tenant(self, visma, server, tokens):
        server.play(answer(401))
        with pytest.raises(Misconfigured, match="company tenant id, not the customer tenant") as caught:
            put(visma)
        assert (len(server.seen), tokens.dropped) == (3, ["token-1", "token-2", "token-3"])
        assert "token-" not in str(caught.value) + repr(caught.value)

    def test_a_missing_scope_is_a_misconfiguration(self, visma, server, tokens):
        server.play(answer(403, json_body={"message": "scope"}))
        with pytest.raises(Misconfigured, match="App Store"):
            put(visma)
        assert (len(server.seen), tokens.dropped) == (1, ["token-1"])

    def test_a_redirect_is_not_followed(self, visma, server, second_server):
        server.play(answer(307, headers={"Location": second_server.url}))
        with pytest.raises(Misconfigured):
            put(visma)
        assert second_server.connections == 0


class TestABusyVisma:
    """A 429 has done nothing, so the write is repeated while the wait fits into the handler."""

    def test_a_short_wait_is_waited_here(self, sandbox, real, pauses):
        etag = real.get_order("500001").etag
        sandbox.fail("http_429", method="PUT", retry_after=7)
        put(real, etag=etag)
        assert (puts(sandbox), pauses, quantity(sandbox)) == ([429, 204], [7.0], 24.1)

    def test_a_long_wait_is_left_to_the_queue_with_visma_s_message(self, sandbox, real, pauses):
        etag = real.get_order("500001").etag
        sandbox.fail("http_429", method="PUT", retry_after=1800)
        with pytest.raises(Throttled) as caught:
            put(real, etag=etag)
        assert (caught.value.retry_after, puts(sandbox), pauses) == (timedelta(minutes=30), [429], [])

    def test_without_that_word_the_end_of_the_hour_counts(self, visma, server):
        server.play(answer(429, headers={"X-RateLimit-Reset": "600"}))
        with pytest.raises(Throttled) as caught:
            put(visma)
        assert caught.value.retry_after == timedelta(minutes=10)
        assert len(server.seen) == 1

    def test_a_connection_that_is_lost_after_the_wait_leaves_the_outcome_open(self, visma, server):
        server.play(answer(429, headers={"Retry-After": "1"}), reset())
        with pytest.raises(UnknownOutcome):
            put(visma)
        assert len(server.seen) == 2


class TestAnUnclearWrite:
    """Nothing that may have been done is done again: whoever asked reads the order first."""

    @pytest.mark.parametrize(
        "step",
        [
            html(502),
            answer(502),
            answer(503),
            answer(504),
            answer(500, json_body={"message": "An error has occurred."}),
            answer(408),
            reset(),
            reset_after_headers(),
            truncated(),
            html(200),
            answer(200),
            answer(200, json_body={"orderNbr": "500001"}, headers={"ETag": ETAG}),
            answer(202, json_body={"id": "1", "stateLocation": "https://x.invalid"}),
        ],
        ids=[
            *("html 502", "502", "503", "504", "500", "408", "reset", "cut", "short"),
            *("html 200", "200", "order", "202"),
        ],
    )
    def test_it_is_said_to_be_unclear_and_is_never_repeated(self, visma, server, step):
        server.play(step)
        with pytest.raises(UnknownOutcome):
            put(visma)
        assert len(server.seen) == 1

    def test_an_answer_that_comes_too_late_leaves_the_outcome_open(self, company, tokens, server, http):
        server.play(silence())
        with pytest.raises(UnknownOutcome, match="did not answer within"):
            put(VismaClient(company, tokens, server.url, http=http, deadline=Deadline(2.2)))
        assert server.the_only_one().method == "PUT"

    @pytest.mark.parametrize("fault", ["lost_response", "stored_502", "stored_html_200"])
    def test_what_was_done_all_the_same_is_found_by_reading(self, sandbox, real, fault):
        before = real.get_order("500001")
        sandbox.fail(fault, method="PUT")
        with pytest.raises(UnknownOutcome):
            put(real, etag=before.etag)
        after = real.get_order("500001")
        assert (len(puts(sandbox)), quantity(sandbox)) == (1, 24.1)
        assert after.etag != before.etag

    @pytest.mark.parametrize("fault", ["connection_cut", "http_502_html", "http_500", "html_200", "empty_502"])
    def test_what_was_not_done_is_found_by_reading_and_may_be_done_on_the_same_version(self, sandbox, real, fault):
        before = real.get_order("500001")
        sandbox.fail(fault, method="PUT")
        with pytest.raises(UnknownOutcome):
            put(real, etag=before.etag)
        assert real.get_order("500001") == before
        assert len(puts(sandbox)) == 1
        put(real, etag=before.etag)
        assert quantity(sandbox) == 24.1


class TestAWriteThatNeverLeft:
    def test_a_refused_connection_is_transient_for_nothing_was_written(self, company, tokens, http, refused_url):
        with pytest.raises(Transient, match="could not be reached"):
            put(VismaClient(company, tokens, refused_url, http=http, deadline=Deadline()))

    def test_an_unknown_host_is_too(self, company, tokens, http):
        with pytest.raises(Transient, match="could not be reached"):
            put(VismaClient(company, tokens, "http://no-such-host.invalid", http=http, deadline=Deadline()))

    def test_without_time_left_nothing_is_sent(self, company, tokens, server, http):
        server.play(answer(204))
        with pytest.raises(Transient):
            put(VismaClient(company, tokens, server.url, http=http, deadline=Deadline(1.9)))
        assert server.seen == []


def test_no_error_repeats_the_token(visma, server):
    for step in (answer(400, json_body={"message": "Bearer token-1 is bad"}), answer(500, body="token-1")):
        server.play(step)
        with pytest.raises((Rejected, UnknownOutcome)) as caught:
            put(visma)
        assert "token-1" not in str(caught.value) + repr(caught.value)
