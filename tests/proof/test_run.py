"""The run of all proofs: what breaks off, or tries nothing, or is violated, is told and fails the run."""

from __future__ import annotations

import pytest

from proof import run, supply_chain
from proof.tally import Size, Tally


def test_a_proof_that_breaks_off_is_told_as_a_violation(monkeypatch):
    def breaks_off(_size):
        raise ValueError("no ground under its feet")

    monkeypatch.setattr(supply_chain, "prove", breaks_off)
    (tally,) = run.run("supply_chain", Size.FAST)
    assert tally.violations == ("ValueError: no ground under its feet",)
    (tally,) = run.run("of_nothing", Size.FAST)
    assert "ModuleNotFoundError" in tally.violations[0]


def test_a_proof_that_tried_nothing_is_none(monkeypatch):
    monkeypatch.setattr(supply_chain, "prove", lambda _size: [Tally("Checkov finds nothing", 0)])
    (tally,) = run.run("supply_chain", Size.FAST)
    assert tally.violations == ("It was not tried.",)


@pytest.mark.parametrize(("violations", "code"), [((), 0), (("one transaction too many",), 1)])
def test_the_run_fails_with_any_violation_and_names_it(monkeypatch, capsys, violations, code):
    monkeypatch.setattr(run, "_side_by_side", lambda _names, _size: [Tally("One transaction", 7, violations)])
    assert run.main(["--fast"]) == code
    output = capsys.readouterr().out
    assert "7 cases" in output
    assert all(f"VIOLATED: {violation}" in output for violation in violations)


def test_a_proof_that_there_is_not_is_refused_by_name(capsys):
    assert run.main(["crash_point"]) == 2
    assert "There is no proof crash_point" in capsys.readouterr().out


def test_each_proof_has_its_turn():
    assert sorted(run.BEGUN_IN_THIS_ORDER) == sorted((*run.IN_PROCESS, *run.DEPLOYED))


def test_a_proof_runs_in_a_process_of_its_own(monkeypatch, capfd):
    monkeypatch.setattr(run, "BEGUN_IN_THIS_ORDER", ("of_nothing",))
    (tally,) = run._side_by_side(["of_nothing"], Size.FAST)
    assert "ModuleNotFoundError" in tally.violations[0]
    assert "of_nothing: 0 cases, 1 violations" in capfd.readouterr().out
