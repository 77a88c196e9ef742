"""Who may call us back: what the operator wrote down, and what a request has to bring."""

from __future__ import annotations

import base64
import hmac
from types import SimpleNamespace

import pytest

from connector.adapters import callback_auth
from connector.adapters.callback_auth import CallbackCredentials

HEADER = {"header": "X-Connector-Secret", "secrets": ["new-one", "old-one"]}
BASIC = {"basic": ["orderful:næw", "orderful:old:er"]}


def credentials(**content) -> CallbackCredentials:
    return CallbackCredentials.from_content(content)


def basic(pair: str, scheme: str = "Basic ") -> dict[str, list[str]]:
    return {"authorization": [scheme + base64.b64encode(pair.encode()).decode()]}


@pytest.mark.parametrize("headers", [{}, {"authorization": ["Bearer x"]}, {"": [""]}])
def test_as_long_as_nothing_is_agreed_nobody_is_admitted(headers):
    assert not credentials().admit(headers)


@pytest.mark.parametrize("value", ["new-one", "old-one"])
def test_two_secrets_are_valid_at_once_so_that_one_can_be_replaced(value):
    assert credentials(**HEADER).admit({"x-connector-secret": [value]})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-connector-secret": []},
        {"x-connector-secret": [""]},
        {"x-connector-secret": ["new"]},
        {"x-connector-secret": ["new-one "]},
        {"x-connector-secret": ["NEW-ONE"]},
        {"x-connector-secret": ["new-one,old-one"]},
        {"x-connector-secret": ["\ud800", "é"]},
        {"authorization": ["new-one"]},
        basic("new-one:"),
    ],
)
def test_anything_else_in_the_header_is_refused(headers):
    assert not credentials(**HEADER).admit(headers)


@pytest.mark.parametrize("values", [["wrong", "new-one"], ["new-one", "wrong"]])
def test_a_header_sent_twice_is_right_when_one_of_its_values_is(values):
    assert credentials(**HEADER).admit({"x-connector-secret": values})


@pytest.mark.parametrize("pair", ["orderful:næw", "orderful:old:er"])
@pytest.mark.parametrize("scheme", ["Basic ", "basic ", "BASIC  "])
def test_http_basic_is_understood_with_colons_and_letters_of_any_kind(pair, scheme):
    assert credentials(**BASIC).admit(basic(pair, scheme))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic b3JkZXJmdWw",
        "Basic \ud800",
        "Basic æøå",
        "orderful:næw",
        "Bearer b3JkZXJmdWw6bsOmdw==",
        "b3JkZXJmdWw6bsOmdw==",
        "Basic b3JkZXJmdWw6bsOmdw==, Basic x",
        "Basic " + base64.b64encode(b"orderful:n\xe6w").decode(),
        "Basic " + base64.b64encode(b"orderful:").decode(),
        "Basic " + base64.b64encode(b"").decode(),
    ],
)
def test_any_other_authorization_is_refused(value):
    assert not credentials(**BASIC).admit({"authorization": [value]})


@pytest.mark.parametrize("headers", [{"x-connector-secret": ["new-one"]}, basic("orderful:næw")])
def test_where_both_ways_are_agreed_one_of_them_is_enough(headers):
    assert credentials(**HEADER, **BASIC).admit(headers)
    assert not credentials(**HEADER, **BASIC).admit({})


def test_every_value_is_compared_with_every_valid_one_in_constant_time(monkeypatch):
    compared = []

    def compare(given: bytes, valid: bytes) -> bool:
        compared.append((given, valid))
        return hmac.compare_digest(given, valid)

    monkeypatch.setattr(callback_auth, "hmac", SimpleNamespace(compare_digest=compare))
    assert credentials(**HEADER).admit({"x-connector-secret": ["new-one", "x"]})
    assert compared == [(b"new-one", b"new-one"), (b"new-one", b"old-one"), (b"x", b"new-one"), (b"x", b"old-one")]


def test_line_breaks_that_people_paste_are_no_part_of_a_secret():
    pasted = credentials(header=" X-Secret ", secrets=["one\n"], basic=["a:b\r\n"])
    assert pasted.admit({"x-secret": ["one"]})
    assert pasted.admit(basic("a:b"))


@pytest.mark.parametrize(
    "content",
    [
        {"header": "x"},
        {"secrets": ["x"]},
        {"header": "", "secrets": ["x"]},
        {"header": " ", "secrets": ["x"]},
        {"header": None, "secrets": ["x"]},
        {"header": 7, "secrets": ["x"]},
        {"header": "x", "secrets": []},
        {"header": "x", "secrets": "x"},
        {"header": "x", "secrets": None},
        {"header": "x", "secrets": ["good", ""]},
        {"header": "x", "secrets": ["good", 7]},
        {"basic": []},
        {"basic": "a:b"},
        {"basic": ["no colon"]},
        {"basic": [["a", "b"]]},
        {"headers": "x", "secrets": ["x"]},
        {"secret": "x"},
        {**HEADER, "basics": ["a:b"]},
    ],
    ids=str,
)
def test_a_malformed_secret_admits_nobody(content):
    with pytest.raises(ValueError, match=r"^$"):
        CallbackCredentials.from_content(content)


def test_the_object_shows_no_secret_when_printed():
    representation = repr(credentials(**HEADER, **BASIC))
    assert "x-connector-secret" in representation
    assert not any(secret in representation for secret in (*HEADER["secrets"], *BASIC["basic"]))
