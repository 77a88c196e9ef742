"""One table of units: the connector's word, and what each dialect calls it.

Routing maps Visma's words (STK, KRT ...) to the first column; nothing is passed through untranslated.

Traps in X12 element 355 that the table avoids: CS is a cassette (a case is CA), MT a metric long ton, GM grams per
square metre (a gram is GR), ST a set; M and SET do not exist. The third column is UN/ECE Recommendation 20, for
EDIFACT; package units are Recommendation 21 behind an X.
"""

from __future__ import annotations

from typing import NamedTuple


class Unit(NamedTuple):
    """A unit of measure.

    Attributes:
        word: What routing calls it.
        mosaic: Orderful's word in `Quantity.unitOfMeasure`, None where Mosaic has none.
        x12: Code of X12 element 355.
        rec20: Code of UN/ECE Recommendation 20.
    """

    word: str
    mosaic: str | None
    x12: str
    rec20: str


_TABLE = (
    Unit("each", "each", "EA", "EA"),
    Unit("piece", "piece", "PC", "H87"),
    Unit("unit", "unit", "UN", "C62"),
    Unit("case", "case", "CA", "XCS"),
    Unit("carton", "carton", "CT", "XCT"),
    Unit("box", "box", "BX", "XBX"),
    Unit("pack", "package", "PK", "XPK"),
    Unit("pallet", "palletUnitLoad", "PL", "XPX"),
    Unit("roll", "roll", "RL", "XRO"),
    Unit("bag", "bag", "BG", "XBG"),
    Unit("kilogram", None, "KG", "KGM"),
    Unit("gram", "gram", "GR", "GRM"),
    Unit("tonne", None, "MP", "TNE"),
    Unit("short_ton", None, "TN", "STN"),
    Unit("litre", None, "LT", "LTR"),
    Unit("millilitre", "milliliter", "ML", "MLT"),
    Unit("metre", "meter", "MR", "MTR"),
    Unit("centimetre", None, "CM", "CMT"),
    Unit("square_metre", None, "SM", "MTK"),
    Unit("cubic_metre", None, "CR", "MTQ"),
    Unit("hour", None, "HR", "HUR"),
    Unit("day", None, "DA", "DAY"),
    Unit("month", None, "MO", "MON"),
    Unit("set", "set", "ST", "SET"),
    Unit("pair", "pair", "PR", "PR"),
    Unit("dozen", "dozen", "DZ", "DZN"),
    Unit("kit", "kit", "KT", "KT"),
    Unit("pound", "pound", "LB", "LBR"),
    Unit("ounce", "ounce", "OZ", "ONZ"),
    Unit("foot", "foot", "FT", "FOT"),
    Unit("inch", None, "IN", "INH"),
    Unit("yard", None, "YD", "YRD"),
    Unit("gallon", "gallon", "GA", "GLL"),
)

UNITS = {unit.word: unit for unit in _TABLE}


_LENGTH = 2
"""Of a code of X12 element 355; a longer one is none of X12."""

# Partners whose own orders are EDIFACT write its codes into X12 too. GS1, EANCOM, code list of element 6411: those of
# Recommendation 20, and PCE, piece, as a code of GS1.
_WORDS = {
    **{unit.rec20: unit.word for unit in _TABLE if len(unit.rec20) > _LENGTH},
    "PCE": "piece",
    **{unit.x12: unit.word for unit in _TABLE},
}


def word_of_x12(code: str | None) -> str | None:
    """The connector's word for a code of X12 element 355, or of EDIFACT in its place; None where there is none.

    Args:
        code: The code, in any case. One of EDIFACT counts if it is longer than those of X12.
    """
    return _WORDS.get((code or "").upper())


def known_units() -> frozenset[str]:
    """The words that routing may map a Visma unit to."""
    return frozenset(UNITS)
