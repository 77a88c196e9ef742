"""Sample documents of situations that are easily misread: money, dates and order types as Visma states them.

Every document is made up and consistent with the rule that its situation is about; a situation says what the rule is.
Sources: Visma's help on types of purchase orders, source of the base product, reports of users.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from testkit.visma.events import called_off
from testkit.visma.generator import Line, Recipe, built
from testkit.visma.orders import cents, entered, recalculated
from testkit.visma.resources import Document

_DAY: Final = date(2026, 11, 20)
_PROMISED: Final = "2026-12-01T00:00:00"
_RATE: Final = Decimal("11.7")
_NOK: Final = Recipe(count=1, parties=("50012",), first_day=_DAY)
_EUR: Final = replace(_NOK, currency="EUR", rate=float(_RATE))
_CUSTOMER: Final = "10045"

_CARROTS: Final = Line("1298", "Gulrøtter, vasket", "STK", Decimal("40.00"), Decimal(25))
"""1000.00 in all."""

_APPLES: Final = Line("2044", "Epler", "STK", Decimal("10.012"), Decimal(25))
"""250.30 in all."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One entry of the catalogue.

    Attributes:
        name: Of the situation.
        kind: The list that the document belongs to.
        rule: What is stated there and how it is to be read.
        document: Makes the document, a new one at each call.
    """

    name: str
    kind: str
    rule: str
    document: Callable[[], Document]


# -- parts of documents


def _order(number: str, *lines: Line, recipe: Recipe = _NOK, **header: Any) -> Document:
    """An order whose lines leave their days to Visma."""
    order = built("purchaseorder", number, lines or (_CARROTS,), recipe) | {"promisedOn": _PROMISED}
    order_type = header.get("orderType", "RegularOrder")
    days = ("requested", "promised")
    order["lines"] = [
        {name: value for name, value in line.items() if name not in days} | {"orderType": order_type}
        for line in order["lines"]
    ]
    return entered(order | header)


def _taxed_order(number: str, total: str, *rows: Document) -> Document:
    """An order for 1000.00 net with these tax rows, of which the total says `total`."""
    return recalculated(_order(number) | {"taxDetails": list(rows), "taxTotal": float(total)})


def _supplier_invoice(number: str, line: Line, recipe: Recipe, **header: Any) -> Document:
    return built("supplierInvoice", number, (line,), recipe) | header


def _taxed_supplier_invoice(number: str, total: str, *rows: Document) -> Document:
    """A supplier invoice for 1000.00 NOK net with these tax rows, of which the total says `total`."""
    vat, payable = float(total), float(_CARROTS.amount + Decimal(total))
    return _supplier_invoice(
        number,
        _CARROTS,
        _NOK,
        taxDetailLines=list(rows),
        vatTaxableTotal=1000.0,
        vatTaxableTotalInCurrency=1000.0,
        **dict.fromkeys(("vatTotal", "vatTotalInCurrency"), vat),
        **dict.fromkeys(("amount", "balance", "balanceInCurrency"), payable),
    )


def _rounded_supplier_invoice(number: str, line: Line, difference: str, recipe: Recipe = _EUR) -> Document:
    """Payable = before - difference; the plain fields are company currency, `...InCurrency` the document's."""
    rate = Decimal(str(recipe.rate))
    payable, rounding = line.amount - Decimal(difference), Decimal(difference)
    return _supplier_invoice(
        number,
        line,
        recipe,
        amount=float(cents(payable * rate)),
        balance=float(cents(payable * rate)),
        balanceInCurrency=float(payable),
        roundingDiff=float(cents(rounding * rate)),
        roundingDiffInCurrency=float(rounding),
    )


def _customer_document(kind: str, number: str, *lines: Line, recipe: Recipe = _NOK, **header: Any) -> Document:
    """An invoice or note without VAT."""
    document = built(kind, number, lines or (_CARROTS,), replace(recipe, parties=(_CUSTOMER,)))
    rows = "invoiceLines" if kind == "customerinvoice" else "lines"
    for row in document[rows]:
        row["vatCode"] = {"id": "0", "description": "0 %"}
        if kind == "customerinvoice":
            row["lineType"] = "GI"
    return _restated(document, rows) | header


def _restated(document: Document, rows: str) -> Document:
    """A customer document without VAT, its totals those of its lines."""
    totals: Document = {"vatTotal": 0.0, "vatTotalInCurrency": 0.0, "taxDetails": []}
    for suffix in ("", "InCurrency"):
        net = float(sum((Decimal(str(row[f"amount{suffix}"])) for row in document[rows]), Decimal(0)))
        totals |= {f"detailTotal{suffix}": net, f"amount{suffix}": net, f"balance{suffix}": net}
    return document | totals


def _changed_line(document: Document, rows: str, **fields: Any) -> Document:
    """The document with fields of its first line replaced; totals are not followed up."""
    first, *others = document[rows]
    return document | {rows: [first | fields, *others]}


def _tax(number: str, amount: str, *, description: str, rate: float = 25.0, record: int = 1) -> Document:
    """A tax row on 1000.00; its amount is in the document's currency."""
    return {
        "taxId": number,
        "recordId": record,
        "vatId": {"number": number, "description": description},
        "vatRate": rate,
        "taxableAmount": 1000.0,
        "vatAmount": float(amount),
    }


_REVERSE_CHARGE: Final = (
    _tax("21", "250.00", description="Innførsel 25 %"),
    _tax("21R", "250.00", description="Omvendt avgiftsplikt 25 %", record=2),
)
_USE_TAX: Final = (_tax("86", "250.00", description="Tjenester fra utlandet 25 %"),)
_PARTLY_DEDUCTIBLE: Final = (_tax("1H", "125.00", description="Halv fradragsrett 25 %"),)


# -- the situations


def _amount_entered() -> Document:
    order = _order("610001", Line("2201", "Poteter, vasket", "STK", Decimal("33.33"), Decimal(3)))
    return recalculated(_changed_line(order, "lines", extCost=100.0, amount=100.0))


def _discounted_order(number: str, percent: str) -> Document:
    discount = cents(_CARROTS.amount * Decimal(percent) / 100)
    fields = {"discountPercent": float(percent), "discountAmount": float(discount), "manualDiscount": True}
    return recalculated(_changed_line(_order(number), "lines", **fields, amount=float(_CARROTS.amount - discount)))


def _call_off() -> Document:
    header = {"date": "2026-11-23T00:00:00", "promisedOn": _PROMISED}
    return entered(called_off(_order("610400", orderType="Blanket"), "610020", {1: Decimal(10)}, header))


def _noted_order() -> Document:
    order = _order("610030", note="INTERNT: ikke betal mer enn 38,50")
    return _changed_line(order, "lines", note="Internt: margin 42 %")


def _manual_amount() -> Document:
    document = _customer_document("customerinvoice", "910001")
    amounts = dict.fromkeys(("amount", "amountInCurrency", "manualAmount", "manualAmountInCurrency"), 40.0)
    return _restated(_changed_line(document, "invoiceLines", **amounts), "invoiceLines")


def _priced_text_line() -> Document:
    document = _customer_document("customerinvoice", "910002")
    fee = document["invoiceLines"][0] | {
        "lineNumber": 2,
        "lineType": "GN",
        "inventoryNumber": None,
        "description": "Fakturagebyr",
        "uom": None,
        **dict.fromkeys(("unitPrice", "unitPriceInCurrency", "amount", "amountInCurrency"), 49.0),
        "quantity": 1.0,
    }
    return _restated(document | {"invoiceLines": [*document["invoiceLines"], fee]}, "invoiceLines")


def _rounded_customer_invoice(number: str, difference: str, recipe: Recipe) -> Document:
    """Customer documents state the rounding difference in company currency only."""
    rate, rounding = Decimal(str(recipe.rate)), Decimal(difference)
    payable = _APPLES.amount - rounding
    document = _customer_document("customerinvoice", number, _APPLES, recipe=recipe)
    stated = dict.fromkeys(("amount", "balance"), float(cents(payable * rate)))
    stated |= dict.fromkeys(("amountInCurrency", "balanceInCurrency"), float(payable))
    return document | stated | {"roundingDiff": float(cents(rounding * rate))}


def _note(kind: str, number: str, applied_type: str, applied_number: str) -> Document:
    applied = {"docType": applied_type, "refNbr": applied_number, "amountPaid": 200.0, "balance": 0.0, "released": True}
    five = replace(_CARROTS, quantity=Decimal(5))
    return _customer_document(kind, number, five, applications=[applied], customerRefNumber="PO-4711")


_ORDERS: Final = (
    (
        "order_standard_pattern",
        "A Standard order is a pattern: never received or billed, Open for ever.",
        lambda: _order("610010", orderType="StandardBlanket"),
    ),
    (
        "order_blanket",
        "Nothing is delivered on a blanket order itself.",
        lambda: _order("610400", orderType="Blanket"),
    ),
    ("order_calloff_names_blanket", "Each line of a call-off names its blanket order, 610400.", _call_off),
    (
        "order_reverse_charge",
        "Two tax rows of one rate, one of them subtracted: 1000.00 in all.",
        lambda: _taxed_order("610002", "0.00", *_REVERSE_CHARGE),
    ),
    (
        "order_use_tax",
        "A use tax row is listed and not part of the total: 1000.00 in all.",
        lambda: _taxed_order("610003", "0.00", *_USE_TAX),
    ),
    (
        "order_partly_deductible_vat",
        "The row states the deductible half, the total both: 1250.00 in all.",
        lambda: _taxed_order("610004", "250.00", *_PARTLY_DEDUCTIBLE),
    ),
    ("order_amount_entered", "3 x 33.33 with the amount 100.00 entered.", _amount_entered),
    (
        "order_line_surcharge",
        "A discount of -10 % is a surcharge: 1100.00.",
        lambda: _discounted_order("610005", "-10"),
    ),
    ("order_line_free", "A discount of 100 %: the line costs nothing.", lambda: _discounted_order("610006", "100")),
    (
        "order_default_dates",
        "Requested is the order date, promised the header's day.",
        lambda: _order("610007"),
    ),
    (
        "order_eur",
        "On orders the plain fields are document currency, ...InBaseCurrency company currency.",
        lambda: _order("610008", _APPLES, recipe=_EUR),
    ),
    ("order_internal_note", "Notes of colleagues in header and line.", _noted_order),
)
_SUPPLIER_INVOICES: Final = (
    (
        "supplier_invoice_reverse_charge",
        "Two tax rows of one rate, one of them subtracted: 1000.00 in all.",
        lambda: _taxed_supplier_invoice("710001", "0.00", *_REVERSE_CHARGE),
    ),
    (
        "supplier_invoice_use_tax",
        "A use tax row is listed and not part of the total: 1000.00 in all.",
        lambda: _taxed_supplier_invoice("710002", "0.00", *_USE_TAX),
    ),
    (
        "supplier_invoice_partly_deductible_vat",
        "The row states the deductible half, the total both: 1250.00 in all.",
        lambda: _taxed_supplier_invoice("710003", "250.00", *_PARTLY_DEDUCTIBLE),
    ),
    (
        "supplier_invoice_eur_rounded_down",
        "EUR 250.30 - 0.30 = 250.00; the plain difference is NOK 3.51.",
        lambda: _rounded_supplier_invoice("710004", _APPLES, "0.30"),
    ),
    (
        "supplier_invoice_eur_rounded_up",
        "EUR 249.80 - (-0.20) = 250.00; the plain difference is NOK -2.34.",
        lambda: _rounded_supplier_invoice("710005", replace(_APPLES, price=Decimal("9.992")), "-0.20"),
    ),
    (
        "supplier_invoice_rounded_no_rate",
        "NOK 250.30 - 0.30 = 250.00 without an exchange rate.",
        lambda: _rounded_supplier_invoice("710006", _APPLES, "0.30", _NOK) | {"exchangeRate": None},
    ),
)
_CUSTOMER_INVOICES: Final = (
    ("customer_invoice_manual_amount", "25 x 40.00 with the amount 40.00 entered: 40.00 is due.", _manual_amount),
    ("customer_invoice_priced_text_line", "An invoice fee without an item number.", _priced_text_line),
    (
        "customer_invoice_eur_rounded",
        "EUR 250.30 rounded to 250.00; only the difference in NOK is stated, 3.51.",
        lambda: _rounded_customer_invoice("910003", "0.30", _EUR),
    ),
    (
        "customer_invoice_rounded",
        "NOK 250.30 - 0.30 = 250.00.",
        lambda: _rounded_customer_invoice("910004", "0.30", _NOK),
    ),
    (
        "customer_invoice_lines_null",
        "`lines` is null and `invoiceLines` has the lines.",
        lambda: _customer_document("customerinvoice", "910005") | {"lines": None},
    ),
    (
        "customer_invoice_negative_total",
        "An Invoice whose total is negative: goods taken back.",
        lambda: _customer_document("customerinvoice", "910006", replace(_CARROTS, quantity=Decimal(-5))),
    ),
    (
        "customer_invoice_sales_order_number",
        "Lines name the sales order that they come from.",
        lambda: _changed_line(
            _customer_document("customerinvoice", "910007"), "invoiceLines", soOrderNbr="200981", soOrderType="SO"
        ),
    ),
)
_CREDIT_NOTES: Final = (
    (
        "credit_note_applied_to_invoice",
        "What it credits stands in `applications`, on request only.",
        lambda: _note("customerCreditNote", "920001", "Invoice", "910007"),
    ),
)
_DEBIT_NOTES: Final = (
    (
        "debit_note_settled_by_payment",
        "A debit note has a list of its own; what settled it stands in `applications`, on request only.",
        lambda: _note("customerDebitNote", "930001", "Payment", "940001"),
    ),
)

SITUATIONS: Final[Mapping[str, Situation]] = {
    name: Situation(name, kind, rule, document)
    for kind, entries in {
        "purchaseorder": _ORDERS,
        "supplierInvoice": _SUPPLIER_INVOICES,
        "customerinvoice": _CUSTOMER_INVOICES,
        "customerCreditNote": _CREDIT_NOTES,
        "customerDebitNote": _DEBIT_NOTES,
    }.items()
    for name, rule, document in entries
}


def situation_named(name: str) -> Situation:
    """The situation of this name.

    Raises:
        ValueError: there is none.
    """
    try:
        return SITUATIONS[name]
    except KeyError:
        raise ValueError(f"The sandbox knows no situation '{name}'; it knows {', '.join(SITUATIONS)}.") from None
