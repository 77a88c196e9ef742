"""What an answer is taken to mean."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import connector
from connector.adapters.http import MAX_TEXT, USER_AGENT, Answer, join
from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Throttled, Transient

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


def an_answer(status: int = 400, body: bytes = b"", headers=None, secrets=()) -> Answer:
    return Answer(service="Visma", status=status, headers=headers or {}, body=body, received_at=NOW, secrets=secrets)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"message": "small"}, "small"),
        ({"Message": "large"}, "large"),
        ({"ExceptionType": "IPPException", "ExceptionMessage": "No license."}, "No license."),
        ({"error": "invalid_client"}, "invalid_client"),
        ({"error": "invalid_client", "error_description": "no such client"}, "no such client"),
        ({"error": {"code": 7, "message": "inside"}}, "inside"),
        ({"message": "", "detail": "fallen back"}, "fallen back"),
        ({"message": 7}, ""),
        ("a text", "a text"),
        ([{"message": "x"}], ""),
        (None, ""),
        ({"message": "line\none\ttwo\u0000\u202e three"}, "line one two three"),
    ],
)
def test_the_message_is_found_under_every_known_name(body, text):
    assert an_answer(body=json.dumps(body).encode()).text() == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<html><head><TITLE>502 Bad\n Gateway</TITLE></head><body>x</body></html>", "502 Bad Gateway"),
        (b"<p>Too many <b>requests</b></p>", "Too many requests"),
        (b"plain words", "plain words"),
        (b"\xff\xfe\x00", "\ufffd\ufffd"),
        (b"", ""),
        (b"1e99999999999999999999", "1e99999999999999999999"),
    ],
)
def test_bodies_that_are_no_json_give_their_text(body, text):
    assert an_answer(body=body).text() == text


def test_a_long_text_is_cut():
    text = an_answer(body=json.dumps({"message": "x" * 5000}).encode()).text()
    assert (len(text), text[-1]) == (MAX_TEXT, "…")


def test_secrets_are_redacted_before_the_text_is_truncated():
    body = ("x" * (MAX_TEXT - 5) + "hidden-word").encode()
    assert "hidde" not in an_answer(body=body, secrets=("hidden-word", "")).text()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (302, Misconfigured),
        (400, Rejected),
        (404, Rejected),
        (412, Rejected),
        (408, Transient),
        (425, Transient),
        (429, Throttled),
        (500, Transient),
        (503, Transient),
    ],
)
def test_each_status_has_its_outcome(status, outcome):
    failure = an_answer(status, b"busy", {"Retry-After": "5", "Ipp-Request-Id": "r-1"}).failure("the list")
    assert type(failure) is outcome
    assert failure.sentence == f"Visma answered {status} to the list: busy."
    assert failure.request_id == "r-1"
    if isinstance(failure, Transient):
        assert failure.retry_after == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("0", timedelta(0)),
        ("1.5", timedelta(seconds=1.5)),
        (" 120 ", timedelta(minutes=2)),
        ("Sun, 01 Mar 2026 10:01:00 GMT", timedelta(minutes=1)),
        ("Sun, 01 Mar 2026 09:00:00 GMT", timedelta(0)),
        ("-1", None),
        ("soon", None),
        ("99999999999999999999", timedelta(hours=1)),
        ("9" * 41, None),
        ("86400", timedelta(hours=1)),
        ("1772359260", timedelta(seconds=60)),  # the time of its end, in seconds and milliseconds
        ("1772359260000", timedelta(seconds=60)),
        ("Mon, 01 Jan 2099 00:00:00 GMT", timedelta(hours=1)),
        ("Fri, 31 Dec 9999 23:59:59 -1400", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_an_invalid_one_is_none(header, wanted):
    assert an_answer(429, headers={"Retry-After": header} if header is not None else {}).retry_after == wanted


@pytest.mark.parametrize(
    ("status", "headers", "wanted"),
    [
        (429, {"X-RateLimit-Reset": "600"}, timedelta(minutes=10)),
        (429, {"X-RateLimit-Reset": "0"}, None),
        (429, {"X-RateLimit-Reset": "600", "Retry-After": "5"}, timedelta(seconds=5)),
        (503, {"X-RateLimit-Reset": "600"}, None),
    ],
)
def test_a_429_without_that_word_ends_with_its_window(status, headers, wanted):
    assert an_answer(status, headers=headers).retry_after == wanted


def test_request_ids_are_found_under_any_of_their_names():
    assert an_answer(headers={"Request-Context": "appId=7"}).request_id == "appId=7"
    assert an_answer(headers={"x-request-id": "x" * 1000}).request_id == "x" * MAX_TEXT
    assert an_answer().request_id is None


@given(body=st.binary(max_size=400), status=st.integers(300, 599))
def test_no_body_whatever_stops_the_reading_of_a_failure(body, status):
    failure = an_answer(status, body).failure("it")
    assert isinstance(failure, ConnectorError)
    assert len(failure.sentence) < MAX_TEXT + 100
    assert failure.sentence.isprintable()


@pytest.mark.parametrize("path", ["x", "/x", "//x"])
@pytest.mark.parametrize("base", ["https://api.orderful.com", "https://api.orderful.com/"])
def test_addresses_are_joined_with_one_slash(base, path):
    assert join(base, path) == "https://api.orderful.com/x"


def test_the_user_agent_names_the_project_and_its_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"{project['name']}/{connector.__version__}" == USER_AGENT


def test_importing_the_clients_loads_no_heavy_library():
    program = (
        "import sys, connector.adapters.visma.client, connector.adapters.orderful.client, connector.adapters.clock;"
        "print(sorted({'requests', 'urllib3', 'boto3', 'botocore', 'tenacity', 'ssl'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "layers" / "connector")},
    )
    assert done.stdout.strip() == "[]"
