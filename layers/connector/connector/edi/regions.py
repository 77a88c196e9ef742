"""Codes of states and provinces, where they are part of a postal address.

X12 element 156 (N402) is "as defined by appropriate government agency" and required in the United States and Canada
only. Nordic counties have names and numbers that no address bears, so they have no code here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAMES: Mapping[str, str] = {
    "US": """
        AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware,
        DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa,
        KS Kansas, KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota,
        MS Mississippi, MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey,
        NM New Mexico, NY New York, NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon,
        PA Pennsylvania, RI Rhode Island, SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah,
        VT Vermont, VA Virginia, WA Washington, WV West Virginia, WI Wisconsin, WY Wyoming, AS American Samoa,
        GU Guam, MP Northern Mariana Islands, PR Puerto Rico, VI Virgin Islands, AA Armed Forces Americas,
        AE Armed Forces Europe, AP Armed Forces Pacific
    """,
    "CA": """
        AB Alberta, BC British Columbia, MB Manitoba, NB New Brunswick, NL Newfoundland and Labrador, NS Nova Scotia,
        NT Northwest Territories, NU Nunavut, ON Ontario, PE Prince Edward Island, QC Quebec, SK Saskatchewan, YT Yukon
    """,
    "AU": """
        ACT Australian Capital Territory, NSW New South Wales, NT Northern Territory, QLD Queensland,
        SA South Australia, TAS Tasmania, VIC Victoria, WA Western Australia
    """,
}
_WITHOUT = frozenset({"NO", "SE", "DK", "FI", "IS", "FO", "GL", "AX", "SJ"})
_CODE = re.compile(r"[A-Z]{2}")


def _listed(text: str) -> Mapping[str, str]:
    """Every code and every name in capitals -> the code."""
    pairs = [entry.split(maxsplit=1) for entry in " ".join(text.split()).split(", ")]
    return {word.upper(): code for code, name in pairs for word in (code, name)}


_REGIONS = {country: _listed(text) for country, text in _NAMES.items()}


def region_code(country: str | None, *texts: str | None) -> str | None:
    """The code of a state or province, from the first text that has one; None where there is none.

    A text may be the code itself, with or without its country (`NY`, `US-NY`), or its English name. Nothing is cut into
    a code. Outside the listed countries and the Nordic ones two letters count as they are.

    Args:
        country: ISO 3166 alpha-2.
        texts: What is known of the region: its id, its name.
    """
    listed = _REGIONS.get(country or "")
    for text in texts:
        word = (text or "").strip().upper().removeprefix(f"{country}-")
        if listed is not None:
            if word in listed:
                return listed[word]
        elif country not in _WITHOUT and _CODE.fullmatch(word):
            return word
    return None
