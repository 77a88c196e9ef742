"""What a pause covers, and how it is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.documents import Kind
from connector.domain.pause import Pause, Scope, pause_of

NOW = datetime(2026, 11, 29, 5, 0, tzinfo=UTC)
ORDER, INVOICE = Kind.PURCHASE_ORDER, Kind.SUPPLIER_INVOICE


def a_pause(scope: Scope, *, since: datetime = NOW) -> Pause:
    return Pause(scope=scope, since=since, by="kari", caller="arn:kari", reason="they move")


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope(), True),
        (Scope("nordic"), True),
        (Scope("nordic", "acme", ORDER), True),
        (Scope("nordic", "acme", INVOICE), False),
        (Scope("other", "acme"), False),
        (Scope(partner="berg"), False),
    ],
)
def test_a_document_has_to_fit_every_part(scope, covered):
    assert scope.covers("nordic", ORDER, "acme") is covered


def test_a_document_without_a_partner_is_no_partners():
    assert Scope("nordic").covers("nordic", ORDER, None)
    assert not Scope(partner="acme").covers("nordic", ORDER, None)


def test_it_is_named_as_the_commands_take_it():
    assert Scope("nordic", "acme", ORDER).options == "--company nordic --partner acme --kind purchase_order"
    assert (Scope().options, str(Scope())) == ("--all", "everything")
    assert a_pause(Scope("nordic", kind=INVOICE)).sentence == (
        "Company nordic, kind supplier_invoice is paused since 2026-11-29 05:00 UTC by kari: they move"
    )


def test_of_several_the_oldest_is_named():
    newer = a_pause(Scope("nordic"))
    older = a_pause(Scope(partner="acme"), since=NOW - timedelta(days=1))
    assert pause_of([newer, older], "nordic", ORDER, "acme") == older
    assert pause_of([newer, older], "nordic", ORDER, "berg") == newer
    assert pause_of([newer, older], "other", ORDER, "berg") is None
