from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import yaml

from connector.adapters.callback_auth import CallbackCredentials
from connector.cli.doctor.finding import Mark
from connector.cli.doctor.visma import unnamed_branches
from connector.domain.errors import Misconfigured, Rejected, Transient
from connector.domain.inbound import ApiVersion, Delivery, InboundTransaction, ShownDelivery
from connector.domain.pause import Pause, Scope
from connector.domain.reasons import Reason
from connector.domain.routing.route import Identity
from connector.domain.transactions import Stream
from connector.services.list_health import ListHealth
from testkit.samples.business_documents import a_company
from testkit.samples.routing_data import a_partner, routing_data

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
OSLO_NOW = "2026-09-01T07:59:00.000"


class Scripted:
    """A client whose answers are given by path; an exception is raised."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []

    def get_json(self, path, params=()):
        self.asked.append((path, dict(params)))
        answer = self.answers[path]
        if callable(answer):
            answer = answer(dict(params))
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, tuple) else (answer, self.answers["headers"])


def a_relationship(sender="NORDICFOOD", receiver="ACMEPRODUCE", name="850_PURCHASE_ORDER", **changes):
    return {
        "sender": {"liveIsaId": sender, "testIsaId": f"{sender}T"},
        "receiver": {"liveIsaId": receiver, "testIsaId": f"{receiver}T"} if isinstance(receiver, str) else receiver,
        "transactionType": {"name": name},
        "status": "LIVE",
        "autoSend": "ENABLED",
        **changes,
    }


ORDERS = a_relationship()
INVOICES = a_relationship(receiver="MATSENTERET", name="810_INVOICE")
OF_SUPPLIERS = a_relationship(name="810_INVOICE")
CHANGES = a_relationship("ACMEPRODUCE", "NORDICFOOD", "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED")


@pytest.fixture
def visma(stack):
    client = Scripted(
        {
            "headers": {"Date": format_datetime(NOW, usegmt=True)},
            "v1/branch": [{"number": "1", "name": "Nordic Food Supply AS", "corporateId": "987654325"}],
            "v1/organization": [{"organizationCd": {"value": "1234567"}, "name": "Nordic Food Supply AS"}],
            "v1/purchaseorder": [{"lastModifiedDateTime": OSLO_NOW}],
            "v1/customerinvoice": [{"createdDateTime": "2026-08-30T10:00:00"}],
        }
    )
    stack.visma = lambda company: client
    return client.answers


@pytest.fixture
def orderful(stack):
    account = {"liveIsaId": "NORDICFOOD", "testIsaId": "NORDICFOODT"}
    stack.orderful = Scripted(
        {
            "headers": {},
            "v3/organizations/me": {"id": 7, "name": "Nordic Food", "ediAccounts": [account]},
            "v3/relationships": {"data": [ORDERS, INVOICES, OF_SUPPLIERS, CHANGES]},
        }
    )
    return stack.orderful.answers


@pytest.fixture
def doctor(connector, stack, visma, orderful):
    """Run the command; the findings by name of the check."""

    def run(changes=None):
        if stack.routing.data is None:
            stack.routing.data = routing_data(changes)
        result = connector("doctor", "--json")
        findings = {finding["check"]: finding for finding in result.data}
        assert result.code == (1 if any(finding["mark"] == "fail" for finding in result.data) else 0)
        return findings

    return run


def test_a_healthy_stack_passes_every_check_and_exits_with_0(connector, stack, visma, orderful):
    stack.routing.data = routing_data({"companies.nordic.go_live": "2026-09-01"})
    result = connector("doctor")
    assert result.code == 0
    lines = result.out.splitlines()
    assert len(lines) >= 13
    assert all(line.startswith("ok ") for line in lines), result.out
    assert "nothing is changed" in result.err


def test_without_routing_it_says_so_and_checks_what_needs_none(connector, stack, orderful):
    result = connector("doctor", "--json")
    assert result.code == 0
    routing, *others = result.data
    assert (routing["mark"], routing["sentence"][:32]) == ("warn", "no routing is applied yet: the s")
    assert "connector config apply" in routing["next_step"]
    checks = {finding["check"] for finding in others}
    assert {"orderful key", "inbox 4711", "callback", "alarm mail", "schedule poll_visma"} <= checks
    assert not any(check.startswith("visma") for check in checks), "no company is known"


def test_a_routing_that_cannot_be_read_is_a_failure(connector, stack, orderful, monkeypatch):
    def refuse():
        raise Misconfigured("The routing table may not be read.")

    monkeypatch.setattr(stack.routing, "load", refuse)
    result = connector("doctor", "--json")
    assert (result.code, result.data[0]["mark"]) == (1, "fail")


@pytest.fixture
def in_file(connector, stack, visma, orderful, tmp_path):
    """Run the command with a file; the exit code, and the findings."""

    def run(data):
        file = tmp_path / "connector.yaml"
        file.write_text(yaml.safe_dump(data))
        result = connector("doctor", "--config", str(file), "--json")
        return result.code, result.data

    return run


def test_a_file_is_checked_before_it_is_applied_and_nothing_is_applied(in_file, stack):
    code, findings = in_file(routing_data({"companies.nordic.go_live": "2026-09-01"}))
    assert (code, stack.routing.data, stack.routing.put_in_force) == (0, None, [])
    assert {one["check"] for one in findings if one["mark"] != "ok"} == {"routing file"}, "what config check warns of"
    assert "no routing is applied yet" in next(one["sentence"] for one in findings if one["check"] == "routing")
    assert {"visma nordic token", "orderful acme", "schedule poll_visma"} <= {one["check"] for one in findings}


def test_a_file_stands_in_for_what_is_applied(in_file, stack):
    stack.routing.data = routing_data()
    _, findings = in_file(routing_data({"companies.nordic.orderful.isa_id.test": "STRANGERT"}))
    by_check = {finding["check"]: finding for finding in findings}
    assert by_check["orderful nordic"]["mark"] == "fail"
    assert f"version {stack.routing.current_version()} is applied" in by_check["routing"]["sentence"]
    _, findings = in_file(routing_data())
    assert "is what is applied" in next(one["sentence"] for one in findings if one["check"] == "routing")


def test_the_problems_of_a_file_are_findings_and_the_stack_is_examined_all_the_same(in_file, stack):
    stack.stream = Stream.LIVE
    code, findings = in_file(routing_data({"defaults.settle": "soon"}))
    wrong = [finding for finding in findings if finding["check"] == "routing file"]
    assert (code, "fail" in {finding["mark"] for finding in wrong}) == (1, True)
    assert any(finding["sentence"].startswith("defaults.settle: ") for finding in wrong)
    assert {"orderful key", "alarm mail"} <= {finding["check"] for finding in findings}


def test_a_file_that_is_not_there_is_wrong_input(connector):
    result = connector("doctor", "--config", "nowhere.yaml")
    assert (result.code, result.out) == (2, "")


def test_a_refused_token_fails_with_the_next_step_and_orderful_is_still_asked(doctor, visma):
    visma["v1/branch"] = Misconfigured("Visma refused.", request_id="req-1", next_step="Approve the scopes.")
    found = doctor()
    assert found["visma nordic token"] == {
        "mark": "fail",
        "check": "visma nordic token",
        "sentence": "Visma refused. (request req-1)",
        "next_step": "Approve the scopes.",
    }
    assert found["orderful key"]["mark"] == "ok"


def test_an_empty_company_is_a_failure_although_visma_answers_200(doctor, visma):
    visma["v1/branch"], visma["v1/organization"] = [], []
    assert doctor()["visma nordic company"]["mark"] == "fail"


def test_a_tenant_without_organizations_is_judged_by_its_branches(doctor, visma):
    visma["v1/organization"] = Rejected("404", code=Reason.REQUEST_REFUSED)
    visma["v1/branch"] = [{"number": "1234567", "name": "Nordic"}]
    assert doctor()["visma nordic company"]["mark"] == "ok"


@pytest.mark.parametrize(
    ("numbers", "branch", "named", "told"),
    [
        (["1"], None, [], None),
        (["1", "2"], None, [], "1, 2"),
        (["1", "2"], None, ["1"], "2"),
        (["1", "2"], None, ["1", "2"], None),
        (["1", "2"], "1", [], None),
    ],
)
def test_branches_that_routing_does_not_name_are_pointed_out_once(numbers, branch, named, told):
    company = a_company(branches=dict.fromkeys(named, Identity()))
    company = replace(company, visma=replace(company.visma, branch=branch))
    found = list(unnamed_branches("visma nordic", company, [{"number": {"value": number}} for number in numbers]))
    assert [finding.mark for finding in found] == ([Mark.WARN] if told else [])
    assert all(f"({told})" in finding.sentence for finding in found)


def test_another_company_than_the_configured_one_is_pointed_out(doctor, visma):
    visma["v1/organization"] = [{"organizationCd": "999", "name": "Somebody Else AS"}]
    found = doctor()["visma nordic company"]
    assert found["mark"] == "warn"
    assert "Somebody Else AS" in found["sentence"]


def test_a_branch_that_visma_does_not_know_is_a_failure(doctor):
    found = doctor({"companies.nordic.visma.branch": "7"})["visma nordic company"]
    assert (found["mark"], "visma.branch" in found["next_step"]) == ("fail", True)


@pytest.mark.parametrize(("left", "mark"), [("400", "ok"), ("30", "warn")])
def test_the_hourly_limit_is_told_and_a_low_rest_is_a_warning(doctor, visma, left, mark):
    limits = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": left, "X-RateLimit-Reset": "600"}
    visma["headers"] = {**visma["headers"], **limits}
    found = doctor()["visma nordic calls"]
    assert found["mark"] == mark
    assert f"{left} of 500 calls an hour are left, 10m" in found["sentence"]


def test_a_clock_that_is_off_is_a_warning(doctor, visma):
    visma["headers"] = {"Date": format_datetime(NOW + timedelta(minutes=7), usegmt=True)}
    found = doctor()["visma nordic clock"]
    assert (found["mark"], "7m ahead of" in found["sentence"]) == ("warn", True)


@pytest.mark.parametrize(
    ("zone", "newest", "mark", "told"),
    [
        ("Europe/Oslo", OSLO_NOW, "ok", "Europe/Oslo fits"),
        ("UTC", OSLO_NOW, "fail", "about 2 h ahead"),
        (None, OSLO_NOW, "warn", "about 2 h ahead"),
        (None, "2026-09-01T05:59:30.000", "warn", "set visma.time_zone: UTC"),
        (None, "2026-08-31T12:00:00.000", "warn", "Change a note on a test order"),
        ("Europe/Oslo", "2026-08-31T12:00:00.000", "ok", "does not contradict Europe/Oslo"),
        (None, "", "warn", "Change a note on a test order"),
        (None, "soon", "warn", "Change a note on a test order"),
    ],
)
def test_the_zone_is_judged_by_the_newest_time_stamp(doctor, visma, *, zone, newest, mark, told):
    visma["v1/purchaseorder"] = [{"lastModifiedDateTime": "2026-08-30T01:00:00"}, {"lastModifiedDateTime": newest}]
    if newest in {"", "soon"}:
        visma["v1/purchaseorder"].pop(0)
    found = doctor({"companies.nordic.visma.time_zone": zone} if zone != "Europe/Oslo" else None)["visma nordic zone"]
    assert found["mark"] == mark
    assert told in f"{found['sentence']} {found['next_step']}"


def test_an_answer_without_a_date_cannot_calibrate(doctor, visma):
    visma["headers"] = {}
    assert doctor()["visma nordic clock"]["mark"] == "warn"


def test_orders_that_cannot_be_read_are_a_failure_of_their_own(doctor, visma):
    visma["v1/purchaseorder"] = Transient("Visma answered 502 to v1/purchaseorder.")
    found = doctor()
    assert found["visma nordic token"]["mark"] == "ok"
    assert found["visma nordic orders"]["mark"] == "fail"


def test_a_wrong_orderful_key_is_a_failure(doctor, orderful):
    orderful["v3/organizations/me"] = Misconfigured("Orderful answered 401.", next_step="Check the key.")
    assert doctor()["orderful key"]["mark"] == "fail"


def test_an_id_that_the_organization_does_not_own_is_a_failure(doctor):
    found = doctor({"companies.nordic.orderful.isa_id.test": "STRANGERT"})["orderful nordic"]
    assert found["mark"] == "fail"
    assert "companies.nordic.orderful.isa_id.test" in found["next_step"]


def test_each_supplier_needs_an_850_and_each_customer_an_810(doctor, orderful):
    orderful["v3/relationships"] = {"data": [ORDERS]}
    found = doctor()
    assert found["orderful acme"]["mark"] == "ok"
    assert found["orderful matsenteret"]["mark"] == "fail"
    assert "810_INVOICE from NORDICFOODT to MATSENTERETT" in found["orderful matsenteret"]["sentence"]


def test_a_relationship_of_the_other_direction_does_not_count(doctor, orderful):
    orderful["v3/relationships"] = {"data": [a_relationship("ACMEPRODUCE", "NORDICFOOD"), INVOICES]}
    assert doctor()["orderful acme"]["mark"] == "fail"


@pytest.mark.parametrize(
    ("stream", "status", "mark"),
    [
        (Stream.TEST, "TEST", "ok"),
        (Stream.TEST, "SETUP", "fail"),
        (Stream.TEST, "BLOCKED", "fail"),
        (Stream.LIVE, "TEST", "fail"),
        (Stream.LIVE, "READY", "ok"),
        (Stream.LIVE, "LIVE", "ok"),
    ],
)
def test_the_status_of_a_relationship_must_fit_the_stream(doctor, stack, orderful, *, stream, status, mark):
    stack.stream = stream
    orderful["v3/relationships"] = {"data": [a_relationship(status=status), INVOICES]}
    assert doctor()["orderful acme"]["mark"] == mark


def test_a_party_without_a_test_id_is_known_by_its_live_id(doctor, orderful):
    receiver = {"liveIsaId": "ACMEPRODUCE", "testIsaId": None}
    orderful["v3/relationships"] = {"data": [a_relationship(receiver=receiver), INVOICES]}
    assert doctor()["orderful acme"]["mark"] == "ok"


def test_a_relationship_that_waits_for_a_person_is_a_warning(doctor, orderful):
    orderful["v3/relationships"] = {"data": [a_relationship(autoSend="DISABLED"), INVOICES]}
    assert doctor()["orderful acme"]["mark"] == "warn"


def test_relationships_are_read_to_the_last_page_without_following_links(doctor, orderful, stack):
    def page(params):
        if params.get("nextCursor") == "abc":
            return {"data": [INVOICES], "metadata": {"pagination": {"links": {"next": None}}}}
        link = "https://elsewhere.example/v3/relationships?limit=100&nextCursor=abc"
        return {"data": [ORDERS], "metadata": {"pagination": {"links": {"next": link}}}}

    orderful["v3/relationships"] = page
    assert doctor()["orderful matsenteret"]["mark"] == "ok"
    assert [path for path, _ in stack.orderful.asked] == ["v3/organizations/me", *["v3/relationships"] * 2]


def test_a_kind_that_is_not_sent_needs_no_relationship(doctor, orderful):
    orderful["v3/relationships"] = {"data": [INVOICES]}
    off = {kind: {"send": False} for kind in ("purchase_order", "supplier_invoice")}
    found = doctor({"partners.acme.kinds": off})
    assert not {"orderful acme", "orderful acme supplier invoices"} & set(found)


def test_supplier_invoices_that_leave_need_an_810_to_the_supplier(doctor, orderful):
    orderful["v3/relationships"] = {"data": [ORDERS, INVOICES]}
    found = doctor()["orderful acme supplier invoices"]
    assert (found["mark"], "810_INVOICE from NORDICFOODT to ACMEPRODUCET" in found["sentence"]) == ("fail", True)
    assert "partners.acme.kinds.supplier_invoice.send: false" in found["next_step"]


def test_a_kind_without_a_status_in_which_it_is_sent_needs_no_relationship(doctor, orderful):
    orderful["v3/relationships"] = {"data": [ORDERS, INVOICES]}
    assert "orderful acme supplier invoices" not in doctor({"partners.acme.send_when": {"invoice": []}})


def test_what_is_wrong_with_a_number_is_told_once(connector, stack, visma, orderful):
    stack.routing.data = routing_data({"partners.beta": a_partner(supplier="50012")})
    checks = [finding["check"] for finding in connector("doctor", "--json").data]
    assert (checks.count("orderful beta"), checks.count("orderful acme")) == (1, 1)


def test_a_number_mapped_twice_is_a_failure_of_these_partners_only(doctor):
    found = doctor({"partners.beta": a_partner(supplier="50012")})
    assert found["orderful beta"]["mark"] == "fail"
    assert found["orderful matsenteret"]["mark"] == "ok"


@pytest.mark.parametrize("nonsense", [None, [], "text", {"data": None}, {"data": [None, {"sender": None}]}])
def test_answers_of_another_shape_are_failures_and_no_crash(doctor, orderful, visma, nonsense):
    orderful["v3/relationships"] = nonsense
    orderful["v3/organizations/me"] = nonsense
    visma["v1/purchaseorder"] = nonsense
    assert doctor()["orderful acme"]["mark"] == "fail"


def test_every_company_is_checked(doctor):
    second = {
        "visma": {"company_id": "2", "tenant_id": "b"},
        "orderful": {"isa_id": {"live": "NORDICFOOD", "test": "NORDICFOODT"}},
    }
    assert {"visma nordic token", "visma svensk token"} <= set(doctor({"companies.svensk": second}))


# -- what comes in --------------------------------------------------------------------------------------------------


def an_item(**changes):
    item = InboundTransaction(
        transaction_id="802210971",
        document="860",
        transaction_type="860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED",
        stream=Stream.TEST,
        sender_id="ACMEPRODUCET",
        receiver_id="NORDICFOODT",
        business_number="500123",
        order_number="500123",
        message={},
        delivery=None,
        created_at=NOW,
    )
    return replace(item, **changes)


@pytest.mark.parametrize(
    ("relationship", "mark", "told"),
    [
        (CHANGES, "ok", "860 from ACMEPRODUCET to NORDICFOODT is LIVE."),
        ({**CHANGES, "transactionType": "860_PURCHASE_ORDER_CHANGE"}, "ok", "is LIVE"),
        ({**CHANGES, "status": "SETUP"}, "warn", "is SETUP, so no change arrives on the test stream"),
        ({**CHANGES, "transactionType": {"name": "855_PURCHASE_ORDER_ACKNOWLEDGMENT"}}, "warn", "no relationship"),
        (a_relationship(name="860_PURCHASE_ORDER_CHANGE"), "warn", "no relationship"),
    ],
)
def test_a_supplier_whose_changes_cannot_arrive_is_a_warning_and_no_failure(
    doctor, orderful, *, relationship, mark, told
):
    orderful["v3/relationships"] = {"data": [ORDERS, INVOICES, relationship]}
    found = doctor()
    assert found["orderful acme changes"]["mark"] == mark
    assert told in found["orderful acme changes"]["sentence"]
    assert "orderful matsenteret changes" not in found, "a customer changes no purchase order of ours"


def test_one_relationship_for_changes_that_fits_is_enough(doctor, orderful):
    blocked = {**CHANGES, "status": "BLOCKED"}
    orderful["v3/relationships"] = {"data": [ORDERS, INVOICES, blocked, CHANGES]}
    assert doctor()["orderful acme changes"]["mark"] == "ok"


def test_a_supplier_that_is_sent_no_orders_may_change_them_all_the_same(doctor, orderful):
    found = doctor({"partners.acme.kinds": {"purchase_order": {"send": False}}})
    assert found["orderful acme changes"]["mark"] == "ok"


@pytest.mark.parametrize(
    ("items", "mark", "told"),
    [
        ([], "ok", "0 items wait."),
        ([an_item()], "ok", "1 item waits."),
        ([an_item(), an_item(stream=Stream.LIVE)], "warn", "2 items wait: 1 not of the test stream."),
        ([an_item(stream=None)], "warn", "1 not of the test stream"),
        ([an_item(receiver_id="SOMEBODY")], "warn", "1 for no company of the routing but for SOMEBODY"),
        ([an_item(receiver_id=None)], "warn", "1 for no company of the routing but for nobody"),
        ([None, an_item(), None], "warn", "3 items wait: 2 naming no transaction."),
        (
            [an_item(document="810"), an_item()],
            "ok",
            "2 items wait: 1 that are not taken here (1 of 810; the oldest since",
        ),
        (
            [an_item(document="810", created_at=NOW - timedelta(hours=25)), an_item(document="856"), an_item()],
            "warn",
            "3 items wait: 2 that are not taken here (1 of 810, 1 of 856; the oldest since",
        ),
        (
            [an_item(document="855", receiver_id="SOMEBODY", created_at=None)],
            "warn",
            "(1 of 855; since when is not known)",
        ),
        ([an_item(document="850")] * 100, "warn", "100 that are not taken here (100 of 850; the oldest since"),
        ([an_item()] * 100, "warn", "100 or more items wait: newer ones are only seen when these leave."),
    ],
)
def test_what_waits_in_an_inbox_is_told_and_what_does_not_belong_there_is_a_warning(
    doctor, stack, *, items, mark, told
):
    stack.inbound.waiting["4711"] = items
    found = doctor()["inbox 4711"]
    assert found["mark"] == mark
    assert told in found["sentence"]
    assert (found["next_step"] is None) == (mark == "ok")


def test_since_when_a_document_waits_is_told_by_its_delivery_where_the_item_does_not(doctor, stack):
    delivery = Delivery("b646771e-a068-4e32-832f-e96f895c5ec9", ApiVersion.V4)
    stack.inbound.waiting["4711"] = [an_item(document="810", created_at=None, delivery=delivery)]
    stack.inbound.deliveries["802210971"] = ShownDelivery(delivery, False, NOW - timedelta(hours=25))
    found = doctor()["inbox 4711"]
    assert found["mark"] == "warn"
    assert "not known" not in found["sentence"]


def test_every_inbox_and_bucket_is_read_and_the_trouble_of_one_leaves_the_others_alone(doctor, stack):
    stack.bucket_ids = ("12", "13")
    refused = Misconfigured("Orderful answered 404.", next_step="Check OrderfulBucketIds.")
    stack.inbound.waiting.update({"12": refused, "13": [an_item()]})
    found = doctor()
    assert (found["bucket 12"]["mark"], found["bucket 12"]["next_step"]) == ("fail", "Check OrderfulBucketIds.")
    assert (found["bucket 13"]["sentence"], found["inbox 4711"]["mark"]) == ("1 item waits.", "ok")


def test_without_inbox_and_bucket_it_warns_that_the_list_is_read(doctor, stack):
    stack.inbox_ids = ()
    found = doctor()["inbox"]
    assert found["mark"] == "warn"
    assert "every CollectInterval" in found["sentence"]


def test_a_bucket_alone_is_enough(doctor, stack):
    stack.inbox_ids, stack.bucket_ids = (), ("12",)
    stack.inbound.waiting["12"] = []
    assert "inbox" not in doctor()


def test_the_address_to_register_at_orderful_is_told(doctor, stack):
    found = doctor()["callback"]
    assert found["mark"] == "ok"
    assert found["sentence"].endswith("https://api.example/v1/orderful")
    stack.callback_url = None
    found = doctor()
    assert (found["callback"]["mark"], "callback secret" in found) == ("warn", False)


@pytest.mark.parametrize(
    ("credentials", "mark", "told"),
    [
        (CallbackCredentials("x-connector-secret", ("hush", "hush2")), "ok", "the header x-connector-secret (2 valid"),
        (CallbackCredentials(basic=("orderful:hush",)), "ok", "HTTP Basic (1 valid value)"),
        (CallbackCredentials("x-a", ("hush",), ("orderful:hush",)), "ok", "the header x-a or HTTP Basic"),
        (CallbackCredentials(), "ok", "callbacks are refused"),
        (Misconfigured("The secret 'x' cannot be read (AccessDeniedException)."), "ok", "you may not read it"),
        (Misconfigured("The secret 'x' cannot be read (ResourceNotFoundException)."), "fail", "cannot be read"),
        (Misconfigured("The secret 'x' does not say what a callback has to bring."), "fail", "does not say"),
        (Transient("Secrets Manager could not be asked for 'x'."), "fail", "could not be asked"),
    ],
)
def test_whether_callbacks_need_a_secret_is_told_without_telling_the_secret(doctor, stack, *, credentials, mark, told):
    def read():
        if isinstance(credentials, Exception):
            raise credentials
        return credentials

    stack.callback_credentials = read
    found = doctor()["callback secret"]
    assert found["mark"] == mark
    assert told in found["sentence"]
    assert "hush" not in str(found)


def test_an_address_that_is_open_on_purpose_is_a_warning(doctor, stack):
    stack.takes_callbacks_without_secret = True
    assert doctor()["callback secret"]["mark"] == "ok", "a secret is set"
    stack.callback_credentials = CallbackCredentials
    found = doctor()["callback secret"]
    assert (found["mark"], "connector secrets set callback" in found["next_step"]) == ("warn", True)


@pytest.mark.parametrize(("stream", "mark"), [(Stream.LIVE, "fail"), (Stream.TEST, "warn")])
def test_a_company_without_go_live_is_pointed_out_and_on_a_live_stack_refused(doctor, stack, stream, mark):
    stack.stream = stream
    found = doctor()["go-live nordic"]
    assert (found["mark"], "companies.nordic.go_live" in found["next_step"]) == (mark, True)


@pytest.mark.parametrize(
    ("policy", "told"), [("park", "a person is asked"), ("ignore", "ignored"), ("send", "is sent")]
)
def test_go_live_is_told_with_what_a_later_change_does(doctor, policy, told):
    found = doctor({"companies.nordic.go_live": "2026-09-01", "companies.nordic.before_go_live": policy})
    assert "before 2026-09-01 is not sent" in found["go-live nordic"]["sentence"]
    assert told in found["go-live nordic"]["sentence"]


@pytest.mark.parametrize(
    ("invoices", "mark"),
    [([{"createdDateTime": "2026-08-30T10:00:00"}], "ok"), ([{"createdDateTime": None}, {}], "warn"), ([], "ok")],
)
def test_that_invoices_state_their_creation_is_looked_at_and_not_believed(doctor, visma, invoices, mark):
    visma["v1/customerinvoice"] = invoices
    assert doctor()["visma nordic invoices"]["mark"] == mark


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ({"promised": "2026-09-10T00:00:00", "requested": "2026-09-01T00:00:00"}, "ok"),
        ({"promised": None, "requested": "2026-09-10T00:00:00"}, "warn"),
    ],
)
def test_that_order_lines_have_the_date_that_is_sent_is_looked_at(doctor, visma, line, mark):
    order = {"lastModifiedDateTime": OSLO_NOW, "date": "2026-09-01T00:00:00", "lines": [line]}
    visma["v1/purchaseorder"] = [order]
    assert doctor()["visma nordic order lines"]["mark"] == mark


def test_a_list_that_cannot_be_looked_at_is_a_finding_and_the_rest_is_examined(doctor, visma):
    visma["v1/customerinvoice"] = Misconfigured("Visma refused.")
    found = doctor()
    assert (found["visma nordic invoices"]["mark"], found["orderful key"]["mark"]) == ("fail", "ok")


@pytest.mark.parametrize(
    ("go_live", "mark", "told"), [("2029-01-01", "warn", "ahead"), ("2020-01-01", "ok", "is not sent")]
)
def test_a_go_live_in_force_is_doubted_only_if_it_is_far_ahead(doctor, go_live, mark, told):
    found = doctor({"companies.nordic.go_live": go_live})["go-live nordic"]
    assert (found["mark"], told in found["sentence"]) == (mark, True)


def test_a_list_that_is_refused_is_named_unless_nobody_needs_it(doctor, stack):
    refused = {"failing_since": NOW, "problem": "Visma answered 403.", "is_refused": True}
    lists = [
        ListHealth(company="nordic", resource="v1/supplierInvoice", configured_at=NOW, **refused, is_unneeded=True)
    ]
    stack.health.end(
        [*lists, ListHealth(company="nordic", resource="v1/purchaseorder", configured_at=NOW, **refused)], now=NOW
    )
    found = {name: one for name, one in doctor().items() if name.startswith("list ")}
    assert set(found) == {"list nordic v1/purchaseorder"}
    assert found["list nordic v1/purchaseorder"]["mark"] == "fail"
    assert "Visma answered 403." in found["list nordic v1/purchaseorder"]["sentence"]


def test_a_pause_in_force_is_named_with_who_made_it_and_how_it_ends(doctor, stack):
    stack.breaker.pause(Pause(scope=Scope(partner="acme"), since=NOW, by="kari", caller="arn:kari", reason="they move"))
    found = doctor()["pause of partner acme"]
    assert found["mark"] == "warn"
    assert found["sentence"] == "Partner acme is paused since 2026-09-01 06:00 UTC by kari: they move"
    assert found["next_step"] == "When it may go on: connector resume --partner acme"
