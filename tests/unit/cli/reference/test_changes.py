from pathlib import Path

import pytest

from connector.cli.reference.changes import document
from connector.edi.order_change.coverage import TABLE, unread_mosaic, unread_x12

PAGE = Path(__file__).parents[4] / "docs/changes-860.md"


def test_the_page_in_the_tree_is_the_one_of_the_code():
    stored = PAGE.read_text(encoding="utf-8")
    assert stored == document(), "write it again: python -m connector.cli.reference.changes > docs/changes-860.md"


@pytest.mark.parametrize("dialect", ["x12", "mosaic"])
def test_everything_that_the_page_names_is_read(dialect):
    unread = {"x12": unread_x12, "mosaic": unread_mosaic}[dialect]
    paths = [path for row in TABLE for path in getattr(row, dialect)]
    assert len(paths) > 40
    for path in paths:
        # The last name is that of an element, or of an object that is read as a whole.
        assert any(all(not found for found in _unread(unread, path, last)) for last in ("1", [{"x": "1"}])), path


def _unread(unread, path, value):
    for name in reversed(path.replace("#", "1").replace("*", "buyer").split(".")):
        value = {name: [value] if isinstance(value, dict) else value}
    first, *rest = path.split(".")
    yield unread(value)
    if rest and first in {"POC_loop", "lineItems"}:
        yield unread(value[first][0], first)


def test_every_row_says_where_it_is_found():
    assert [row.what for row in TABLE if not row.x12 and not row.mosaic] == []
