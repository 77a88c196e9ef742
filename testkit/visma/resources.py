"""The lists of the sandbox Visma: keys, filters and expanded fields (Visma: OpenAPI of 2025)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Document = dict[str, Any]
Path = tuple[str, ...]

PURCHASE_ORDER_STATUSES: Final = frozenset(
    {"Balanced", "Cancelled", "Closed", "Hold", "Open", "PendingEmail", "PendingPrint", "Printed", "Voided"}
)
_PURCHASE_ORDER_TYPES: Final = frozenset({"RegularOrder", "DropShip", "Blanket", "StandardBlanket"})
_SUPPLIER_INVOICE_STATUSES: Final = frozenset(
    {"Hold", "Balanced", "Voided", "Scheduled", "Open", "Closed", "Printed", "Prebooked", "Reserved"}
)
_CUSTOMER_INVOICE_STATUSES: Final = frozenset(
    {"Hold", "Balanced", "Voided", "Scheduled", "Open", "Closed", "PendingPrint", "PendingEmail"}
    | {"CreditHold", "CcHold", "Reserved"}
)
_CUSTOM_FIELDS: Final = (
    *(f"customStr{n}" for n in range(1, 6)),
    *("customDec1", "customDec2", "customInt1", "customInt2", "customDateTimeUTC1"),
)


@dataclass(frozen=True, slots=True)
class Resource:
    """One list.

    Attributes:
        name: The name in paths and control routes.
        number: The field with the key of the URL.
        typed: True when the key is document type and number.
        equals: Filters by equality: parameter -> path of the value.
        dates: Filters with an operator in `<parameter>Condition`: parameter -> field.
        values: Parameters with a list of values -> the values.
        expansions: Parameters of the list that must be `true` for fields to be returned -> the fields; `lines.name` is
            the field `name` of each element of `lines`.
        single_parameters: Those of them that a read of a single document supports.
        unsupported: Documented filters that the sandbox does not support; they are answered with 501.
        paged: False for short lists without pages and metadata.
        row_version: True when the document has its row version in `timeStamp`.
    """

    name: str
    number: str
    typed: bool = False
    equals: Mapping[str, Path] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    expansions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    single_parameters: frozenset[str] = frozenset()
    unsupported: frozenset[str] = frozenset()
    paged: bool = True
    row_version: bool = True

    @property
    def shows_creation(self) -> bool:
        """True when documents have `createdDateTime`: those with a filter by it (Visma: not purchase orders)."""
        return "createdDateTime" in self.dates

    def hidden(self, parameters: Mapping[str, str], asked: frozenset[str] | None = None) -> frozenset[str]:
        """The fields that these parameters do not expand; of the expansions only `asked`, None for all."""
        return frozenset(
            name
            for parameter, names in self.expansions.items()
            if (asked is None or parameter in asked) and parameters.get(parameter, "").lower() != "true"
            for name in names
        )


_MODIFIED: Final = {"lastModifiedDateTime": "lastModifiedDateTime"}
_CREATED: Final = {"createdDateTime": "createdDateTime"}

_CUSTOMER_DOCUMENT: Final = {
    "equals": {
        "documentType": ("documentType",),
        "status": ("status",),
        "customer": ("customer", "number"),
        "branch": ("branchNumber", "number"),
        "financialPeriod": ("financialPeriod",),
        "closedFinancialPeriod": ("closedFinancialPeriod",),
        "externalReference": ("externalReference",),
        "paymentReference": ("paymentReference",),
        "customerRefNumber": ("customerRefNumber",),
    },
    "dates": {**_MODIFIED, **_CREATED, "documentDate": "documentDate", "documentDueDate": "documentDueDate"},
    "values": {"status": _CUSTOMER_INVOICE_STATUSES},
    "expansions": {
        "expandTaxDetails": ("taxDetails",),
        "expandInvoiceAddress": ("invoiceAddress", "invoiceContact"),
        "expandAttachments": ("attachments",),
        "expandApplications": ("applications",),
        "expandDunningInformation": ("dunningLetterDate", "dunningLetterLevel"),
    },
    "unsupported": frozenset({"released", "dunningLevel", "dunningLetterDateTime", "project"}),
}

RESOURCES: Final[Mapping[str, Resource]] = {
    resource.name.lower(): resource
    for resource in (
        Resource(
            "purchaseorder",
            "orderNbr",
            equals={
                "orderType": ("orderType",),
                "orderStatus": ("status",),
                "supplier": ("supplier", "number"),
                "branch": ("branch", "number"),
            },
            dates={**_MODIFIED, "orderDate": "date", "deliveryDate": "promisedOn"},
            values={"orderType": _PURCHASE_ORDER_TYPES, "orderStatus": PURCHASE_ORDER_STATUSES},
            expansions={"includeCustomFreeFields": (*_CUSTOM_FIELDS, *(f"lines.{name}" for name in _CUSTOM_FIELDS))},
            single_parameters=frozenset({"includeCustomFreeFields"}),
        ),
        Resource(
            "supplierInvoice",
            "referenceNumber",
            typed=True,
            equals={
                "documentType": ("documentType",),
                "status": ("status",),
                "supplier": ("supplier", "number"),
                "branch": ("branchNumber", "number"),
                "financialPeriod": ("financialPeriod",),
            },
            dates={**_MODIFIED, **_CREATED, "docDate": "date", "dueDate": "dueDate"},
            values={
                "status": _SUPPLIER_INVOICE_STATUSES,
                "documentType": frozenset({"Invoice", "CreditAdj", "DebitAdj", "Prepayment", "Refund", "Payment"}),
            },
            expansions={
                "expandNote": ("note",),
                "expandAttachment": ("attachments",),
                "expandLandedCosts": ("landedCosts",),
                "expandApproval": ("approvalDetails", "approvalStatus"),
                "expandLinePrebookAccounts": ("invoiceLines.prebookAccount", "invoiceLines.prebookSubaccount"),
            },
            single_parameters=frozenset({"expandLandedCosts", "expandLinePrebookAccounts"}),
            unsupported=frozenset({"released", "project", "item", "balance"}),
        ),
        Resource("customerinvoice", "referenceNumber", **_CUSTOMER_DOCUMENT),  # type: ignore[arg-type] # one literal
        Resource("customerCreditNote", "referenceNumber", **_CUSTOMER_DOCUMENT),  # type: ignore[arg-type] # as above
        Resource("customerDebitNote", "referenceNumber", **_CUSTOMER_DOCUMENT),  # type: ignore[arg-type] # as above
        Resource(
            "supplier",
            "number",
            equals={"name": ("name",), "status": ("status",), "corporateId": ("corporateId",)},
            dates=_MODIFIED,
            expansions={"expandNote": ("note",)},
            unsupported=frozenset({"orderBy", "vatRegistrationId", "attributes", "expandAccountInformation"}),
        ),
        Resource(
            "customer",
            "number",
            equals={"name": ("name",), "status": ("status",), "corporateId": ("corporateId",)},
            dates={**_MODIFIED, **_CREATED},
            unsupported=frozenset({"vatRegistrationId", "email", "phone", "attributes", "expandAccountInformation"}),
        ),
        Resource(
            "branch", "number", dates=_MODIFIED, unsupported=frozenset({"orderBy"}), paged=False, row_version=False
        ),
        Resource("organization", "organizationCd", dates=_MODIFIED, paged=False),
    )
}


def resource_named(name: str) -> Resource:
    """The list with this name; case does not matter, as in Visma's routes.

    Raises:
        ValueError: there is none.
    """
    try:
        return RESOURCES[name.lower()]
    except KeyError:
        known = ", ".join(resource.name for resource in RESOURCES.values())
        raise ValueError(f"The sandbox Visma has no '{name}'; it has {known}.") from None
