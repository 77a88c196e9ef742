"""How supplier invoices are read and written."""

from __future__ import annotations

from functools import partial

from connector.domain.documents import Kind
from connector.edi.kind import DocumentKind
from connector.edi.mosaic.write.invoice import GAPS
from connector.edi.mosaic.write.invoice import invoice as in_mosaic
from connector.edi.visma import shape
from connector.edi.visma.invoice import read_invoice
from connector.edi.x12.write.invoice import invoice as in_x12
from connector.kinds.supplier_invoice.facts import NAMES

SUPPLIER_INVOICE = DocumentKind(
    shape=shape.SupplierInvoice,
    read=partial(read_invoice, kind=Kind.SUPPLIER_INVOICE, fields=NAMES),
    functional_group="IN",
    mosaic=in_mosaic,
    mosaic_gaps=GAPS,
    x12=partial(in_x12, fields=NAMES),
)
