"""Context managers that start the sandboxes for tests, on a free port in a thread.

    with running_visma() as visma:
        visma.generate("purchaseorder", Recipe(count=3))
        ... visma.url ...

A test without sockets can use the sandbox's `app.test_client()`, with faults and log as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from testkit.orderful.sandbox import API_KEY, OrderfulSandbox
from testkit.orderful.store import Pace
from testkit.visma.connect import SCOPES, SandboxCompany
from testkit.visma.generator import Recipe
from testkit.visma.options import VismaOptions
from testkit.visma.sandbox import CLIENT_ID, CLIENT_SECRET, VismaSandbox

__all__ = [
    "API_KEY",
    "AT_ONCE",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "SCOPES",
    "OrderfulSandbox",
    "Pace",
    "Recipe",
    "SandboxCompany",
    "VismaOptions",
    "VismaSandbox",
    "bearer",
    "running_orderful",
    "running_visma",
]

AT_ONCE = Pace(timedelta(0), timedelta(0), timedelta(0))
"""Every status change is due at the next read."""


@contextmanager
def running_visma(*companies: SandboxCompany, **options: Any) -> Iterator[VismaSandbox]:
    """A sandbox Visma; `options` are those of `VismaOptions`."""
    with VismaSandbox(*companies, options=VismaOptions(**options)).start() as sandbox:
        yield sandbox


@contextmanager
def running_orderful(**options: Any) -> Iterator[OrderfulSandbox]:
    """A sandbox Orderful; by default its status changes have no delay."""
    with OrderfulSandbox(**{"pace": AT_ONCE, **options}).start() as sandbox:
        yield sandbox


def bearer(
    sandbox: VismaSandbox, company: SandboxCompany | None = None, *, scopes: Sequence[str] = SCOPES
) -> dict[str, str]:
    """The headers of a request for a company (default: the first), with a token of these scopes."""
    company = company or next(iter(sandbox.companies.values()))
    client_id, secret = next(iter(sandbox.connect.clients.items()))
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    form |= {"tenant_id": company.tenant_id, "scope": " ".join(scopes)}
    answer = sandbox.app.test_client().post("/connect/token", data=form)
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}", "ipp-company-id": company.company_id}
