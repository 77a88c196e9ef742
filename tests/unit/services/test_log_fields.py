from datetime import UTC, datetime

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.revision.record import Revision, State
from connector.services.log_fields import named, named_group

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def test_a_revision_is_named_by_its_document_and_its_sequence():
    revision = Revision(
        key=DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "CreditNote:7"),
        sequence=2,
        revision_id="a" * 64,
        state=State.PARKED,
        created_at=NOW,
        updated_at=NOW,
        reason="The sums do not add up: 100.00.",
    )
    assert named(revision) == {
        "company": "nordic",
        "kind": "supplier_invoice",
        "number": "CreditNote:7",
        "sequence": 2,
    }


@pytest.mark.parametrize(
    ("group", "named"),
    [
        ("nordic#purchase_order#500123", {"company": "nordic", "kind": "purchase_order", "number": "500123"}),
        ("nordic#customer_invoice#A#1", {"company": "nordic", "kind": "customer_invoice", "number": "A#1"}),
        ("hint#802210971", {"transaction_id": "802210971"}),
        ("hint#purchase_order#1", {"transaction_id": "purchase_order#1"}),
        ("a" * 64, {}),
        ("", {}),
    ],
)
def test_a_message_is_named_by_its_group_as_far_as_that_tells(group, named):
    assert named_group(group) == named
