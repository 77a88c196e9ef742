"""Every dialect in which documents are written."""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.transactions import Dialect
from connector.edi.dialect import WrittenDialect
from connector.edi.mosaic.dialect import MOSAIC
from connector.edi.x12.dialect import X12

DIALECTS: Mapping[Dialect, WrittenDialect] = {Dialect.MOSAIC: MOSAIC, Dialect.X12: X12}
