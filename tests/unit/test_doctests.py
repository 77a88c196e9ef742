"""The examples in the docstrings of the two pure entry points are run."""

from __future__ import annotations

import doctest

import pytest

from connector.domain.order_change import decide
from connector.edi import translate

EXAMPLES = [(translate, "translate"), (decide, "decide")]


@pytest.mark.parametrize(("module", "function"), EXAMPLES, ids=[name for _, name in EXAMPLES])
def test_the_examples_of_an_entry_point_give_what_they_show(module, function):
    (found,) = doctest.DocTestFinder(recurse=False).find(getattr(module, function), function, globs=vars(module).copy())
    assert found.examples
    output: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(found, out=output.append)
    assert result.failed == 0, "".join(output)
