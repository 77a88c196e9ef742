"""The doctor with scripted vendors."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from testkit.memory.reconcile_harness import Harness
from testkit.samples.routing_data import routing_data

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
    stack.document_list = Harness().lists
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
