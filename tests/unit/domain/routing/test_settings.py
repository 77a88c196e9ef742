from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, fields

import pytest

from connector.domain.documents import Kind
from connector.domain.routing.route import RECORDS, SETTINGS, Company, Identity, Route, VismaTenant
from connector.domain.routing.settings import (
    EVERYWHERE,
    Group,
    Merge,
    Place,
    declared_in,
    group,
    optional,
    setting,
    settings_of,
)
from connector.domain.routing.values import CURRENCY, TEXT, set_of, whole
from connector.routing_file import check
from testkit.samples.routing_data import routing_data


@dataclass(frozen=True, slots=True)
class Inner:
    """Settings that stand together."""

    days: int = setting(whole(0, 9), 3, "Some days")


@dataclass(frozen=True, slots=True)
class Outer:
    """Settings and a field that is none."""

    words: frozenset[str] = setting(set_of(TEXT), ("A", "B"), "Some words", key="visma.words", places=(Place.COMPANY,))
    currency: str | None = optional(CURRENCY, "A currency")
    inner: Inner = group(Inner)
    where: str = "here"


def test_a_field_is_read_from_its_default_and_declares_its_setting():
    made = Outer()
    assert (made.words, made.currency, made.inner.days) == ({"A", "B"}, None, 3)
    with pytest.raises(FrozenInstanceError):
        made.inner.days = 4
    assert list(declared_in(Outer)) == ["words", "currency", "inner"]
    assert declared_in(Outer)["inner"] == Group("inner", Inner)


def test_the_key_is_the_name_of_the_field_behind_that_of_its_group():
    declared = {one.key: one for one in settings_of(Outer)}
    assert list(declared) == ["visma.words", "currency", "inner.days"]
    assert (declared["visma.words"].places, declared["currency"].places) == ((Place.COMPANY,), EVERYWHERE)
    assert (declared["inner.days"].default, declared["inner.days"].help) == (3, "Some days")


@pytest.mark.parametrize(
    ("key", "kind", "built_in"),
    [
        ("on_revision", Kind.PURCHASE_ORDER, "replace"),
        ("on_revision", Kind.CUSTOMER_INVOICE, "park"),
        ("description", Kind.SUPPLIER_INVOICE, "keep"),
        ("description", None, "send"),
        ("currency", Kind.PURCHASE_ORDER, None),
    ],
)
def test_a_kind_may_have_a_default_of_its_own(key, kind, built_in):
    assert SETTINGS[key].built_in(kind) == built_in


def test_no_key_is_declared_twice():
    keys = [one.key for record in (Identity, VismaTenant, Company, Route) for one in settings_of(record)]
    assert len(keys) == len(set(keys))
    assert set(keys) < SETTINGS.keys()


@pytest.mark.parametrize("key", [key for key, one in SETTINGS.items() if one.default is not None])
def test_what_is_built_in_could_stand_in_the_file(key):
    """A default that the check refuses, or asks about, would surprise whoever writes it down."""
    declared = SETTINGS[key]
    place = {Place.FILE: "", Place.DEFAULTS: "defaults.", Place.COMPANY: "companies.nordic."}
    place |= {Place.PARTNER: "partners.acme."}
    path = place.get(declared.places[0], "partners.acme.kinds.purchase_order.")
    found = check(routing_data({f"{path}{key}": as_written(declared.default)}))
    assert [str(one) for one in found.problems if one.path.endswith(key) and one.fatal] == []
    if declared.merge is not Merge.KIND:
        declared.type.read(declared.default)
    if declared.ask_above is not None:
        assert declared.type.read(declared.default) < declared.type.read(declared.ask_above)


def as_written(value):
    if isinstance(value, dict):
        # What is built in for an order type that is never sent may not be written, and need not be.
        return {key: as_written(entry) for key, entry in value.items() if key != "StandardBlanket"}
    return list(value) if isinstance(value, tuple) else value


def test_every_setting_has_help_that_is_no_sentence():
    """The schema puts the default behind it."""
    assert [one.key for one in SETTINGS.values() if not one.help or one.help.endswith(".")] == []


def test_every_field_of_a_group_is_a_setting():
    others = {field.name for record in RECORDS.values() for field in fields(record)}
    others -= {name for record in RECORDS.values() for name in declared_in(record)}
    assert others == {"key"}, "the key of ChangeRules says where they stand"
