from __future__ import annotations

from connector.services.decider import MAX_NOTE_LENGTH, Decider

CALLER = "arn:aws:sts::123456789012:assumed-role/Operator/kari"


def test_a_note_says_who_decided_as_typed_and_as_aws_says_it_and_why():
    assert Decider("kari", CALLER).note("released by") == f"released by kari ({CALLER})"
    assert Decider("kari", CALLER, "the unit is there").note("released by").endswith("): the unit is there")


def test_a_long_reason_is_truncated():
    assert len(Decider("kari", CALLER, "x" * 1_000).note("released by")) == MAX_NOTE_LENGTH
