"""The address of one document at Visma, and whether an answer says that Visma has no such document."""

from __future__ import annotations

import base64
import re

from connector.adapters.http import Answer
from connector.domain.errors import Transient
from connector.services.ports import Resource

# Visma: 12027 no licence for this company, 12002 company header missing or wrong; with status 400 or 500.
COMPANY_FAULTS = frozenset({"12027", "12002"})

_PLAIN_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,60}")


def document_path(resource: Resource, number: str, document_type: str = "") -> str:
    """The path of a document.

    Visma: an identifier with reserved characters is written `b64(...)`, in URL-safe base64.

    Args:
        resource: The list of the document.
        number: The number of the document.
        document_type: Visma's type; a supplier invoice that is no plain invoice needs it.
    """
    if not _PLAIN_NUMBER.fullmatch(number):
        number = f"b64({base64.urlsafe_b64encode(number.encode()).decode().rstrip('=')})"
    return "/".join(filter(None, (resource.value, document_type, number)))


def is_not_found(answer: Answer) -> bool:
    """Whether Visma has no such document (not: no such company or path)."""
    return answer.status == 404 and not is_from_gateway(answer) and fault_code(answer) not in COMPANY_FAULTS


def is_from_gateway(answer: Answer) -> bool:
    """Whether a 404 is about the path, not about the document (Azure API Management, or a web server before it)."""
    try:
        data = answer.json()
    except Transient:
        return answer.shape() == "an HTML page"
    return isinstance(data, dict) and "statusCode" in data and data.get("message") == "Resource not found"


def fault_code(answer: Answer) -> str | None:
    """The code of a fault with the company or the licence; None without one."""
    try:
        data = answer.json()
    except Transient:
        return None
    code = data.get("ExceptionFaultCode") if isinstance(data, dict) else None
    return str(code).strip() if isinstance(code, str | int) else None
