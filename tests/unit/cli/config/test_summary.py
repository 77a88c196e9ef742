"""What a routing file switches on: `config check` says it in so many words."""

from __future__ import annotations

import pytest

from testkit.samples.routing_data import a_partner


def test_check_says_plainly_what_is_on(connector, routing_file):
    changes = {
        "companies.nordic.go_live": "2026-12-01",
        "partners.other": a_partner(supplier="50013"),
        "partners.late": a_partner(isa_id="LATE", supplier="50014"),
        "partners.late.go_live": "2027-01-01T06:00+01:00",
        "partners.other.kinds": {"purchase_order": {"send": False}},
        "defaults.kinds": {"supplier_invoice": {"send": False}},
        "companies.svensk": {
            "visma": {"company_id": "2", "tenant_id": "b"},
            "orderful": {"isa_id": {"live": "SVENSK", "test": "SVENSKT"}},
        },
    }
    result = connector("config", "check", routing_file(changes))
    assert (
        "nordic: purchase orders as 850 to 2 of 3 partners (off for other); supplier invoices are off; "
        "customer invoices as 810 to 1 partner; go-live 2026-12-01 (another one for late)\n"
        "svensk: purchase orders have no partner; supplier invoices have no partner; "
        "customer invoices have no partner; no go-live\n"
    ) in result.out
    nordic, _ = connector("config", "check", routing_file(changes), "--json").data["companies"]
    assert [kind["partners"] for kind in nordic["kinds"]] == [["acme", "late"], [], ["matsenteret"]]
    assert nordic["own_go_live"] == ["late"]


@pytest.mark.parametrize(
    ("changes", "output"),
    [
        ({"defaults.send_when": {"invoice": []}}, "customer invoices never (send_when is empty);"),
        (
            {"partners.other": a_partner(supplier="50013"), "partners.other.send_when": {"purchase_order": []}},
            "purchase orders as 850 to 1 of 2 partners (never for other: send_when is empty);",
        ),
        (
            {
                "partners.acme.send_when": {"purchase_order": []},
                "partners.other": a_partner(supplier="50013"),
                "partners.other.kinds": {"purchase_order": {"send": False}},
            },
            "purchase orders never (send_when is empty; off for other);",
        ),
        (
            {"defaults.order_types": {"RegularOrder": "do_not_send"}},
            "purchase orders as 850 to 1 partner (no RegularOrder);",
        ),
        (
            {
                "partners.other": a_partner(supplier="50013"),
                "partners.other.order_types": {"DropShip": "do_not_send"},
            },
            "purchase orders as 850 to 2 partners (no DropShip to other);",
        ),
        (
            {
                "partners.other": a_partner(supplier="50013"),
                "partners.other.order_types": dict.fromkeys(("RegularOrder", "DropShip", "Blanket"), "do_not_send"),
            },
            "purchase orders as 850 to 1 of 2 partners (never for other: order_types sends no type);",
        ),
        (
            {"defaults.order_types": dict.fromkeys(("RegularOrder", "DropShip", "Blanket"), "do_not_send")},
            "purchase orders never (order_types sends no type);",
        ),
    ],
)
def test_check_says_what_is_never_sent(connector, routing_file, changes, output):
    assert output in connector("config", "check", routing_file(changes)).out
