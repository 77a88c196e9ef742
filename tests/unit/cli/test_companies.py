"""Which company a document is of, where a file names several."""

from __future__ import annotations

from testkit.samples.routing_data import a_partner
from testkit.samples.visma_samples import a_purchase_order

SECOND = {
    "visma": {"company_id": "2", "tenant_id": "b"},
    "orderful": {"isa_id": {"live": "SVENSK", "test": "SVENSKT"}},
}


def test_the_company_may_be_left_out_when_exactly_one_maps_the_partner(translate):
    routing = {"companies.svensk": SECOND, "partners.beta": a_partner("svensk", supplier="60000")}
    result = translate(a_purchase_order(supplier={"number": "60000", "name": "Beta"}), routing=routing)
    assert result.code == 0
    assert "SVENSKT" in result.out


def test_the_company_has_to_be_named_when_two_map_the_partner_and_a_key_is_named_when_none_does(translate):
    routing = {"companies.svensk": SECOND, "partners.beta": a_partner("svensk", supplier="50012")}
    result = translate(a_purchase_order(), routing=routing)
    assert (result.code, result.out) == (2, "")
    assert "--company" in result.err
    assert "SVENSKT" in translate(a_purchase_order(), "--company", "svensk", routing=routing).out
    nobody = translate(a_purchase_order(supplier={"number": "777"}), routing=routing)
    assert nobody.code == 3
    assert 'partners.<name>.visma.supplier: "777"' in nobody.err


def test_a_company_that_is_not_in_the_file_is_wrong_input(translate):
    result = translate(a_purchase_order(), "--company", "suomi")
    assert (result.code, "no company 'suomi'" in result.err) == (2, True)
