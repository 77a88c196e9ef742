"""Reading Visma's supplier and customer invoices, credit notes and debit notes.

The fields named `...InCurrency` are in the currency of the document, the plain ones in the company's currency
(measured on customer invoices; Visma's own description says otherwise).
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from connector.domain.advice import BY_HAND
from connector.domain.documents import DocumentDiscount, ImpliedTotal, Invoice, InvoiceLine, Kind, Party, Tax
from connector.domain.errors import Parked
from connector.domain.invoice_types import INVOICE_TYPES, InvoiceType
from connector.domain.reasons import Reason
from connector.domain.totals import ZERO, before_rounding, magnitudes, prices_with_vat, rounded, smallest_unit
from connector.edi.visma.amounts import Names, figures_of
from connector.edi.visma.fields import Data, day, flag, missing, number, part, rows, text, unwrap, whole
from connector.edi.visma.parties import address_of, contact_of, internal_id_of, taxes_of, terms_of
from connector.kinds.facts import InvoiceNames

_CREDITED = frozenset({"Invoice", "INV", "DebitNote", "DRM", "FinCharge", "FCH"})

_ONE = Decimal(1)
# Figures in company currency are rounded one by one, so that their sums may be two cents apart.
_SLACK = Decimal("0.02")
_HALF_CENT = Decimal("0.005")
# A rate is rounded, too: what it comes to may be so far away, as a part of the amount.
_RATE_DIGITS = Decimal("0.0001")
# Amounts are rounded to whole ones of their currency at most.
_LARGEST_UNSEEN = Decimal("0.50")


def read_invoice(data: Data, invoice_number: str, *, kind: Kind, fields: InvoiceNames) -> Invoice:
    """Read an invoice of either kind; credit memos come with positive amounts (see `magnitudes`).

    Args:
        data: The Visma document.
        invoice_number: Its number.
        kind: Which of the two it is.
        fields: What Visma calls the fields of that kind.

    Raises:
        Parked: something indispensable is missing or cannot be understood.
    """
    invoiced_on = day(data, fields.date)
    if invoiced_on is None:
        raise missing(fields.date, "invoice date")
    party_number = text(part(data, fields.party), "number")
    if party_number is None:
        raise missing(f"{fields.party}.number", f"{fields.party} number")

    list_name, raw_lines = _lines(data)
    suffix = _suffix(data, raw_lines)
    net_of_tax = text(data, "taxCalculationMode") != "Gross" or not number(data, f"vatTotal{suffix}")
    if not net_of_tax:
        raise prices_with_vat(kind, "taxCalculationMode is Gross", "taxCalculationMode")
    currency = text(data, "currencyId")
    currency = currency.upper() if currency else None
    names = Names("quantity", fields.unit_price + suffix, fields.line_amount + suffix, f"discountAmount{suffix}")
    read = [
        _line(line, (list_name, index), fields, names, currency)
        for index, line in enumerate(raw_lines)
        if text(line, "lineType") != "DS"
    ]
    is_supplier = not kind.facts.we_sell
    order_source, order_number, customer_reference = _buyers_order(data)
    if is_supplier:
        of_lines = {line.order_number: f"{line.source}.poNumber" for line in reversed(read) if line.order_number}
        order_number, order_source = next(iter(of_lines.items())) if len(of_lines) == 1 else (None, "")
    invoice_type = INVOICE_TYPES.get(text(data, "documentType") or "", InvoiceType.INVOICE)

    invoice = _rounded(
        Invoice(
            kind=kind,
            number=invoice_number,
            invoice_type=invoice_type,
            voided=text(data, "status") == "Voided",
            invoiced_on=invoiced_on,
            due_on=day(data, fields.due_on),
            discount_due_on=day(data, "cashDiscountDate"),
            cash_discount=_cash_discount(data, suffix),
            counterparty=_party(data, fields.party, party_number),
            counterparty_reference=text(data, "supplierReference") if is_supplier else customer_reference,
            original_invoices=_credited(data, invoice_type),
            order_number=order_number,
            contract_number=text(data, "contractDocRef"),
            payment_reference=text(data, fields.payment_reference),
            description=text(data, fields.description),
            branch=text(part(data, "branchNumber"), "number"),
            currency=currency,
            terms=terms_of(data, "creditTerms"),
            lines=tuple(read),
            discounts=_discounts(data, raw_lines, suffix, names),
            taxes=_taxes(data, fields, suffix),
            detail_total=number(data, f"detailTotal{suffix}"),
            tax_total=number(data, f"vatTotal{suffix}"),
            rounding=number(data, f"roundingDiff{suffix}") or number(data, "roundingDiff") or ZERO,
            total=_total(data, fields, suffix),
            note=text(data, "note"),
            order_source=order_source,
            buyer_reference=None if is_supplier else text(data, "accountingCostRef"),
            other_references=() if is_supplier else _other_references(data, order_number),
        ),
        data,
        suffix,
    )
    if invoice.total is None:
        invoice = replace(invoice, implied_total=_implied_total(invoice, data, suffix))
    return magnitudes(invoice)


def _buyers_order(data: Data) -> tuple[str, str | None, str | None]:
    """The reference that stands for the customer's order: its field and the text; and the customer's own reference."""
    named = ((name, text(data, name)) for name in ("customerRefNumber", "externalReference", "originatorDocRef"))
    source, number = next(((name, said) for name, said in named if said), ("", None))
    return source, number, None if source == "originatorDocRef" else number


def _other_references(data: Data, order_number: str | None) -> tuple[str, ...]:
    """What Visma has of the customer beside the reference that stands for its order, each with what it is."""
    names = {
        "externalReference": "External reference",
        "originatorDocRef": "Originator reference",
        "customerProject": "Project",
    }
    found = ((name, text(data, field)) for field, name in names.items())
    return tuple(f"{name}: {said}" for name, said in found if said and said != order_number)


def _lines(data: Data) -> tuple[str, list[Data]]:
    """The list that has the lines. Visma: invoices of both sides have `invoiceLines`, credit notes have `lines`.

    Raises:
        Parked: both are filled and differ.
    """
    lines, invoice_lines = rows(data, "lines"), rows(data, "invoiceLines")
    if lines and invoice_lines and lines != invoice_lines:
        raise Parked(
            f"Visma gives this document two lists of lines that differ: {len(lines)} in lines, "
            f"{len(invoice_lines)} in invoiceLines.",
            next_step=f"Look the document up in Visma. {BY_HAND}",
            field="lines",
            code=Reason.TWO_LINE_LISTS,
        )
    return ("lines", lines) if lines or ("lines" in data and not invoice_lines) else ("invoiceLines", invoice_lines)


def _line(line: Data, place: tuple[str, int], fields: InvoiceNames, names: Names, currency: str | None) -> InvoiceLine:
    index = place[1]
    where = f"{place[0]}[{index}]"
    item = text(line, "inventoryNumber")
    theirs = text(line, "externalInventoryId")
    quantity, unit_price, discount, amount, empty = figures_of(
        line, names, where, currency, needed=item is not None, names_item=bool(item or theirs)
    )
    line_number = whole(line, "lineNumber", where)
    return InvoiceLine(
        number=index + 1 if line_number is None else line_number,
        item=item,
        description=text(line, fields.line_description),
        counterparty_item=theirs,
        quantity=quantity,
        unit=text(line, "uom"),
        unit_price=unit_price,
        discount=discount,
        amount=amount,
        tax_code=text(part(line, "vatCode"), "id"),
        order_number=text(line, "poNumber"),
        order_line=whole(line, "poLineNr", where) or None,
        note=text(line, "note"),
        is_text=item is None and empty,
        is_charge=text(line, "lineType") == "FR",
        source=where,
        sales_order=text(line, "soOrderNbr"),
        shipment=text(line, "soShipmentNbr"),
    )


def _credited(data: Data, invoice_type: InvoiceType) -> tuple[str, ...]:
    """The invoices that a credit note is applied to, in Visma's order.

    Visma: `applications` (ArAdjustDto) has `refNbr` and `docType`, a plain text; both the words of the API and the
    codes of the base product are understood, and without one a credit note is applied to an invoice. Refunds and
    payments stand in the same list, and so does what was proposed (nothing paid) or taken back (voided).
    """
    if invoice_type is not InvoiceType.CREDIT_MEMO:
        return ()
    found = []
    for index, row in enumerate(rows(data, "applications")):
        kind = text(row, "docType") or text(row, "documentType")
        paid = number(row, "amountPaid", f"applications[{index}]")
        if (kind is None or kind in _CREDITED) and paid != 0 and not flag(row, "voided"):
            found.append(text(row, "refNbr"))
    return tuple(dict.fromkeys(filter(None, found)))


def _suffix(data: Data, lines: list[Data]) -> str:
    """`InCurrency`, unless the whole document has no such field: then the plain ones serve, in company currency.

    Raises:
        Parked: only company currency is given, and the document is in another.
    """
    for fields in (data, *lines):
        for name, value in fields.items():
            if name.endswith("InCurrency") and unwrap(value) is not None:
                return "InCurrency"
    if (number(data, "exchangeRate") or _ONE) != 1:
        raise Parked(
            "Visma gives the amounts in the currency of the company only, and the document is in another.",
            next_step=f"Without its amounts in its own currency it cannot be sent. {BY_HAND}",
            field="exchangeRate",
            code=Reason.OTHER_CURRENCY_AMOUNTS,
        )
    return ""


def _party(data: Data, name: str, party_number: str) -> Party:
    return Party(
        number=party_number,
        name=text(part(data, name), "name"),
        location=text(part(data, "location"), "id"),
        location_name=text(part(data, "location"), "name"),
        internal_id=internal_id_of(part(data, name)),
        address=address_of(data, "invoiceAddress"),
        contact=contact_of(data, "invoiceContact"),
    )


def _discounts(data: Data, lines: list[Data], suffix: str, names: Names) -> tuple[DocumentDiscount, ...]:
    """The discount of the document: stated in the header, and in some documents only as lines of type `DS`."""
    amount = number(data, f"discountTotal{suffix}")
    if not amount:
        discount_lines = [(index, line) for index, line in enumerate(lines) if text(line, "lineType") == "DS"]
        amount = sum((number(line, names.amount, f"line {i + 1}") or ZERO for i, line in discount_lines), ZERO)
    return (DocumentDiscount(abs(amount)),) if amount else ()


def _taxes(data: Data, fields: InvoiceNames, suffix: str) -> tuple[Tax, ...]:
    """The VAT rates, in the currency of the document where that can be told.

    Visma has one field for either currency. A single rate takes the stated VAT. Several are restated by the exchange
    rate when the results add up to the stated VAT and lead back to Visma's rows; else they stay as they are, and do not
    add up.

    Raises:
        Parked: nothing but the rows states VAT, and nothing tells their currency.
    """
    taxes = taxes_of(data, fields.taxes)
    if not any(tax.amount for tax in taxes) or _is_company_currency(data, suffix):
        return taxes
    total, company_total = number(data, f"vatTotal{suffix}"), number(data, "vatTotal")
    if total is None:
        if number(data, f"amount{suffix}") is None:
            raise missing(f"vatTotal{suffix}", "VAT in the currency of the document")
        return taxes
    found = sum((tax.amount for tax in taxes), ZERO)
    if found != company_total or found == total:
        return taxes
    if len(taxes) == 1:
        return (replace(taxes[0], amount=total, taxable=number(data, f"vatTaxableTotal{suffix}")),)
    exchange = _exchange_rate(data, suffix)
    if exchange is None or exchange <= 1:
        # Several amounts of the document lead to the same amount of the company.
        return taxes
    restated = tuple(replace(tax, amount=rounded(tax.amount / exchange, None), taxable=None) for tax in taxes)
    is_restated = sum((row.amount for row in restated), ZERO) == total and all(
        rounded(row.amount * exchange, None) == tax.amount for row, tax in zip(restated, taxes, strict=True)
    )
    return restated if is_restated else taxes


def _cash_discount(data: Data, suffix: str) -> Decimal | None:
    """The cash discount that Visma grants: 0 for none, None where the document does not state it.

    Nothing is nothing in either currency, so a 0 in company currency is a statement as well.
    """
    own, company = number(data, f"cashDiscount{suffix}"), number(data, "cashDiscount")
    if own is not None or company is None:
        return own
    return company if not company or _is_company_currency(data, suffix) else None


def _total(data: Data, fields: InvoiceNames, suffix: str) -> Decimal | None:
    """What Visma says is payable. Supplier invoices state it in company currency only."""
    if fields.total.endswith(fields.in_currency):
        return number(data, f"amount{suffix}")
    return number(data, "amount") if _is_company_currency(data, suffix) else None


def _implied_total(invoice: Invoice, data: Data, suffix: str) -> ImpliedTotal | None:
    """What the total in company currency comes to in the currency of the document; None where nothing leads there.

    The rate is that of the two detail totals, so that it does not matter which way round Visma gives its own. Figures
    in company currency are sums of amounts that were rounded one by one, and VAT is rounded in each currency by itself.
    """
    amount, company = number(data, "amount"), number(data, "detailTotal")
    own = number(data, f"detailTotal{suffix}")
    if amount is None or not company or not own:
        return None
    slack = _SLACK + _HALF_CENT * (len(invoice.lines) + len(invoice.taxes))
    within = slack * (1 + abs(amount / company)) * abs(own / company)
    within += smallest_unit(invoice.currency) / 2 * (len(invoice.taxes) + 1)
    return ImpliedTotal(abs(amount * own / company), within)


def _is_company_currency(data: Data, suffix: str) -> bool:
    """Whether the plain amounts are those of the document; without an exchange rate, whether they are the same."""
    exchange = number(data, "exchangeRate")
    if not suffix or exchange is not None:
        return exchange in {None, _ONE}
    pairs = [(number(data, name), number(data, f"{name}{suffix}")) for name in ("detailTotal", "vatTotal", "amount")]
    known = [(plain, stated) for plain, stated in pairs if plain is not None and stated is not None]
    return any(plain for plain, _ in known) and all(plain == stated for plain, stated in known)


def _rounded(invoice: Invoice, data: Data, suffix: str) -> Invoice:
    """The invoice with its rounding difference in its own currency, and the total that follows from its sign.

    Visma: what is payable is what lines, discounts and VAT add up to, less the rounding difference; but the sign of
    the field is not documented, so it is never assumed. A stated total tells it. Without one (supplier invoices in a
    foreign currency) the figures in company currency tell whether rounding raised or lowered the total. The balance
    tells nothing: it changes with every payment.

    Raises:
        Parked: nothing tells the sign or the amount.
    """
    own, company = number(data, f"roundingDiff{suffix}"), number(data, "roundingDiff")
    if invoice.total is not None:
        if own or _is_company_currency(data, suffix):
            return invoice
        return _rounded_by_total(invoice, invoice.total, company or ZERO, data, suffix)
    if not invoice.rounding:
        return invoice
    before = before_rounding(invoice)
    raised = _raised_by_rounding(data, own, company, suffix)
    size = abs(own) if own else _in_document_currency(company, data, suffix, invoice.currency)
    if raised is None or size is None:
        raise Parked(
            f"Visma states a rounding difference of {invoice.rounding:f}, and nothing tells whether it raises or "
            f"lowers the {rounded(before, invoice.currency):f} that lines, discounts and VAT add up to.",
            next_step=f"Look up in Visma what is payable. {BY_HAND}",
            field=f"roundingDiff{suffix}",
            code=Reason.ROUNDING_UNCLEAR,
        )
    rounding = size if raised else -size
    return replace(invoice, rounding=rounding, total=before + rounding)


def _rounded_by_total(invoice: Invoice, total: Decimal, company: Decimal, data: Data, suffix: str) -> Invoice:
    """The invoice with the rounding difference that its stated total shows, if Visma's field agrees.

    The field is filled in company currency only, where a small difference may round to zero.
    """
    rounding = total - before_rounding(invoice)
    restated = _in_company_currency(rounding, data, suffix) if rounding else None
    if restated is None:
        return invoice
    if company:
        agrees = _of_one_size(restated, company)
    else:
        agrees = not rounded(restated, None) and abs(rounding) <= _LARGEST_UNSEEN
    return replace(invoice, rounding=rounding) if agrees else invoice


def _raised_by_rounding(data: Data, own: Decimal | None, company: Decimal | None, suffix: str) -> bool | None:
    """Whether the amount in company currency lies above the sum of its parts; None when it tells nothing."""
    parts, amount = number(data, "detailTotal"), number(data, "amount")
    if parts is None or amount is None:
        return None
    discount, vat = number(data, "discountTotal") or ZERO, number(data, "vatTotal") or ZERO
    raised_by = amount - (parts - discount + vat)
    # Each of the figures was rounded by itself, so a small difference has no sign.
    noise = _HALF_CENT * sum(map(bool, (parts, amount, discount, vat)))
    expected = company or (_in_company_currency(own, data, suffix) if own else None)
    return raised_by > 0 if abs(raised_by) > noise and _of_one_size(raised_by, expected) else None


def _of_one_size(one: Decimal | None, other: Decimal | None) -> bool:
    """Whether two amounts in company currency are the same but for their signs and what rounding does."""
    return one is not None and other is not None and abs(abs(one) - abs(other)) <= _SLACK


def _exchange_rate(data: Data, suffix: str) -> Decimal | None:
    """Company currency for one of the document's.

    Which way round Visma gives its rate is not documented; the totals tell, and they serve where it gives none.
    """
    exchange = number(data, "exchangeRate")
    company, own = number(data, "detailTotal"), number(data, f"detailTotal{suffix}")
    if not company or not own:
        return exchange or None
    if exchange and abs(own * exchange - company) <= _SLACK + abs(company) * _RATE_DIGITS:
        return exchange
    return company / own


def _in_company_currency(amount: Decimal, data: Data, suffix: str) -> Decimal | None:
    exchange = _exchange_rate(data, suffix)
    return None if exchange is None else amount * exchange


def _in_document_currency(amount: Decimal | None, data: Data, suffix: str, currency: str | None) -> Decimal | None:
    """An amount in company currency restated, where only one amount of the document leads to it."""
    exchange = _exchange_rate(data, suffix)
    if amount is None or exchange is None or exchange < 1:
        return None
    restated = rounded(abs(amount) / exchange, currency)
    return restated if rounded(restated * exchange, None) == abs(amount) else None
