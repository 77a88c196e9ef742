"""The option `--reading`: what POC03 and POC04 of one change mean, in the words of the setting `changes.quantities`."""

from __future__ import annotations

import click

from connector.domain.routing.route import QuantityReading

reading_option = click.option(
    "--reading",
    type=click.Choice([reading.value for reading in QuantityReading]),
    help="What POC03 and POC04 mean, for this change alone; as changes.quantities of the routing file.",
)


def reading_of(word: str | None) -> QuantityReading | None:
    """The reading that was named; None when none was."""
    return None if word is None else QuantityReading(word)
