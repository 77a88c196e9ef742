from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.domain.routing.route import Notes
from connector.domain.routing.values import (
    CURRENCY,
    DAYS,
    DISCOUNT,
    GLN,
    GTIN,
    ISA_ID,
    PERCENT,
    PLACE,
    PRICE_UNIT,
    SEGMENT,
    TEXT,
    ZONE,
    choice,
    duration,
    duration_or,
    duration_up_to,
    list_of,
    record,
    set_of,
    share,
    table,
)

MONTH = timedelta(days=30)


@pytest.mark.parametrize(
    ("kind", "good", "bad", "message"),
    [
        (GLN, "7080000000005", "7080000000006", "is no GLN: its last digit does not check"),
        (GLN, "7080000000005", "70800000000", "is no GLN; write one of 13 digits"),
        (GTIN, "07038010000065", "٧٠٣٨٠١٠٠٠٠٠٦٥", "is no GTIN; write one of 8, 12, 13 or 14 digits"),
        (GTIN, "96385074", "96385075", "is no GTIN: its last digit does not check"),
        (GTIN, "96385074", "9638507", "is no GTIN; write one of 8, 12, 13 or 14 digits"),
        (PLACE, "OSLO 1", "7080000000006", "is no GLN"),
        (PLACE, "7080000000005", "7080000000006", "is no GLN"),
        (ISA_ID, "FIFTEEN PLAIN C", "SIXTEEN PLAIN CH", "write 1 to 15 plain characters"),
        (ISA_ID, "A", "A ", "is no ISA id"),
        (ISA_ID, "A", "A|B", "without * ~ > ^ |"),
        (ZONE, "Europe/Oslo", "../etc", "is no time zone; write one like Europe/Oslo"),
        (PERCENT, "2.5%", "2.5", "write a percentage like 20% or 2.5%"),
        (PERCENT, "100%", "1000%", "write a percentage"),
        (DISCOUNT, "2.5", "100", "write a percentage below 100"),
        (CURRENCY, "NOK", "NOK\n", "write a currency of ISO 4217"),
        (SEGMENT, "N9", "PERX", "write the name of a segment"),
        (DAYS, 0, -1, "-1 is out of bounds; write 0 to 999"),
        (DAYS, 999, 1000, "1000 is out of bounds"),
        (PRICE_UNIT, 100, 12, "12 is not one of 1, 10, 100"),
        (duration_up_to(MONTH), "30d", "30d1s", "'30d1s' is longer than 30 days"),
        (duration_or("never", MONTH), "never", "always", "'always' is no duration"),
        (duration_or("never", MONTH), "30d", "31d", "is longer than 30 days"),
    ],
)
def test_a_check_takes_what_is_right_and_says_what_is_wrong(kind, good, bad, message):
    kind.check(good)
    with pytest.raises(ValueError, match=re.escape(message)):
        kind.check(bad)


@pytest.mark.parametrize(
    ("kind", "stored", "read"),
    [
        (PERCENT, "20%", Decimal("0.2")),
        (duration_or("never", MONTH), "never", None),
        (duration_or("never", MONTH), "2h5m", timedelta(hours=2, minutes=5)),
        (choice(Notes), "header", Notes.HEADER),
        (set_of(TEXT, str.casefold), ["MAIN", "Main"], {"main"}),
        (list_of(TEXT), ["b", "a"], ("b", "a")),
        (table(PERCENT), {"a": "1%", "b": None}, {"a": Decimal("0.01")}),
        (table(TEXT, key_read=str.casefold), {1: "a", "B": 2}, {"1": "a", "b": "2"}),
        (record(dict, "A record.", {"a": DAYS, "b": TEXT}), {"a": "3", "c": 1}, {"a": 3}),
    ],
)
def test_what_is_stored_is_read_as_the_code_works_with_it(kind, stored, read):
    assert kind.read(stored) == read


def test_an_invalid_value_is_named_with_the_valid_ones():
    with pytest.raises(ValueError, match="'loud' is none of none, header, lines, all"):
        choice(Notes).read("loud")


@pytest.mark.parametrize("text", ["", "much", "%"])
def test_a_share_is_a_number(text):
    with pytest.raises(ValueError, match="is no percentage"):
        share(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("2m", 120), ("4h", 14400), ("14d", 1209600), ("2h5m", 7500), ("0s", 0)]
)
def test_durations_are_read(text, seconds):
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "2", "m", "5m2h", "2 m", "-2m", "2.5h", "2w"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="no duration"):
        duration(text)


@pytest.mark.parametrize("text", ["3653d", "999999999d", "99999999h", "999999999d999999999s"])
def test_a_duration_that_no_calendar_holds_is_refused(text):
    with pytest.raises(ValueError, match="longer than ten years"):
        duration(text)
