"""The types of values in the routing file: how each is written, checked and converted.

A type has a strict function, `check`, which `connector config check` calls and which raises an error with a sentence
for people. It has a tolerant function, `read`, which converts a stored value into the value for the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
W = TypeVar("W", bound=StrEnum)

MAX_ISA_ID_LENGTH = 15
"""X12: ISA06 and ISA08 hold 15 characters."""

GLN_LENGTHS = (13,)
GTIN_LENGTHS = (8, 12, 13, 14)
"""GS1: a GTIN has 8, 12, 13 or 14 digits. X12 and Mosaic have no place for one of 8; it leaves as one of 14, with zeros
in front, which is the same number (https://www.gs1.org/edi-xml/technical-user-guide/Item_Numbers).
"""

PRICE_UNITS = (1, 10, 100, 1_000, 10_000, 100_000)
"""The numbers of units that a price may be for."""

_DURATION = re.compile(r"(?=\d)(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
# Ten years: a date that is moved by this much can still be represented.
_MAX_DURATION = timedelta(days=3652)
_ISA_ID = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_NOT_IN_ISA = frozenset("*~>^|")


class Form(Enum):
    """How a value is written in the file."""

    TEXT = "text, at least one character, without spaces around it"
    EXACT = "text as it is"
    WHOLE = "a whole number"
    TEXT_OR_WHOLE = "text that may be written as a whole number"
    SWITCH = "true or false"
    WORD = "one of some words"
    LIST = "a list"
    TABLE = "keys and values; whoever writes the file chooses the keys"
    RECORD = "keys and values; the keys are fixed"


@dataclass(frozen=True, slots=True)
class ValueType(Generic[T]):
    """A type of values.

    Attributes:
        form: How a value is written.
        read: Converts the stored value into the value for the code.
        check: Raises `ValueError` with a sentence for an invalid value.
        choices: The allowed words, for `WORD`: a `StrEnum`, or the words themselves.
        refused: Plausible words that are not allowed, with the reason.
        key: The type of the keys of a `TABLE`.
        entry: The type of the entries of a `LIST` or `TABLE`.
        at_most: How many entries a `LIST` may have.
        fields: The entries of a `RECORD`.
        needed: The required ones of `fields`.
        name: The description of a `RECORD`, for people.
        schema: Additional JSON Schema, for editors.
        words: A description of a value, for people; empty where form, choices, entries and fields say it.
    """

    form: Form
    read: Callable[[Any], T]
    check: Callable[[Any], None] | None = None
    _: KW_ONLY
    choices: type[StrEnum] | tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    key: ValueType[Any] | None = None
    entry: ValueType[Any] | None = None
    at_most: int | None = None
    fields: Mapping[str, ValueType[Any]] = field(default_factory=dict)
    needed: bool = False
    name: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""


def duration(text: str) -> timedelta:
    """Read a duration as the file writes it: `90s`, `2m`, `4h`, `14d`, or several in falling order (`2h5m`).

    Raises:
        ValueError: the text is no such duration, or one of more than ten years.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text[:40]}' is no duration; write 90s, 2m, 4h, 14d or 2h5m")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if total > _MAX_DURATION.total_seconds():
        raise ValueError(f"'{text}' is longer than ten years")
    return timedelta(seconds=total)


def share(text: str) -> Decimal:
    """Read a percentage as a share: `20%` is 0.2.

    Raises:
        ValueError: the text is no number.
    """
    try:
        return Decimal(text.removesuffix("%")) / 100
    except InvalidOperation:
        raise ValueError(f"'{text}' is no percentage") from None


def choice(of: type[W], refused: Mapping[str, str] | None = None) -> ValueType[W]:
    """One word of an enumeration."""

    def read(value: Any) -> W:
        try:
            return of(str(value))
        except ValueError:
            raise ValueError(f"'{value}' is none of {', '.join(of)}") from None

    return ValueType(Form.WORD, read, choices=of, refused=refused or {})


def one_of(*choices: str) -> ValueType[str]:
    """One of a few words that have no enumeration."""
    return ValueType(Form.WORD, str, choices=choices)


def whole(least: int, most: int) -> ValueType[int]:
    """A whole number between two bounds, both included."""

    def check(number: int) -> None:
        if not least <= number <= most:
            raise ValueError(f"{number} is out of bounds; write {least} to {most}")

    words = f"a whole number from {least} to {most}"
    return ValueType(Form.WHOLE, int, check, schema={"minimum": least, "maximum": most}, words=words)


def matching(pattern: str, what: str, *, form: Form = Form.EXACT, read: Callable[[Any], T]) -> ValueType[T]:
    """Text that matches a pattern; `what` describes the pattern in a sentence."""
    looks = re.compile(pattern, re.ASCII)

    def check(text: str) -> None:
        if looks.fullmatch(text) is None:
            raise ValueError(f"'{text}' is not allowed here; write {what}")

    written: dict[str, Any] = {"type": ["string", "integer"]} if form is Form.TEXT_OR_WHOLE else {}
    return ValueType(form, read, check, schema={"pattern": f"^{pattern}$", **written}, words=what)


def list_of(entry: ValueType[Any], at_most: int | None = None) -> ValueType[tuple[Any, ...]]:
    """A list whose order counts."""
    return ValueType(
        Form.LIST, lambda value: tuple(entry.read(one) for one in value or ()), entry=entry, at_most=at_most
    )


def set_of(
    entry: ValueType[str],
    each: Callable[[str], str] = str,
) -> ValueType[frozenset[str]]:
    """A list whose order does not count; `each` converts every entry."""
    return ValueType(Form.LIST, lambda value: frozenset(each(entry.read(one)) for one in value), entry=entry)


def table(
    entry: ValueType[T], *, key: ValueType[str] | None = None, key_read: Callable[[str], str] = str
) -> ValueType[Mapping[str, T]]:
    """Keys and values; `key_read` converts every key."""

    def read(value: Any) -> Mapping[str, T]:
        entries = value.items() if isinstance(value, Mapping) else ()
        return MappingProxyType({key_read(str(name)): entry.read(one) for name, one in entries if one is not None})

    return ValueType(Form.TABLE, read, key=key or TEXT, entry=entry)


def record(
    of: Callable[..., T], name: str, fields: Mapping[str, ValueType[Any]], *, needed: bool = False
) -> ValueType[T]:
    """Keys and values with fixed keys, read as an object; with `needed`, all of them are required."""

    def read(value: Any) -> T:
        given = value if isinstance(value, Mapping) else {}
        return of(**{key: kind.read(given[key]) for key, kind in fields.items() if given.get(key) is not None})

    return ValueType(Form.RECORD, read, fields=fields, name=name, needed=needed)


def _or(lengths: tuple[int, ...]) -> str:
    *first, last = map(str, lengths)
    return f"{', '.join(first)} or {last}" if first else last


def _gs1(lengths: tuple[int, ...], name: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if not (text.isascii() and text.isdigit() and len(text) in lengths):
            raise ValueError(f"'{text}' is no {name}; write one of {_or(lengths)} digits")
        weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(text[:-1])))
        if (10 - weighted % 10) % 10 != int(text[-1]):
            raise ValueError(f"'{text}' is no {name}: its last digit does not check, so one of the digits is wrong")

    return check


_check_gln = _gs1(GLN_LENGTHS, "GLN")


def _check_place(text: str) -> None:
    if text.isascii() and text.isdigit() and len(text) in GLN_LENGTHS:
        _check_gln(text)


def _check_isa_id(text: str) -> None:
    if len(text) > MAX_ISA_ID_LENGTH or not _ISA_ID.fullmatch(text) or set(text) & _NOT_IN_ISA:
        raise ValueError(f"'{text}' is no ISA id; write 1 to {MAX_ISA_ID_LENGTH} plain characters without * ~ > ^ |")


def _check_zone(text: str) -> None:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{text}' is no time zone; write one like Europe/Oslo or UTC") from None


def _check_price_units(units: int) -> None:
    if units not in PRICE_UNITS:
        raise ValueError(f"{units} is not one of {', '.join(map(str, PRICE_UNITS))}")


_DURATION_PATTERN = r"(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?"


def _duration_check(longest: timedelta | None, never: str | None = None) -> Callable[[str], None]:
    def check(text: str) -> None:
        if text != never and duration(text) > (longest or _MAX_DURATION):
            raise ValueError(f"'{text}' is longer than {(longest or _MAX_DURATION).days} days")

    return check


def duration_up_to(longest: timedelta) -> ValueType[timedelta]:
    """A duration with an upper bound."""
    return ValueType(
        Form.TEXT,
        lambda value: duration(str(value)),
        _duration_check(longest),
        schema={"pattern": f"^{_DURATION_PATTERN}$", "examples": ["15m", "1h", "24h", "3d"]},
        words=f"a duration like 15m, 1h or 3d, {longest.days} days at most",
    )


def duration_or(never: str, longest: timedelta) -> ValueType[timedelta | None]:
    """A duration with an upper bound, or a word for none, which is read as None."""
    return ValueType(
        Form.TEXT,
        lambda value: None if value == never else duration(str(value)),
        _duration_check(longest, never),
        schema={"pattern": f"^({never}|{_DURATION_PATTERN})$", "examples": ["24h", never]},
        words=f"a duration like 24h, {longest.days} days at most, or {never}",
    )


TEXT: ValueType[str] = ValueType(Form.TEXT, str, words="text")
SWITCH: ValueType[bool] = ValueType(Form.SWITCH, bool, words="true or false")
NAME = matching(
    r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", "a name of 1 to 63 letters a to z, digits, - and _, no - or _ first", read=str
)
DURATION: ValueType[timedelta] = ValueType(
    Form.TEXT,
    lambda value: duration(str(value)),
    _duration_check(None),
    schema={"pattern": f"^{_DURATION_PATTERN}$", "examples": ["90s", "2m", "4h", "14d"]},
    words="a duration like 90s, 2m, 4h, 14d or 2h5m",
)
PERCENT = matching(r"\d{1,3}(\.\d{1,4})?%", "a percentage like 20% or 2.5%", read=lambda value: share(str(value)))
AMOUNT = matching(
    r"\d{1,9}(\.\d{1,3})?", "an amount like 10 or 2.50", form=Form.TEXT_OR_WHOLE, read=lambda value: Decimal(str(value))
)
DISCOUNT = matching(r"\d{1,2}(\.\d{1,3})?", "a percentage below 100 without its sign, like 2 or 2.5", read=str)
DAYS = whole(0, 999)
GLN: ValueType[str] = ValueType(
    Form.TEXT, str, _check_gln, schema={"pattern": r"^\d{13}$"}, words="a GLN of 13 digits, the last a check digit"
)
GTIN: ValueType[str] = ValueType(
    Form.TEXT,
    str,
    _gs1(GTIN_LENGTHS, "GTIN"),
    schema={"pattern": r"^(\d{8}|\d{12,14})$"},
    words="a GTIN of 8, 12, 13 or 14 digits, the last a check digit",
)
PLACE: ValueType[str] = ValueType(Form.TEXT, str, _check_place, words="text; 13 digits are a GLN")
ISA_ID: ValueType[str] = ValueType(
    Form.TEXT,
    str,
    _check_isa_id,
    schema={"maxLength": MAX_ISA_ID_LENGTH},
    words=f"an ISA id: 1 to {MAX_ISA_ID_LENGTH} plain characters without * ~ > ^ |",
)
ZONE: ValueType[str] = ValueType(Form.TEXT, str, _check_zone, words="a time zone like Europe/Oslo or UTC")
_CURRENCIES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD "
    "HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD "
    "LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK "
    "PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(_CURRENCIES.split())
"""Currencies in use by ISO 4217, without funds and metals."""

CURRENCY = matching("[A-Z]{3}", "a currency of ISO 4217 like NOK", read=str)
COUNTRY = matching("[A-Z]{2}", "a country of ISO 3166 like NO", read=str)
SEGMENT = matching("[A-Z][A-Z0-9]{1,2}", "the name of a segment like PER or N9", read=str)
PRICE_UNIT: ValueType[int] = ValueType(
    Form.WHOLE,
    int,
    _check_price_units,
    schema={"enum": [*PRICE_UNITS]},
    words=f"one of {', '.join(map(str, PRICE_UNITS))}",
)
