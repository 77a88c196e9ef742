"""MiniStack as the laptop stack runs it: with access control, and with each archive unpacked once.

It accepts requests of programs on this machine, not of web pages or other machines. MiniStack runs code for any caller:
it checks no signatures and allows every origin. So it listens on loopback, and on the address of a container bridge on
request. The `Host` header must name this machine, against DNS rebinding. Headers of a browser are refused. A browser
omits them for an image on an address that is not loopback, so a request must also have an `Authorization` header in the
form of the AWS SDKs, which a page cannot send without a preflight request. The health check of MiniStack and callbacks
to a deployed API need no signature.

MiniStack unpacks the layer at each cold start, which takes about as long as the start of the worker. On Lambda the
layer is a read-only directory; here the workers share one.

Runs in MiniStack's own environment: `python -P testkit/laptop/guard.py`. `EXTRA_BIND` is a second address to listen on.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import threading
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

Scope = Mapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]

_ALLOWED_HOSTS = re.compile(r"(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9-]+\.)*localhost|host\.docker\.internal)(?::\d{1,5})?")
_REFUSED = b"The laptop stack takes no requests from web pages, unsigned, or under another machine's name.\n"
_UNSIGNED = {("GET", "/_ministack/health"), ("GET", "/_ministack/sqs/messages")}
_API = "/_aws/execute-api/"


def refusal(headers: Mapping[str, str], *, extra: str = "") -> str | None:
    """Why a request is refused; None for one that is accepted.

    Args:
        headers: Headers of the request, with names in lower case.
        extra: A second address to listen on.
    """
    host = headers.get("host", "").lower()
    if not _ALLOWED_HOSTS.fullmatch(host) and (not extra or host.rpartition(":")[0] != extra):
        return "it names another host"
    if "origin" in headers:
        return "it comes from a web page"
    # Browsers send it with every request; `none` is a URL that a person typed.
    if headers.get("sec-fetch-site", "none") != "none":
        return "it comes from a web page"
    return None


def is_signed(headers: Mapping[str, str], *, method: str, path: str, query: str = "") -> bool:
    """Whether a request has the signature of an AWS SDK, or needs none.

    MiniStack reads an action from the query of any URL, so a request without a signature must have no query.
    """
    if headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
        return True
    host = headers.get("host", "").partition(":")[0]
    is_api = method == "POST" and (path.startswith(_API) or host.endswith(".execute-api.localhost"))
    return not query and (is_api or (method, path) in _UNSIGNED)


def guarded(app: App, *, extra: str = "") -> App:
    """The ASGI application with access control."""

    async def guarded(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] in {"http", "websocket"}:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            asked = {"method": scope.get("method", "GET"), "path": scope["path"]}
            asked["query"] = scope.get("query_string", b"").decode("latin-1")
            if refusal(headers, extra=extra) is not None or not is_signed(headers, **asked):
                await _refuse(scope, send)
                return
        await app(scope, receive, send)

    return guarded


async def _refuse(scope: Scope, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": _REFUSED})


class SharedArchive:
    """What MiniStack uses of `zipfile.ZipFile` at a cold start: a directory is a link to the one unpacked content."""

    _lock = threading.Lock()

    def __init__(self, archive: str) -> None:
        """An archive on disk; nothing is read yet."""
        self._archive = Path(archive)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left open."""

    def namelist(self) -> list[str]:
        """No names to check: `ZipFile.extractall` leaves no entry outside its directory."""
        return []

    def extractall(self, directory: str) -> None:
        """Replace an empty directory with a link to the content, which is unpacked if nobody has done so."""
        content = Path(tempfile.gettempdir(), "unpacked", hashlib.sha256(self._archive.read_bytes()).hexdigest())
        with self._lock:
            if not content.exists():
                partly = tempfile.mkdtemp()
                with zipfile.ZipFile(self._archive) as opened:
                    opened.extractall(partly)
                content.parent.mkdir(exist_ok=True)
                Path(partly).rename(content)
        Path(directory).rmdir()
        Path(directory).symlink_to(content, target_is_directory=True)


def main() -> None:
    """Run MiniStack until it is terminated."""
    server: Any = import_module("hypercorn.asyncio")  # neither is in the environment of the tests
    program: Any = import_module("ministack.app")
    runtime: Any = import_module("ministack.core.lambda_runtime")
    runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": SharedArchive})
    extra = os.environ.get("EXTRA_BIND", "")
    serve = server.serve

    async def serve_there_too(app: Any, config: Any, **options: Any) -> None:
        if extra:
            config.bind.append(f"{extra}:{os.environ['GATEWAY_PORT']}")
        await serve(app, config, **options)

    server.serve = serve_there_too
    program.app = guarded(program.app, extra=extra)
    program.main()


if __name__ == "__main__":
    main()
