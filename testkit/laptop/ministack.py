"""Starts and stops MiniStack, the AWS emulator, with IAM enforced.

Its process group includes the workers that run the functions, so one signal ends all of them. `.local/ministack.json`
has the running process, `.local/ministack.log` its output and that of the functions.
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
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from testkit.laptop import processes

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (ROOT / ".venv-ministack" / "bin" / "python", "-P", ROOT / "testkit" / "laptop" / "guard.py")
"""MiniStack with access control. `-P`: modules are not imported from the directory of the script."""

DIRECTORY = ROOT / ".local"
REGION = "eu-north-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""MiniStack's root credentials; a function gets the credentials of its role."""

_LOOPBACK = "127.0.0.1"
_GET_ADDRESS = 0x8915  # SIOCGIFADDR

_DEFAULT_PORT = 4566
START_SECONDS = 300.0
"""Time limit for the start of a program."""

_INTERFACES = Path("/sys/class/net")
_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
_MIN_FREE_BYTES = 8 * 2**30


class MiniStackFailed(Exception):
    """MiniStack did not start; the message names its log."""


@dataclass(frozen=True, slots=True)
class MiniStack:
    """A running MiniStack.

    Attributes:
        pid: Its process id, which is also the id of its process group.
        port: Its port.
        directory: The directory of its log.
        temporary: The directory of its temporary files, which include the unpacked functions.
    """

    pid: int
    port: int
    directory: str
    temporary: str

    @property
    def endpoint(self) -> str:
        """The value of `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self.port}"


def start(directory: Path = DIRECTORY, *, port: int | None = None) -> MiniStack:
    """Start MiniStack and wait until it answers.

    Args:
        directory: The directory of state, log and temporary files.
        port: The port; by default a free one, for the stack of `make up` 4566 if it is free. Two stacks that start at
            the same time could choose the same port.

    Raises:
        MiniStackFailed: it ended or does not answer; no process is left running.
    """
    bind_host()
    port = port or _free_port((_DEFAULT_PORT, 0) if directory == DIRECTORY else (0,))
    directory.mkdir(parents=True, exist_ok=True)
    temporary = _scratch(directory)
    log = directory / "ministack.log"
    pid = processes.launch(PROGRAM, log=log, environment=_environment(port, temporary))
    running = MiniStack(pid, port, str(directory), str(temporary))
    try:
        _state_file(directory).write_text(json.dumps(asdict(running)))
        is_up = processes.comes_up(pid, lambda: _answers(running.endpoint), seconds=START_SECONDS)
    except BaseException:
        stop(running)
        raise
    if not is_up:
        stop(running)
        raise MiniStackFailed(f"MiniStack did not start; read {log}.")
    return running


def bind_host() -> str:
    """The second address of the laptop stack: `BIND_HOST`, the address of a container bridge of this machine.

    Under Linux the containers of `sam local invoke` reach this machine there; under macOS and Windows they reach
    loopback by themselves.

    Raises:
        MiniStackFailed: it is another address. A client of the stack can run code on this machine.
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
    """The IPv4 addresses of the bridges of this machine, such as Docker's; none unless it runs Linux."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for name in sorted(path.parent.name for path in _INTERFACES.glob("*/bridge")):
            with contextlib.suppress(OSError):
                answer = fcntl.ioctl(asked.fileno(), _GET_ADDRESS, struct.pack("256s", name.encode()[:15]))
                found.append(socket.inet_ntoa(answer[20:24]))
    return found


def find(directory: Path = DIRECTORY) -> MiniStack | None:
    """The running MiniStack that was started in `directory`, if any."""
    try:
        running = MiniStack(**json.loads(_state_file(directory).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return running if _is_ministack(running.pid) else None


def stop(running: MiniStack) -> None:
    """End MiniStack and its workers, and delete their temporary directory."""
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
    """A directory for temporary files, such as the unpacked layer: in memory if it has enough space."""
    has_space = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _MIN_FREE_BYTES
    # In containers no code may be loaded from there.
    if has_space and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC:
        return Path(tempfile.mkdtemp(prefix="ministack-", dir=_MEMORY))
    temporary = directory / "tmp"
    temporary.mkdir(exist_ok=True)
    return temporary


def _environment(port: int, temporary: Path) -> dict[str, str]:
    # The workers inherit this environment, so the caller's profiles, keys, endpoints and PYTHONPATH are left out.
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
    """Whether `pid` is MiniStack: process ids are reused after a restart of the machine."""
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "ministack" in shown.stdout


def _state_file(directory: Path) -> Path:
    return directory / "ministack.json"
