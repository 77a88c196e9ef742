from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connector.domain.transactions import Dialect
from testkit.samples.visma_samples import a_purchase_order, as_json
from tests.unit.cli.documents.conftest import ORDER, PARKED, SENT

BODY = {"type": "850_PURCHASE_ORDER", "message": {"note": "Blåbær", "quantity": "0.10"}}


@pytest.fixture
def kept(ledger):
    ledger.bodies[ORDER, 1, SENT.revision_id] = (
        b'{"orderNbr":"500123","lines":[{"price":0.10}]}',
        json.dumps(BODY).encode(),
    )
    ledger.bodies[ORDER, 2, PARKED.revision_id] = (b"<html>502</html>", None)
    return ledger


def test_the_source_is_printed_with_the_figures_of_visma(connector, kept):
    result = connector("documents", "source", "500123", "--revision", "1")
    assert json.loads(result.out, parse_float=str) == {"orderNbr": "500123", "lines": [{"price": "0.10"}]}
    assert result.err == f"Revision 1 of {ORDER} (DELIVERED), as read from Visma:\n"


def test_a_source_that_is_no_json_is_printed_as_it_is(connector, kept):
    assert connector("documents", "source", "500123", "--json").out == "<html>502</html>\n"


def test_what_was_printed_can_be_translated(connector, ledger, tmp_path):
    ledger.sources["500123"] = as_json(a_purchase_order())
    order = tmp_path / "order.json"
    order.write_text(connector("documents", "source", "500123").out)
    assert json.loads(order.read_text())["orderNbr"] == "500123"


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize(("dialect", "path"), [(Dialect.X12, "/v3/transactions"), (Dialect.MOSAIC, "/transactions")])
def test_the_request_is_the_one_that_orderful_got(connector, kept, options, dialect, path):
    kept.kept = [replace(SENT, dialect=dialect), PARKED]
    result = connector("documents", "request", "500123", *options)
    assert (result.data["method"], result.data["path"], result.data["body"]) == ("POST", path, BODY)
    assert "Revision 1 of" in result.err
    assert "802210971" in result.err


def test_what_was_never_translated_has_no_request(connector, kept):
    kept.kept = [PARKED]
    result = connector("documents", "request", "500123")
    assert (result.code, result.err) == (1, f"No revision of {ORDER} was translated.\n")
    missing = connector("documents", "request", "500123", "--revision", "7")
    assert (missing.code, missing.err) == (1, f"{ORDER} has no revision 7.\n")


def test_a_body_that_is_no_longer_kept_is_one_sentence(connector, kept):
    del kept.bodies[ORDER, 1, SENT.revision_id]
    result = connector("documents", "request", "500123")
    assert (result.code, result.out) == (1, "")
    assert "The request of revision 1 is no longer kept." in result.err
