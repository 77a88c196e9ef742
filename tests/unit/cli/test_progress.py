"""A command that takes long says how far it has come."""

from __future__ import annotations

from connector.cli.progress import SECONDS, Progress


def test_what_is_quick_says_nothing_and_what_takes_long_says_it_now_and_then(capsys):
    at = [0.0]
    progress = Progress(lambda: at[0])
    for second in range(10):
        at[0] = float(second)
        progress(f"{second} read")
    assert SECONDS == 3
    assert capsys.readouterr() == ("", "3 read ...\n6 read ...\n9 read ...\n")
