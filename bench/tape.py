"""Records the AWS and HTTP calls of a piece of work with their answers, and answers them again over a socket.

The player is a server in a process of its own. It gives the recorded answers in their order, and refuses a request that
is not the next one, so whoever is measured makes exactly the recorded calls. Only the client's CPU time is then that of
the process that is measured.
"""

from __future__ import annotations

import io
import multiprocessing
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any
from unittest import mock

import boto3
import msgspec
import requests
import urllib3

from connector.adapters.aws import clients

_DROPPED = {"content-length", "transfer-encoding", "connection", "date", "server"}
_REFUSED = 418
_REWIND = "/-/rewind"


class AwsCall(msgspec.Struct, frozen=True, tag=True):
    """A call of a boto3 client."""

    service: str
    operation: str
    params: dict[str, Any]

    @property
    def name(self) -> str:
        """How its request is recognised."""
        return self.operation

    @property
    def label(self) -> str:
        """What is called, for people."""
        return f"{self.service} {self.operation}"


class HttpCall(msgspec.Struct, frozen=True, tag=True):
    """A call by `requests`."""

    method: str
    url: str
    params: list[tuple[str, str]] | None
    body: bytes | None
    headers: dict[str, str]

    @property
    def name(self) -> str:
        """How its request is recognised."""
        return self.method

    @property
    def label(self) -> str:
        """What is called, for people."""
        return self.method


class Recorded(msgspec.Struct, frozen=True):
    """A call and its answer."""

    call: AwsCall | HttpCall
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def answer(self) -> bytes:
        """The answer as it goes over the socket."""
        kept = {name: value for name, value in self.headers.items() if name.lower() not in _DROPPED}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in kept.items()]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


@contextmanager
def recording() -> Iterator[list[Recorded]]:
    """Record every call of the connector's AWS clients and of `requests`, in their order."""
    calls: list[Recorded] = []
    asked: list[AwsCall] = []
    make, send = clients._client.__wrapped__, requests.Session.request

    def make_client(service: str) -> Any:
        client = make(service)

        def before(params: dict[str, Any], model: Any, **_: Any) -> None:
            asked.append(AwsCall(service, model.name, dict(params)))

        def after(response_dict: dict[str, Any], **_: Any) -> None:
            if response_dict.get("status_code"):
                headers = {str(name): str(value) for name, value in response_dict["headers"].items()}
                calls.append(Recorded(asked.pop(), response_dict["status_code"], headers, response_dict["body"]))

        client.meta.events.register("provide-client-params.*.*", before)
        client.meta.events.register("response-received.*.*", after)
        return client

    def request(self: requests.Session, method: str, url: str, **rest: Any) -> requests.Response:
        response = send(self, method, url, **rest)
        body = response.raw.read(decode_content=True)
        call = HttpCall(method, url, rest["params"], rest["data"], rest["headers"])
        headers = {name: value for name, value in response.headers.items() if name.lower() != "content-encoding"}
        calls.append(Recorded(call, response.status_code, headers, body))
        response.raw = urllib3.HTTPResponse(io.BytesIO(body), headers, response.status_code, preload_content=False)
        return response

    kept: dict[str, Any] = {}

    def client_of(service: str) -> Any:
        if service not in kept:
            kept[service] = make_client(service)
        return kept[service]

    with mock.patch.object(clients, "_client", client_of), mock.patch.object(requests.Session, "request", request):
        yield calls


class Player:
    """The recorded answers, in a process of its own.

    Attributes:
        url: Where it listens.
    """

    def __init__(self, recorded: Sequence[Recorded]) -> None:
        """Listen on a free port of this machine."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        script = [(one.call.name, one.answer) for one in recorded]
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_play, args=(listener, script), daemon=True)
        self._process.start()
        listener.close()

    def rewind(self, to: int) -> int:
        """Go on with the answer at this place.

        Returns:
            The place that was reached before.
        """
        return int(requests.get(f"{self.url}{_REWIND}/{to}", timeout=5).text)

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join()


def _play(listener: socket.socket, script: Sequence[tuple[str, bytes]]) -> None:
    import threading

    place = 0
    lock = threading.Lock()

    def answer_to(line: str, headers: dict[str, str]) -> bytes:
        nonlocal place
        method, path, _ = line.split(" ")
        with lock:
            if path.startswith(_REWIND):
                body, place = str(place), int(path.rsplit("/", 1)[1])
                return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
            said = headers.get("x-amz-target", "").rpartition(".")[2] or method
            name, answer = script[place] if place < len(script) else ("the end", b"")
            if said != name:
                body = f"expected {name} at {place}, and was asked for {said}"
                head = f"HTTP/1.1 {_REFUSED} Not recorded\r\nContent-Length: {len(body)}\r\n\r\n"
                return f"{head}{body}".encode()
            place += 1
            return answer

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as stream, suppress(ConnectionError):
            while line := stream.readline().decode().strip():
                headers = {}
                while entry := stream.readline().decode("latin-1").strip():
                    name, _, value = entry.partition(":")
                    headers[name.lower()] = value.strip()
                stream.read(int(headers.get("content-length", 0)))
                connection.sendall(answer_to(line, headers))

    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


class Bare:
    """Makes recorded calls again, with nothing around them.

    Unless told otherwise, the AWS clients have the configuration of the connector's, so that what it leaves out of each
    call is not counted as something that the connector saves.
    """

    def __init__(self, base_url: str, *, as_boto3_comes: bool = False) -> None:
        """Every HTTP call goes to `base_url`, with the path that was recorded.

        Args:
            base_url: Where the player listens.
            as_boto3_comes: AWS clients are made without a configuration.
        """
        self._configuration = None if as_boto3_comes else clients.configuration()
        self._base_url = base_url
        self._clients: dict[str, Any] = {}
        self._session = requests.Session()

    def make(self, calls: Sequence[AwsCall | HttpCall]) -> None:
        """Make them, in their order; an answer is parsed as far as the client does that."""
        for call in calls:
            if isinstance(call, AwsCall):
                with suppress(self._client("dynamodb").exceptions.ClientError):
                    self._client(call.service)._make_api_call(call.operation, call.params)
            else:
                path = call.url.split("/", 3)[3]
                with self._session.request(
                    call.method,
                    f"{self._base_url}/{path}",
                    params=call.params,
                    data=call.body,
                    headers=call.headers,
                    timeout=(5, 30),
                    allow_redirects=False,
                ) as response:
                    response.content  # noqa: B018 - read to its end

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(service, config=self._configuration)  # type: ignore[call-overload]
        return self._clients[service]
