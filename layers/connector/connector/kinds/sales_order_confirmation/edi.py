"""How sales order confirmations are read and written."""

from __future__ import annotations

from connector.edi.kind import DocumentKind
from connector.kinds.sales_order_confirmation import mosaic, x12
from connector.kinds.sales_order_confirmation.visma import SalesOrder, read_sales_order
from connector.kinds.sales_order_confirmation.writing import customers_order

SALES_ORDER_CONFIRMATION = DocumentKind(
    shape=SalesOrder,
    read=read_sales_order,
    functional_group="PR",
    mosaic=mosaic.acknowledgment,
    mosaic_gaps=mosaic.GAPS,
    x12=x12.acknowledgment,
    total_segments=frozenset({"CTT", "AMT"}),
    business_number=customers_order,
)
