"""What one running installation has for itself: its data folder and its port."""

import errno
import fcntl
import ipaddress
import os
import socket
from pathlib import Path


class Claimed(Exception):  # noqa: N818 -- it is an answer to a person, and reads as one
    """Somebody else has it already; the message says what to do."""


def claim_folder(folder: Path) -> int:
    """Lock a data folder for this process and those that inherit the descriptor that is returned.

    The system lets go of the lock when the last of them has ended, in whatever way. Raises Claimed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as held:
        holder = os.read(descriptor, 200).decode() or "another process"
        os.close(descriptor)
        raise Claimed(
            f"studyweb runs on the data folder {folder} already ({holder}). Stop that one with Ctrl-C where it runs, "
            "or set STUDYWEB_DATA_DIR to another folder."
        ) from held
    sign(descriptor, f"process {os.getpid()}")
    return descriptor


def sign(descriptor: int, holder: str) -> None:
    """Write into the lock file who holds it, for the one who finds it locked."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, holder.encode(), 0)


def claim_port(host: str, port: int) -> socket.socket:
    """A listening socket on the host's port; port 0 is any free one. Raises Claimed, also for an unknown host."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise Claimed(f"There is no address for --host {host}: {error.strerror}.") from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise Claimed(_why_not(host, port, error)) from error
    return listening


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach that host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program. Stop that program, or choose another port: "
            f"make run PORT={port + 1}"
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {port} may only be opened by the system's administrator. Choose one above 1023: make run PORT=8000"
        )
    return f"Port {port} on {host} cannot be opened: {error.strerror}. Choose another --host or --port."
