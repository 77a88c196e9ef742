"""`config check` reminds of what has to be agreed with a partner that sends changes (860)."""

from __future__ import annotations

from testkit.samples.routing_data import a_partner


def test_check_reminds_of_quantities_whose_meaning_is_not_agreed(connector, routing_file):
    others = {f"partners.p{number}": a_partner(supplier=f"5001{number}") for number in range(3, 9)}
    limits = {"defaults.changes": {"quantity": "20%"}, "partners.acme.changes": {"quantities": "new_total"}}
    result = connector("config", "check", routing_file(limits | others))
    assert result.code == 0
    assert "warning: partners.p3.changes.quantities: is not set for p3, p4, p5, p6, p7 and 1 more, whose" in result.out
    asked = limits | {"partners.acme.changes": {"quantities": None}, "defaults.changes": {"quantity": "0%"}}
    assert "changes.quantities" not in connector("config", "check", routing_file(asked)).out
