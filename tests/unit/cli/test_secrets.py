from __future__ import annotations

import io
import sys

import pytest

VISMA = '{"client_id": "isv", "client_secret": "geheim"}'


@pytest.fixture
def kept(stack, monkeypatch):
    """What was written, by output; standard input holds `text`, of a terminal or not."""
    written = {}
    stack.put_secret = written.__setitem__

    def given(text, *, at_terminal=False):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        monkeypatch.setattr(sys.stdin, "isatty", lambda: at_terminal)
        answers = iter(text.splitlines())
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(answers))
        monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _: next(answers))
        return written

    return given


@pytest.mark.parametrize(
    ("which", "text", "expected"),
    [
        ("visma", VISMA, {"VismaSecretArn": {"client_id": "isv", "client_secret": "geheim"}}),
        (
            "visma",
            f'{{"companies": {{"nordic": {VISMA}}}}}',
            {"VismaSecretArn": {"companies": {"nordic": {"client_id": "isv", "client_secret": "geheim"}}}},
        ),
        ("orderful", '{"api_key": "geheim"}', {"OrderfulSecretArn": {"api_key": "geheim"}}),
        ("callback", '{"basic": ["user:geheim"]}', {"CallbackSecretArn": {"basic": ["user:geheim"]}}),
        ("callback", "{}", {"CallbackSecretArn": {}}),
    ],
)
def test_a_secret_is_taken_whole_from_standard_input(which, text, expected, kept, connector):
    written = kept(text)
    result = connector("secrets", "set", which)
    assert (result.code, written) == (0, expected)
    assert "geheim" not in result.out + result.err


@pytest.mark.parametrize(
    ("which", "typed", "expected"),
    [
        ("visma", "isv\n geheim \n", {"VismaSecretArn": {"client_id": "isv", "client_secret": "geheim"}}),
        ("orderful", "geheim\n", {"OrderfulSecretArn": {"api_key": "geheim"}}),
        ("callback", "\ngeheim\n", {"CallbackSecretArn": {"header": "x-connector-secret", "secrets": ["geheim"]}}),
    ],
)
def test_at_a_terminal_each_value_is_asked_for_and_no_secret_is_shown(which, typed, expected, kept, connector):
    written = kept(typed, at_terminal=True)
    result = connector("secrets", "set", which)
    assert (result.code, written) == (0, expected)
    assert "geheim" not in result.out + result.err


@pytest.mark.parametrize(
    ("which", "text"),
    [
        ("visma", "geheim"),
        ("visma", "[]"),
        ("visma", "{}"),
        ("visma", '{"client_id": "isv"}'),
        ("visma", '{"client_id": "isv", "client_secret": " "}'),
        ("visma", '{"companies": {"nordic": {"client_id": "isv"}}}'),
        ("visma", '{"companies": ["nordic"]}'),
        ("orderful", '{"apikey": "geheim"}'),
        ("orderful", '{"api_key": 4711}'),
        ("callback", '{"header": "x-connector-secret"}'),
    ],
)
def test_what_no_function_could_read_is_refused_and_the_old_secret_stays(which, text, kept, connector):
    written = kept(text)
    result = connector("secrets", "set", which)
    assert (result.code, written) == (2, {})
    assert "Nothing was changed." in result.err
    assert "geheim" not in result.err
