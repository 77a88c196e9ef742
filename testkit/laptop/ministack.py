"""MiniStack, the AWS of the laptop: started with IAM enforced, stopped without leaving a process behind.

It runs in a process group of its own together with the workers that execute the functions, so one signal ends them all.
What is needed to find it again lies in `.local/ministack.json`; its log, and with it what the functions print, in
`.local/ministack.log`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from testkit.laptop import processes

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (ROOT / ".venv-ministack" / "bin" / "python", "-P", ROOT / "testkit" / "laptop" / "guard.py")
"""MiniStack behind the door that keeps web pages and neighbours out; `-P`, for its modules do not lie beside it."""

DIRECTORY = ROOT / ".local"
REGION = "eu-north-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""MiniStack's own root caller; every function gets credentials of its role instead."""

_LOOPBACK = "127.0.0.1"
_GET_ADDRESS = 0x8915  # SIOCGIFADDR

_USUAL_PORT = 4566
START_SECONDS = 300.0
"""Seconds after which a program that has neither started nor ended is taken to hang."""

_INTERFACES = Path("/sys/class/net")
_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
_PLENTY = 8 * 2**30


class MiniStackFailed(Exception):
    """MiniStack did not come up; the message says where to read why."""


@dataclass(frozen=True, slots=True)
class MiniStack:
    """A running MiniStack.

    Attributes:
        pid: Its process, which leads a process group of the same number.
        port: Where it listens.
        directory: Where its log lies.
        temporary: Where its temporary files lie, the unpacked functions among them.
    """

    pid: int
    port: int
    directory: str
    temporary: str

    @property
    def endpoint(self) -> str:
        """What `AWS_ENDPOINT_URL` has to be."""
        return f"http://127.0.0.1:{self.port}"


def start(directory: Path = DIRECTORY, *, port: int | None = None) -> MiniStack:
    """Start MiniStack and wait until it answers.

    Args:
        directory: Where state, log and temporary files go.
        port: Where to listen; by default any free port, which for the stack of `make up` is 4566 unless that is taken.
            Stacks that start at the same moment would both find it free.

    Raises:
        MiniStackFailed: it ended or stayed silent; nothing is left running.
    """
    bind_host()
    port = port or _free_port((_USUAL_PORT, 0) if directory == DIRECTORY else (0,))
    directory.mkdir(parents=True, exist_ok=True)
    temporary = _scratch(directory)
    log = directory / "ministack.log"
    pid = processes.launch(PROGRAM, log=log, environment=_environment(port, temporary))
    running = MiniStack(pid, port, str(directory), str(temporary))
    _state_file(directory).write_text(json.dumps(asdict(running)))
    deadline = time.monotonic() + START_SECONDS
    while not _answers(running.endpoint):
        if processes.has_ended(pid) or time.monotonic() > deadline:
            stop(running)
            raise MiniStackFailed(f"MiniStack did not start; read {log}.")
        time.sleep(0.1)
    return running


def bind_host() -> str:
    """Where the laptop stack listens besides loopback: `BIND_HOST`, the address of a container bridge of this machine.

    Under Linux the containers of `sam local invoke` reach this machine there; under macOS and Windows they reach
    loopback by themselves.

    Raises:
        MiniStackFailed: it is another address. Whoever reaches the stack can run code on this machine.
    """
    wanted = os.environ.get("BIND_HOST", "") or _LOOPBACK
    if wanted == _LOOPBACK:
        return wanted
    bridges = _bridge_addresses()
    if wanted in bridges:
        return wanted
    raise MiniStackFailed(
        f"BIND_HOST={wanted} would let others run code on this machine. Leave it out, or give the address of a "
        f"container bridge ({', '.join(bridges) or 'this machine has none'})."
    )


def _bridge_addresses() -> list[str]:
    """The IPv4 addresses of the bridges of this machine, such as Docker's; none where it is no Linux."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for name in sorted(path.parent.name for path in _INTERFACES.glob("*/bridge")):
            with contextlib.suppress(OSError):
                answer = fcntl.ioctl(asked.fileno(), _GET_ADDRESS, struct.pack("256s", name.encode()[:15]))
                found.append(socket.inet_ntoa(answer[20:24]))
    return found


def find(directory: Path = DIRECTORY) -> MiniStack | None:
    """The MiniStack that was started in `directory` and still runs, if any."""
    try:
        running = MiniStack(**json.loads(_state_file(directory).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return running if _is_ministack(running.pid) else None


def stop(running: MiniStack) -> None:
    """End MiniStack and every worker it started, and remove what they left in their temporary directory."""
    processes.end(running.pid)
    _state_file(Path(running.directory)).unlink(missing_ok=True)
    shutil.rmtree(running.temporary, ignore_errors=True)


@contextlib.contextmanager
def ministack(directory: Path = DIRECTORY) -> Iterator[MiniStack]:
    """MiniStack for the length of a `with` block."""
    running = start(directory)
    try:
        yield running
    finally:
        stop(running)


def _scratch(directory: Path) -> Path:
    """A directory for its temporary files: in memory where there is plenty, for each cold start unpacks the layer."""
    has_plenty = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _PLENTY
    # In containers no code may be loaded from there.
    if has_plenty and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC:
        return Path(tempfile.mkdtemp(prefix="ministack-", dir=_MEMORY))
    temporary = directory / "tmp"
    temporary.mkdir(exist_ok=True)
    return temporary


def _environment(port: int, temporary: Path) -> dict[str, str]:
    # The workers inherit this environment: nothing of the caller's (profiles, keys, endpoints, PYTHONPATH) may leak in.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    extra = bind_host()
    return kept | {
        **CREDENTIALS,
        "AUTH": "true",
        "BIND_HOST": _LOOPBACK,
        "EXTRA_BIND": "" if extra == _LOOPBACK else extra,
        "GATEWAY_PORT": str(port),
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_REGION": REGION,
        "PYTHONDONTWRITEBYTECODE": "1",  # as on Lambda, where the disk is read-only
        "TMPDIR": str(temporary),
    }


def _free_port(tried: Sequence[int]) -> int:
    for wanted in tried:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", wanted))
            return int(probe.getsockname()[1])
    raise MiniStackFailed("No port is free on 127.0.0.1.")


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2) as answer:  # noqa: S310 - our own http URL
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _is_ministack(pid: int) -> bool:
    """Whether `pid` is still ours: numbers are given out again after a restart of the machine."""
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "ministack" in shown.stdout


def _state_file(directory: Path) -> Path:
    return directory / "ministack.json"
