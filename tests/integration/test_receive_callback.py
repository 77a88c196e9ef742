"""The function `receive_callback` as Lambda starts it: what becomes of honest requests and of hostile ones.

Whatever is sent to the address gets one of three answers, and nothing but ids gets onto the queue.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import random
import re
import string
import uuid
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest

from connector.bootstrap import common, receive_callback
from testkit.aws import aws_in_memory, drain, make_queue

ROOT = Path(__file__).parents[2]
HANDLER = ROOT / "functions" / "receive_callback" / "receive_callback_handler.py"
SECRET = "the-agreed-one"
LIMIT = 1_048_576
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 20_000, aws_request_id="run-1")
ORDERFUL_ID = re.compile(r"[A-Za-z0-9][\w.:~+=@-]{0,63}", re.ASCII)
NAMES = ["id", "transactionId", "delivery", "deliveryId", "message", "stream", "type", "href", "version", "content"]
HUGE = "x" * 5_000_000


@pytest.fixture
def endpoint(monkeypatch):
    """The function as Lambda starts it, and its queue."""
    with aws_in_memory(monkeypatch):
        url = make_queue("changes")
        content = {"header": "X-Connector-Secret", "secrets": [SECRET]}
        secret = boto3.client("secretsmanager").create_secret(Name="callback", SecretString=json.dumps(content))
        environment = {
            "STREAM": "test",
            "POWERTOOLS_SERVICE_NAME": "connector",
            "POWERTOOLS_METRICS_NAMESPACE": "Connector/test",
            "HINTS_QUEUE_URL": url,
            "CALLBACK_SECRET_ARN": secret["ARN"],
            "CALLBACK_MAX_BYTES": str(LIMIT),
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        for wired in (common.telemetry, receive_callback.receive_callback):
            wired.cache_clear()
        spec = importlib.util.spec_from_file_location(HANDLER.stem, HANDLER)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield SimpleNamespace(handler=module.handler, url=url, secret=secret["ARN"])
        for wired in (common.telemetry, receive_callback.receive_callback):
            wired.cache_clear()


def sample(**changes) -> dict:
    """The sample event, with the secret that is agreed here."""
    event = json.loads((ROOT / "events" / "receive_callback.json").read_text())
    event["headers"]["x-connector-secret"] = SECRET
    event["multiValueHeaders"]["x-connector-secret"] = [SECRET]
    return event | changes


def hints(endpoint) -> list[dict]:
    return [json.loads(message["Body"]) for message in drain(endpoint.url)]


SAMPLE_HINT = {
    "type": "hint",
    "transaction_id": "802210971",
    "delivery_id": "b646771e-a068-4e32-832f-e96f895c5ec9",
    "version": "v3",
}


def test_the_sample_event_becomes_a_hint_and_its_replay_none(endpoint):
    answer = endpoint.handler(sample(), CONTEXT)
    assert answer == {
        "statusCode": 202,
        "headers": {"Content-Type": "application/json"},
        "body": '{"received": true}',
    }
    assert endpoint.handler(sample(), CONTEXT) == answer
    assert hints(endpoint) == [SAMPLE_HINT]


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": None},
        {"multiValueHeaders": None},
        {"headers": {"X-CONNECTOR-SECRET": SECRET}, "multiValueHeaders": {}},
        {"headers": {}, "multiValueHeaders": {"X-Connector-Secret": ["old", SECRET], "Content-Type": ["text/xml"]}},
    ],
    ids=["only multi-value", "only single", "upper case", "twice, and a wrong content type"],
)
def test_headers_are_found_in_whichever_way_they_come(endpoint, changes):
    assert endpoint.handler(sample(**changes), CONTEXT)["statusCode"] == 202
    assert hints(endpoint) == [SAMPLE_HINT]


def test_a_body_in_base64_is_unpacked(endpoint):
    packed = base64.b64encode(sample()["body"].encode()).decode()
    assert endpoint.handler(sample(body=packed, isBase64Encoded=True), CONTEXT)["statusCode"] == 202
    assert endpoint.handler(sample(body=packed, isBase64Encoded=False), CONTEXT)["statusCode"] == 202
    assert endpoint.handler(sample(body="?" + packed, isBase64Encoded=True), CONTEXT)["statusCode"] == 202
    assert hints(endpoint) == [SAMPLE_HINT]


def test_a_wrong_secret_is_refused_and_counted(endpoint, capfd):
    event = sample(headers={"x-connector-secret": "wrong"}, multiValueHeaders={})
    assert endpoint.handler(event, CONTEXT)["statusCode"] == 401
    assert hints(endpoint) == []
    (metrics,) = [json.loads(line) for line in capfd.readouterr().out.splitlines() if '"_aws"' in line]
    assert metrics["CallbacksRefused"] == [1.0]


@pytest.mark.parametrize(("without", "status", "queued"), [("refuse", 401, []), ("take", 202, [SAMPLE_HINT])])
def test_without_a_secret_callbacks_are_refused_unless_the_stack_was_deployed_to_take_them(
    endpoint, monkeypatch, without, status, queued
):
    boto3.client("secretsmanager").put_secret_value(SecretId=endpoint.secret, SecretString="{}")
    monkeypatch.setenv("CALLBACKS_WITHOUT_SECRET", without)
    receive_callback.receive_callback.cache_clear()
    bare = {"headers": {}, "multiValueHeaders": {}}
    assert endpoint.handler(sample(**bare), CONTEXT)["statusCode"] == status
    assert hints(endpoint) == queued


def test_a_stack_that_takes_callbacks_without_a_secret_demands_one_as_soon_as_it_is_set(endpoint, monkeypatch):
    monkeypatch.setenv("CALLBACKS_WITHOUT_SECRET", "take")
    receive_callback.receive_callback.cache_clear()
    assert endpoint.handler(sample(headers={}, multiValueHeaders={}), CONTEXT)["statusCode"] == 401
    assert endpoint.handler(sample(), CONTEXT)["statusCode"] == 202


def test_nothing_of_the_request_but_its_id_is_told(endpoint, caplog):
    endpoint.handler(sample(), CONTEXT)
    endpoint.handler(sample(headers={"x-connector-secret": "a-guess"}, multiValueHeaders={}), CONTEXT)
    records = str([vars(record) for record in caplog.records])
    assert "802210971" in records
    for hidden in (SECRET, "a-guess", "LOFOTENSJOT", "500300", "3.67.232.44", "axios"):
        assert hidden not in records


class Hostile:
    """Draws requests that no honest sender writes, and some that one could."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def event(self) -> dict:
        known = self.draw.random() < 0.8
        body = self.body()
        encoded = self.draw.random() < 0.2
        if isinstance(body, bytes):
            body = base64.b64encode(body).decode() if encoded else body.decode("utf-8", "surrogateescape")
        event = {
            "httpMethod": "POST",
            "body": body,
            "isBase64Encoded": self.draw.choice([encoded, encoded, encoded, None, "true", 1, []]),
            "headers": self.headers(known=known),
            "multiValueHeaders": self.headers(known=known),
        }
        for name in self.draw.sample(sorted(event), self.draw.choice([0, 0, 0, 1, 2])):
            event.pop(name) if self.draw.random() < 0.5 else event.update({name: self.value(2)})
        return event

    def headers(self, *, known: bool):
        if self.draw.random() < 0.05:
            return self.draw.choice([None, [], "x", 7])
        name = self.draw.choice(["x-connector-secret", "X-CONNECTOR-SECRET", "X-Connector-Secret"])
        value = SECRET if known else self.draw.choice(["", SECRET[:-1], SECRET + " ", "\ud800", HUGE[:9_000], 7, None])
        odd = {self.text(): self.draw.choice([self.text(), None, 7, [self.text(), None], {}])}
        return odd | {
            name: self.draw.choice([value, [value], ["wrong", value]]),
            "Authorization": self.draw.choice(
                ["Basic", "Basic ====", "Basic " + self.text(), "Bearer x", None, ["Basic \udfff"]]
            ),
            "Content-Type": self.draw.choice(["application/json", "text/xml", "multipart/form-data", "", None, 7]),
        }

    def body(self):
        text = json.dumps(self.envelope(), ensure_ascii=self.draw.random() < 0.5)
        raw = text.encode("utf-8", "surrogatepass")
        makers = [
            lambda: self.draw.choice([None, "", " ", 7, [], {}, True, HUGE, HUGE.encode(), f'{{"id":"{HUGE}"}}']),
            lambda: self.draw.randbytes(self.draw.randrange(200)),
            lambda: self.draw.choice(["[", '{"id":', '{"id":1,"message":[']) * self.draw.choice([50, 5_000, 100_000]),
            lambda: text[: self.draw.randrange(len(text) + 1)],
            lambda: text.encode(self.draw.choice(["utf-16", "utf-32"]), "surrogatepass"),
            lambda: b"\xef\xbb\xbf" + raw,
            lambda: raw.replace(b'"', b'"\xff', 1),
        ]
        return self.draw.choice([*makers, lambda: text, lambda: text, lambda: text])()

    def envelope(self):
        if self.draw.random() < 0.1:
            return self.value(3)
        drawn = {name: self.value(3) for name in self.draw.sample(NAMES, self.draw.randrange(len(NAMES)))}
        return drawn | self.draw.choice([{}, {"id": self.number()}, {"transactionId": self.uuid()}])

    def value(self, depth: int):
        flat = [
            self.draw.choice([self.number(), str(self.number()), self.uuid(), self.uuid().upper(), " 7 ", "007"]),
            self.draw.choice([0, -1, 10**25, 1.5, 1e300, float("nan"), float("inf")]),
            self.draw.choice([None, True, False, "", [], {}]),
            self.draw.choice(
                ["../organizations/me", "1/message", "1?x", "1\n2", "%2e%2e", "١٢٣", f"{self.uuid()}/x", "1" * 21]
            ),
            self.text(),
        ]
        if depth == 0 or self.draw.random() < 0.7:
            return self.draw.choice([flat[0], *flat])
        if self.draw.random() < 0.3:
            return [self.value(depth - 1) for _ in range(self.draw.randrange(3))]
        return {self.draw.choice(NAMES): self.value(depth - 1) for _ in range(self.draw.randrange(4))}

    def number(self) -> int:
        return self.draw.randrange(10 ** self.draw.randrange(1, 21))

    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self.draw.randbytes(16)))

    def text(self) -> str:
        characters = string.printable + "æøå\u0000\ufffe\uffff\ud800\U0001f600"
        return "".join(self.draw.choices(characters, k=self.draw.randrange(12)))


def test_hostile_requests_get_a_known_answer_and_only_ids_get_through(endpoint, caplog):
    hostile = Hostile(860)
    answers = Counter()
    for _ in range(500):
        answer = endpoint.handler(hostile.event(), CONTEXT)
        assert set(json.loads(answer["body"])) <= {"received", "message"}
        answers[answer["statusCode"]] += 1
    assert max(len(str(vars(record))) for record in caplog.records) < 2_000, "no line repeats what was sent"
    assert set(answers) == {202, 401}, "503 is for trouble of our own"
    assert min(answers.values()) > 50
    queued = hints(endpoint)
    assert len(queued) > 50
    for hint in queued:
        assert hint.keys() <= {"type", "transaction_id", "delivery_id", "version"}
        assert ORDERFUL_ID.fullmatch(hint["transaction_id"])
        assert ORDERFUL_ID.fullmatch(hint.get("delivery_id", "1"))
        assert hint.get("version", "v3") in {"v3", "v4"}


def test_a_failure_of_the_stack_is_answered_with_503_whatever_the_request(endpoint):
    boto3.client("sqs").delete_queue(QueueUrl=endpoint.url)
    hostile = Hostile(855)
    answers = Counter(endpoint.handler(hostile.event(), CONTEXT)["statusCode"] for _ in range(200))
    assert set(answers) == {202, 401, 503}


def test_without_its_secret_the_endpoint_admits_nobody(endpoint):
    boto3.client("secretsmanager").delete_secret(SecretId=endpoint.secret, ForceDeleteWithoutRecovery=True)
    hostile = Hostile(997)
    assert {endpoint.handler(hostile.event(), CONTEXT)["statusCode"] for _ in range(100)} == {503}
