"""Reading Visma's supplier and customer invoices, credit notes and debit notes.

The fields named `...InCurrency` are in the currency of the document, the plain ones in the company's currency
(measured on customer invoices; Visma's own description says otherwise).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from connector.domain.advice import BY_HAND
from connector.domain.documents import DocumentDiscount, ImpliedTotal, Invoice, InvoiceLine, Kind, Party, Tax
from connector.domain.errors import Parked
from connector.domain.invoice_types import INVOICE_TYPES, InvoiceType
from connector.domain.reasons import Reason
from connector.domain.totals import ZERO, before_rounding, magnitudes, prices_with_vat, rounded, smallest_unit
from connector.edi.visma import shape
from connector.edi.visma.amounts import PLAIN, Names, figures_of
from connector.edi.visma.fields import day_of, each, missing, said
from connector.edi.visma.parties import address_of, contact_of, internal_id_of, taxes_of, terms_of
from connector.edi.visma.shape import NOTHING
from connector.kinds.facts import InvoiceNames

IN_CURRENCY = Names(unit_price="unit_price_in_currency", amount="amount_in_currency", discount="discount_in_currency")
_HEADER_IN_CURRENCY = [name for name in shape.Invoice.__struct_fields__ if name.endswith("_in_currency")]
_LINE_IN_CURRENCY = [name for name in shape.InvoiceLine.__struct_fields__ if name.endswith("_in_currency")]

_ORDERS = {
    "customer_ref_number": "customerRefNumber",
    "external_reference": "externalReference",
    "originator_doc_ref": "originatorDocRef",
}
"""References of the customer, with their names at Visma. The first one is kept as `order_number`, and hashed; whether
it is an order number is decided when the document is written (`canonical.py`)."""

_OTHERS = {
    # Visma's e-invoices have it as the reference of the buyer (Peppol BT-10), and the contact as its contact (BT-56).
    "external_reference": "Your reference",
    "originator_doc_ref": "Originator reference",
    "customer_project": "Project",
}
"""Further references of the customer, with what they are called."""

_CREDITED = frozenset({"Invoice", "INV", "DebitNote", "DRM", "FinCharge", "FCH"})

_ONE = Decimal(1)
# Figures in company currency are rounded one by one, so that their sums may be two cents apart.
_SLACK = Decimal("0.02")
# Half cents of both signs: with a thousand lines, their sum passes this once in a million documents.
_MAX_SLACK = Decimal("0.50")
_HALF_CENT = Decimal("0.005")
# A rate is rounded, too: what it comes to may be so far away, as a part of the amount.
_RATE_DIGITS = Decimal("0.0001")
# Amounts are rounded to whole ones of their currency at most.
_MAX_UNSEEN = Decimal("0.50")


def read_invoice(data: shape.Invoice, invoice_number: str, *, kind: Kind, fields: InvoiceNames) -> Invoice:
    """Read an invoice of either kind; credit memos come with positive amounts (see `magnitudes`).

    Args:
        data: The Visma document.
        invoice_number: Its number.
        kind: Which of the two it is.
        fields: What Visma calls the fields of that kind.

    Raises:
        Parked: something indispensable is missing or cannot be understood.
    """
    invoiced_on = day_of(data.date)
    if invoiced_on is None:
        raise missing(fields.date, "invoice date", by_api=True)
    party_number = said((data.party or NOTHING).number)
    if party_number is None:
        raise missing(f"{fields.party}.number", f"{fields.party} number", by_api=True)

    list_name, raw_lines = _lines(data)
    suffix = _suffix(data, raw_lines)
    net_of_tax = said(data.tax_calculation_mode) != "Gross" or not getattr(data, f"vat_total{suffix}")
    if not net_of_tax:
        raise prices_with_vat(kind, "taxCalculationMode is Gross", "taxCalculationMode")
    currency = said(data.currency_id)
    currency = currency.upper() if currency else None
    names = IN_CURRENCY if suffix else PLAIN
    each_read = each(_line, raw_lines, list_name, (names, currency))
    read = [line for line in each_read if line is not None]
    is_supplier = not kind.facts.we_sell
    order_source, order_number, customer_reference = _buyers_order(data)
    if is_supplier:
        of_lines = {line.order_number: f"{line.source}.poNumber" for line in reversed(read) if line.order_number}
        order_number, order_source = next(iter(of_lines.items())) if len(of_lines) == 1 else (None, "")
    invoice_type = INVOICE_TYPES.get(said(data.document_type) or "", InvoiceType.INVOICE)

    invoice = _rounded(
        Invoice(
            kind=kind,
            number=invoice_number,
            invoice_type=invoice_type,
            voided=said(data.status) == "Voided",
            invoiced_on=invoiced_on,
            due_on=day_of(data.due_date),
            discount_due_on=day_of(data.cash_discount_date),
            cash_discount=_cash_discount(data, suffix),
            counterparty=_party(data, party_number),
            counterparty_reference=said(data.supplier_reference) if is_supplier else customer_reference,
            original_invoices=_credited(data, invoice_type),
            order_number=order_number,
            contract_number=said(data.contract_doc_ref),
            payment_reference=said(data.payment_reference),
            description=said(data.description),
            branch=said((data.branch_number or NOTHING).number),
            currency=currency,
            terms=terms_of(data.credit_terms),
            lines=tuple(read),
            discounts=_discounts(data, raw_lines, suffix, names),
            taxes=_taxes(data, suffix),
            detail_total=getattr(data, f"detail_total{suffix}"),
            tax_total=getattr(data, f"vat_total{suffix}"),
            rounding=getattr(data, f"rounding_diff{suffix}") or data.rounding_diff or ZERO,
            total=_total(data, fields, suffix),
            note=said(data.note),
            order_source=order_source,
            buyer_reference=None if is_supplier else said(data.accounting_cost_ref),
            sent_by_visma="AutoInvoice (sendToAutoInvoice)" if data.send_to_auto_invoice and not is_supplier else "",
            other_references=() if is_supplier else _other_references(data),
            is_instalment=_is_instalment(data, raw_lines, read, is_supplier=is_supplier),
        ),
        data,
        suffix,
    )
    if invoice.total is None:
        invoice = replace(invoice, implied_total=_implied_total(invoice, data, suffix))
    return magnitudes(invoice)


def _buyers_order(data: shape.Invoice) -> tuple[str, str | None, str | None]:
    """The reference that stands for the customer's order: its field and the text; and the customer's own reference."""
    for name, field in _ORDERS.items():
        if number := said(getattr(data, name)):
            return field, number, None if field == "originatorDocRef" else number
    return "", None, None


def _other_references(data: shape.Invoice) -> tuple[str, ...]:
    """The further references of the customer, each with what it is; one of them may stand for its order."""
    found = [(name, said(getattr(data, field))) for field, name in _OTHERS.items()]
    contact = said((data.contact or NOTHING).name)
    if contact != said((data.party or NOTHING).name):
        found.append(("Your contact", contact))
    return tuple([f"{name}: {text}" for name, text in found if text])


def _is_instalment(
    data: shape.Invoice, raw_lines: Sequence[shape.InvoiceLine], read: Sequence[InvoiceLine], *, is_supplier: bool
) -> bool:
    """Whether the document looks like an instalment of another invoice.

    Visma's payment terms may have several instalments (CS206500). The base product then makes a document of each when
    the invoice is released (Acumatica, `CreateInstallments`): its only line has an amount, the ledger account of the
    document and a text in the language of the other side, and there is no VAT. Visma's supplier invoice does not name
    its ledger account; it is a liability.
    """
    if len(raw_lines) != 1 or len(read) != 1 or data.vat_total or data.vat_total_in_currency:
        return False
    (raw,), (line,) = raw_lines, read
    account = raw.account
    if account is None or raw.quantity or not line.amount or line.item or line.counterparty_item or line.order_number:
        return False
    if is_supplier:
        return said(account.type) == "Liability"
    own = said(data.account.number) if data.account is not None else None
    return own is not None and said(account.number) == own


def _lines(data: shape.Invoice) -> tuple[str, Sequence[shape.InvoiceLine]]:
    """The list that has the lines. Visma: invoices of both sides have `invoiceLines`, credit notes have `lines`.

    Raises:
        Parked: both are filled and differ.
    """
    lines, invoice_lines = data.lines or (), data.invoice_lines or ()
    if lines and invoice_lines and lines != invoice_lines:
        raise Parked(
            f"Visma gives this document two lists of lines that differ: {len(lines)} in lines, "
            f"{len(invoice_lines)} in invoiceLines.",
            next_step=f"Look the document up in Visma. {BY_HAND}",
            field="lines",
            code=Reason.TWO_LINE_LISTS,
        )
    return ("lines", lines) if lines else ("invoiceLines", invoice_lines)


def _line(line: shape.InvoiceLine, where: str, shared: tuple[Names, str | None]) -> InvoiceLine | None:
    """A line; None when it only states the discount of the document."""
    names, currency = shared
    line_type = said(line.line_type)
    if line_type == "DS":
        return None
    # Texts of lines are stripped in place: the calls would take as long as all else.
    item, theirs = line.item, line.their_item
    item = (item.strip() or None) if item else None
    theirs = (theirs.strip() or None) if theirs else None
    quantity, unit_price, discount, amount, is_empty = figures_of(
        line, names, currency, needed=item is not None, names_item=bool(item or theirs)
    )
    number, description, unit = line.number, line.description, line.unit
    # In the order of the record: with their names it takes five times as long.
    return InvoiceLine(
        _place(where) if number is None else number,
        item,
        (description.strip() or None) if description else None,
        theirs,
        quantity,
        (unit.strip() or None) if unit else None,
        unit_price,
        discount,
        amount,
        said(line.vat_code.id) if line.vat_code is not None else None,
        said(line.po_number) if line.po_number else None,
        line.po_line_nr or None,
        said(line.note) if line.note else None,
        item is None and is_empty,
        line_type == "FR",
        where,
        said(line.so_order_nbr) if line.so_order_nbr else None,
        said(line.so_shipment_nbr) if line.so_shipment_nbr else None,
    )


def _place(where: str) -> int:
    """The place of a line in its list, from 1."""
    return int(where.rpartition("[")[2][:-1]) + 1


def _credited(data: shape.Invoice, invoice_type: InvoiceType) -> tuple[str, ...]:
    """The invoices that a credit note is applied to, in Visma's order.

    Visma: `applications` (ArAdjustDto) has `refNbr` and `docType`, a plain text; both the words of the API and the
    codes of the base product are understood, and without one a credit note is applied to an invoice. Refunds and
    payments stand in the same list, and so does what was proposed (nothing paid) or taken back (voided).
    """
    if invoice_type is not InvoiceType.CREDIT_MEMO:
        return ()
    found = []
    for row in data.applications or ():
        kind = said(row.doc_type) or said(row.document_type)
        paid = row.amount_paid
        if (kind is None or kind in _CREDITED) and paid != 0 and not row.voided:
            found.append(said(row.ref_nbr))
    return tuple(dict.fromkeys(filter(None, found)))


def _suffix(data: shape.Invoice, lines: Sequence[shape.InvoiceLine]) -> str:
    """`_in_currency`, unless the whole document has no such field: then the plain ones serve, in company currency.

    Raises:
        Parked: only company currency is given, and the document is in another.
    """
    if any(map(data.states, _HEADER_IN_CURRENCY)) or any(any(map(line.states, _LINE_IN_CURRENCY)) for line in lines):
        return "_in_currency"
    if (data.exchange_rate or _ONE) != 1:
        raise Parked(
            "Visma gives the amounts in the currency of the company only, and the document is in another.",
            next_step=f"Without its amounts in its own currency it cannot be sent. {BY_HAND}",
            field="exchangeRate",
            code=Reason.OTHER_CURRENCY_AMOUNTS,
        )
    data.refuse_plain()
    return ""


def _party(data: shape.Invoice, party_number: str) -> Party:
    party = data.party or NOTHING
    name = said(party.name)
    location = data.location or NOTHING
    return Party(
        number=party_number,
        name=name,
        location=said(location.id),
        location_name=said(location.name),
        internal_id=internal_id_of(party),
        address=address_of(data.invoice_address),
        contact=contact_of(data.invoice_contact),
    )


def _discounts(
    data: shape.Invoice, lines: Sequence[shape.InvoiceLine], suffix: str, names: Names
) -> tuple[DocumentDiscount, ...]:
    """The discount of the document: stated in the header, and in some documents only as lines of type `DS`."""
    amount = getattr(data, f"discount_total{suffix}")
    if not amount:
        amounts = [getattr(line, names.amount) for line in lines if said(line.line_type) == "DS"]
        shape.refuse_implausible(*amounts)
        amount = sum((stated or ZERO for stated in amounts), ZERO)
    return (DocumentDiscount(abs(amount)),) if amount else ()


def _taxes(data: shape.Invoice, suffix: str) -> tuple[Tax, ...]:
    """The VAT rates, in the currency of the document where that can be told.

    Visma has one field for either currency. A single rate takes the stated VAT. Several are restated by the exchange
    rate when the results add up to the stated VAT and lead back to Visma's rows; else they stay as they are, and do not
    add up.

    Raises:
        Parked: nothing but the rows states VAT, and nothing tells their currency.
    """
    taxes = taxes_of(data.taxes)
    if not any(tax.amount for tax in taxes) or _is_company_currency(data, suffix):
        return taxes
    total, company_total = getattr(data, f"vat_total{suffix}"), data.vat_total
    if total is None:
        if getattr(data, f"amount{suffix}") is None:
            raise missing(data.path(f"vat_total{suffix}"), "VAT in the currency of the document", by_api=True)
        return taxes
    found = sum((tax.amount for tax in taxes), ZERO)
    if found != company_total or found == total:
        return taxes
    if len(taxes) == 1:
        return (replace(taxes[0], amount=total, taxable=getattr(data, f"vat_taxable_total{suffix}")),)
    exchange = _exchange_rate(data, suffix)
    if exchange is None or exchange <= 1:
        # Several amounts of the document lead to the same amount of the company.
        return taxes
    restated = tuple(replace(tax, amount=rounded(tax.amount / exchange, None), taxable=None) for tax in taxes)
    is_restated = sum((row.amount for row in restated), ZERO) == total and all(
        rounded(row.amount * exchange, None) == tax.amount for row, tax in zip(restated, taxes, strict=True)
    )
    return restated if is_restated else taxes


def _cash_discount(data: shape.Invoice, suffix: str) -> Decimal | None:
    """The cash discount that Visma grants: 0 for none, None where the document does not state it.

    Nothing is nothing in either currency, so a 0 in company currency is a statement as well.
    """
    own: Decimal | None = getattr(data, f"cash_discount{suffix}")
    company = data.cash_discount
    if own is not None or company is None:
        return own
    return company if not company or _is_company_currency(data, suffix) else None


def _total(data: shape.Invoice, fields: InvoiceNames, suffix: str) -> Decimal | None:
    """What Visma says is payable. Supplier invoices state it in company currency only."""
    if fields.total.endswith(fields.in_currency):
        stated: Decimal | None = getattr(data, f"amount{suffix}")
        return stated
    return data.amount if _is_company_currency(data, suffix) else None


def _implied_total(invoice: Invoice, data: shape.Invoice, suffix: str) -> ImpliedTotal | None:
    """What the total in company currency comes to in the currency of the document; None where nothing leads there.

    The rate is that of the two detail totals, so that it does not matter which way round Visma gives its own. Figures
    in company currency are sums of amounts that were rounded one by one, and VAT is rounded in each currency by itself.
    """
    amount, company = data.amount, data.detail_total
    own = getattr(data, f"detail_total{suffix}")
    if amount is None or not company or not own:
        return None
    slack = min(_SLACK + _HALF_CENT * (len(invoice.lines) + len(invoice.taxes)), _MAX_SLACK)
    within = slack * (1 + abs(amount / company)) * abs(own / company)
    within += smallest_unit(invoice.currency) / 2 * (len(invoice.taxes) + 1)
    return ImpliedTotal(abs(amount * own / company), within)


def _is_company_currency(data: shape.Invoice, suffix: str) -> bool:
    """Whether the plain amounts are those of the document; without an exchange rate, whether they are the same."""
    exchange = data.exchange_rate
    if not suffix or exchange is not None:
        return exchange in {None, _ONE}
    pairs = [
        (getattr(data, name), getattr(data, f"{name}{suffix}")) for name in ("detail_total", "vat_total", "amount")
    ]
    known = [(plain, stated) for plain, stated in pairs if plain is not None and stated is not None]
    return any(plain for plain, _ in known) and all(plain == stated for plain, stated in known)


def _rounded(invoice: Invoice, data: shape.Invoice, suffix: str) -> Invoice:
    """The invoice with its rounding difference in its own currency, and the total that follows from its sign.

    Visma: what is payable is what lines, discounts and VAT add up to, less the rounding difference; but the sign of
    the field is not documented, so it is never assumed. A stated total tells it. Without one (supplier invoices in a
    foreign currency) the figures in company currency tell whether rounding raised or lowered the total. The balance
    tells nothing: it changes with every payment.

    Raises:
        Parked: nothing tells the sign or the amount.
    """
    own, company = getattr(data, f"rounding_diff{suffix}"), data.rounding_diff
    if invoice.total is not None:
        if own or _is_company_currency(data, suffix):
            return invoice
        return _rounded_by_total(invoice, invoice.total, company or ZERO, data, suffix)
    if not own and company and _restated(company, data, suffix, invoice.currency) == ZERO:
        invoice = replace(invoice, rounding=ZERO)
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
            field=data.path(f"rounding_diff{suffix}"),
            code=Reason.ROUNDING_UNCLEAR,
        )
    rounding = size if raised else -size
    return replace(invoice, rounding=rounding, total=before + rounding)


def _rounded_by_total(invoice: Invoice, total: Decimal, company: Decimal, data: shape.Invoice, suffix: str) -> Invoice:
    """The invoice with the rounding difference that its stated total shows, if Visma's field agrees.

    The field is filled in company currency only, where a small difference may round to zero, and where the conversion
    alone may make one. If it does not agree, the difference is what the field comes to in the document's currency:
    amounts of two currencies are never added up.
    """
    rounding = total - before_rounding(invoice)
    converted = _in_company_currency(rounding, data, suffix)
    if converted is None or abs(company) == abs(rounding):
        return invoice
    if company:
        agrees = _of_one_size(converted, company)
    else:
        agrees = not rounded(converted, None) and abs(rounding) <= _MAX_UNSEEN
    restated = rounding if agrees else _restated(company, data, suffix, invoice.currency)
    return invoice if restated is None else replace(invoice, rounding=restated)


def _raised_by_rounding(data: shape.Invoice, own: Decimal | None, company: Decimal | None, suffix: str) -> bool | None:
    """Whether the amount in company currency lies above the sum of its parts; None when it tells nothing."""
    parts, amount = data.detail_total, data.amount
    if parts is None or amount is None:
        return None
    discount, vat = data.discount_total or ZERO, data.vat_total or ZERO
    raised_by = amount - (parts - discount + vat)
    # Each of the figures was rounded by itself, so a small difference has no sign.
    noise = _HALF_CENT * sum(map(bool, (parts, amount, discount, vat)))
    expected = company or (_in_company_currency(own, data, suffix) if own else None)
    return raised_by > 0 if abs(raised_by) > noise and _of_one_size(raised_by, expected) else None


def _of_one_size(one: Decimal | None, other: Decimal | None) -> bool:
    """Whether two amounts in company currency are the same but for their signs and what rounding does."""
    return one is not None and other is not None and abs(abs(one) - abs(other)) <= _SLACK


def _exchange_rate(data: shape.Invoice, suffix: str) -> Decimal | None:
    """Company currency for one of the document's.

    Which way round Visma gives its rate is not documented; the totals tell, and they serve where it gives none.
    """
    exchange = data.exchange_rate
    company = data.detail_total
    own: Decimal | None = getattr(data, f"detail_total{suffix}")
    if not company or not own:
        return exchange or None
    if exchange and abs(own * exchange - company) <= _SLACK + abs(company) * _RATE_DIGITS:
        return exchange
    return company / own


def _in_company_currency(amount: Decimal, data: shape.Invoice, suffix: str) -> Decimal | None:
    exchange = _exchange_rate(data, suffix)
    return None if exchange is None else amount * exchange


def _restated(amount: Decimal, data: shape.Invoice, suffix: str, currency: str | None) -> Decimal | None:
    """What an amount in company currency comes to in the document's, whether or not another one leads to it as well."""
    exchange = _exchange_rate(data, suffix)
    return None if exchange is None else rounded(amount / exchange, currency)


def _in_document_currency(
    amount: Decimal | None, data: shape.Invoice, suffix: str, currency: str | None
) -> Decimal | None:
    """An amount in company currency restated, where only one amount of the document leads to it."""
    exchange = _exchange_rate(data, suffix)
    if amount is None or exchange is None or exchange < 1:
        return None
    restated = rounded(abs(amount) / exchange, currency)
    return restated if rounded(restated * exchange, None) == abs(amount) else None
