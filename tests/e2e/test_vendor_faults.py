"""Both vendors fail at random while documents leave and changes come back: everything ends right, exactly once."""

from __future__ import annotations

import pytest

from proof.deployed import vendor_faults
from proof.tally import Size, Tally
from testkit.laptop.observed import Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]


@pytest.fixture(scope="module")
def tallies(nordic: Laptop) -> dict[str, Tally]:
    return {tally.guarantee.removeprefix("Vendor faults: "): tally for tally in vendor_faults.prove(Size.FAST, nordic)}


@pytest.mark.parametrize(
    ("guarantee", "least"),
    [
        ("each document ends right, each of its revisions sent once", 40),
        ("each change is written once and confirmed once", 6),
        ("no edit of a user is lost", 5),
        ("no change comes back to its partner", 6),
        ("nothing is stuck", 10),
        ("no secret and no text of a document in any log line", 100),
    ],
)
def test_what_is_guaranteed_holds_while_faults_are_injected(
    tallies: dict[str, Tally], guarantee: str, least: int
) -> None:
    assert tallies[guarantee].violations == ()
    assert tallies[guarantee].cases >= least


def test_the_faults_were_met(tallies: dict[str, Tally]) -> None:
    figures = tallies["nothing is stuck"].figures

    assert " x http_429, " in figures
    assert " 5 x 412, " in figures, "every edit that users made at the same moment was met once"


def test_no_fault_is_left_afterwards(nordic: Laptop, tallies: dict[str, Tally]) -> None:
    assert tallies
    assert [sandbox.control("GET", "faults") for sandbox in (nordic.visma, nordic.orderful)] == [[], []]
    assert nordic.poll()["problems"] == nordic.collect()["problems"] == []
