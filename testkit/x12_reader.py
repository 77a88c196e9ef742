"""Reads X12 text independently of the writer, by the separators in ISA."""

from __future__ import annotations

from decimal import Decimal


def read(text: str) -> list[list[str]]:
    """Segments as lists of elements, the id first, the envelope included."""
    element, terminator = text[3], text[105]
    return [segment.strip("\n").split(element) for segment in text.split(terminator) if segment.strip("\n")]


def every(segments: list[list[str]], segment_id: str) -> list[list[str]]:
    return [segment for segment in segments if segment[0] == segment_id]


def only(segments: list[list[str]], segment_id: str) -> list[str]:
    found = every(segments, segment_id)
    assert len(found) == 1, f"{len(found)} {segment_id}"
    return found[0]


def amount_due(segments: list[list[str]]) -> Decimal:
    """The total of an 810: lines rounded to cents, charges, allowances, taxes of the summary."""
    cent = Decimal("0.01")
    total = Decimal(0)
    after_lines = False
    for segment in segments:
        match segment[0]:
            case "IT1":
                total += (Decimal(segment[2]) * Decimal(segment[4])).quantize(cent, "ROUND_HALF_UP")
            case "SAC":
                amount = Decimal(segment[5]) / 100
                total += amount if segment[1] == "C" else -amount
            case "TDS":
                after_lines = True
            case "TXI" if after_lines:
                total += Decimal(segment[2])
    return total
