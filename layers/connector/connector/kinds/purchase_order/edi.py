"""How purchase orders are read and written."""

from __future__ import annotations

from connector.edi.kind import DocumentKind
from connector.edi.mosaic.write.purchase_order import GAPS
from connector.edi.mosaic.write.purchase_order import purchase_order as in_mosaic
from connector.edi.visma import shape
from connector.edi.visma.purchase_order import read_purchase_order
from connector.edi.x12.write.purchase_order import purchase_order as in_x12

PURCHASE_ORDER = DocumentKind(
    shape=shape.PurchaseOrder,
    read=read_purchase_order,
    functional_group="PO",
    mosaic=in_mosaic,
    mosaic_gaps=GAPS,
    x12=in_x12,
    total_segments=frozenset({"CTT", "AMT"}),
)
