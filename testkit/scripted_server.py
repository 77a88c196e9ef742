"""A server on a real socket with a script of answers, one per request, faults included."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SERVER_DATE = "Sun, 01 Mar 2026 10:00:30 GMT"
NOW = datetime(2026, 3, 1, 10, 0, 0, tzinfo=UTC)

CLIENT_SECRET = "s3cr3t-of-visma"
API_KEY = "k3y-of-orderful"
SECRETS = (CLIENT_SECRET, API_KEY)


class Clock:
    """A clock that only a test advances."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


class Deadline:
    """A deadline with a fixed remaining time."""

    def __init__(self, seconds: float = 300) -> None:
        self.seconds = seconds

    def remaining(self) -> timedelta:
        return timedelta(seconds=self.seconds)


@dataclass
class SeenRequest:
    """A received request."""

    method: str
    path: str
    query: list[tuple[str, str]]
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Step:
    """The answer to one request: raw bytes, and the end of the connection."""

    raw: bytes
    end: str = "keep"  # keep | close | reset | hang
    is_slow: bool = False


def answer(
    status: int = 200,
    body: bytes | str = b"",
    *,
    headers: Mapping[str, str | None] | None = None,
    json_body: object = None,
    content_type: str | None = None,
    end: str = "keep",
) -> Step:
    if json_body is not None:
        body, content_type = json.dumps(json_body).encode(), content_type or "application/json"
    if isinstance(body, str):
        body = body.encode()
    lines = [f"HTTP/1.1 {status} Any", f"Content-Length: {len(body)}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    every = {"Date": SERVER_DATE, **(headers or {})}
    lines += [f"{name}: {value}" for name, value in every.items() if value is not None]
    return Step("\r\n".join(lines).encode() + b"\r\n\r\n" + body, end=end)


def html(status: int, **more: Any) -> Step:
    page = "<html><head><title>Bad Gateway</title></head><body><h1>502</h1></body></html>"
    return answer(status, page, content_type="text/html", **more)


def reset() -> Step:
    """Reset the connection after the request, without an answer."""
    return Step(b"", end="reset")


def reset_after_headers() -> Step:
    return Step(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[", end="reset")


def truncated(body: bytes = b'[{"orderNbr":"1"') -> Step:
    """Fewer bytes than `Content-Length`, then close the connection."""
    return Step(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + body, end="close")


def silence() -> Step:
    return Step(b"", end="hang")


def slow_body() -> Step:
    """Headers at once, then a slow body without an end."""
    return Step(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", end="hang", is_slow=True)


@dataclass
class Server:
    """Answers with `script` (its last step repeats) and stores the requests."""

    script: list[Step] = field(default_factory=list)
    seen: list[SeenRequest] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._came = threading.Condition(self._lock)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def play(self, *steps: Step) -> None:
        self.script[:] = steps

    def the_only_one(self) -> SeenRequest:
        """The one request that came. It is waited for: who gives up on an answer may be back before it was read."""
        with self._came:
            assert self._came.wait_for(lambda: self.seen, timeout=300)
            (one,) = self.seen
            return one

    def stop(self) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                connection.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.append(connection)
                thread = threading.Thread(target=self._talk, args=(connection, self.connections), daemon=True)
                self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket, number: int) -> None:
        try:
            while (request := self._read(connection, number)) is not None:
                with self._lock:
                    self.seen.append(request)
                    self._came.notify_all()
                    step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                connection.settimeout(None)  # whoever is slow to read an answer gets all of it
                connection.sendall(step.raw)
                if step.end == "hang":
                    while not self._over.wait(0.02):
                        if step.is_slow:
                            connection.sendall(b" ")
                if step.end == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if step.end != "keep":
                    break
        except OSError:
            pass
        finally:
            connection.close()

    def _read(self, connection: socket.socket, number: int) -> SeenRequest | None:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (more := self._receive(connection)):
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        while len(body) < int(headers.get("Content-Length", 0)):
            body += self._receive(connection)
        method, target, _ = first.split(" ")
        parts = urlsplit(target)
        return SeenRequest(method, parts.path, parse_qsl(parts.query), target, headers, body, number)

    def _receive(self, connection: socket.socket) -> bytes:
        connection.settimeout(0.05)
        while not self._over.is_set():
            try:
                return connection.recv(65536)
            except TimeoutError:
                continue
        return b""
