from datetime import UTC, datetime

from connector.domain.documents import DocumentKey, Kind
from connector.domain.revision.record import Revision, State
from connector.services.log_fields import named

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
