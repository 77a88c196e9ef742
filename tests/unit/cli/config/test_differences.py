from __future__ import annotations

from connector.adapters.aws.routing_store import Difference
from connector.cli.config.differences import differences, in_numbers, readable


def test_differences_are_found_at_every_depth():
    before = {"a": {"b": 1, "c": [1]}, "d": 1}
    after = {"a": {"b": 2, "c": [1]}, "e": {"f": 1}}
    assert list(differences(before, after)) == [
        {"path": "a.b", "before": 1, "after": 2},
        {"path": "d", "before": 1, "after": None},
        {"path": "e.f", "before": None, "after": 1},
    ]


def test_they_are_read_as_added_taken_out_and_changed():
    found = list(differences({"a": 1, "b": {"c": "x"}}, {"a": 2, "d": ["ø"]}))
    assert readable(found) == '~ a: 1 -> 2\n- b.c: "x"\n+ d: ["ø"]'
    assert readable([]) == ""


def test_in_numbers_they_keep_their_places():
    found = list(differences({"a": 1, "b": {"c": "x"}}, {"a": 2, "d": 1, "e": 1}))
    assert in_numbers(found) == Difference(2, 1, 1, ("a", "b.c", "d", "e"))
    assert in_numbers(found).total == 4
