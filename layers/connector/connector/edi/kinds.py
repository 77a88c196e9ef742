"""Every kind of document that is read and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.domain.documents import Kind
from connector.edi.kind import DocumentKind
from connector.kinds.customer_invoice.edi import CUSTOMER_INVOICE
from connector.kinds.purchase_order.edi import PURCHASE_ORDER
from connector.kinds.sales_order_confirmation.edi import SALES_ORDER_CONFIRMATION
from connector.kinds.supplier_invoice.edi import SUPPLIER_INVOICE

KINDS: Mapping[Kind, DocumentKind[Any]] = {
    Kind.PURCHASE_ORDER: PURCHASE_ORDER,
    Kind.SUPPLIER_INVOICE: SUPPLIER_INVOICE,
    Kind.CUSTOMER_INVOICE: CUSTOMER_INVOICE,
    Kind.SALES_ORDER_CONFIRMATION: SALES_ORDER_CONFIRMATION,
}
