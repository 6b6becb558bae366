"""A small server that speaks the hub's protocol as far as a download needs it: one commit's files, with byte ranges."""

import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class HubServer(ThreadingHTTPServer):
    """Serves ``folder`` as ``repository`` at ``revision``. ``breaks_after`` ends each answer after so many bytes.

    The hash that it states of the file ``states_wrong_hash_of`` is another's.
    """

    daemon_threads = True

    def __init__(self, folder: Path, repository: str, revision: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.repository, self.revision = folder, repository, revision
        self.breaks_after: int | None = None
        self.states_wrong_hash_of = ""
        self.asked: list[tuple[str, str]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away, which is what some tests are about."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: HubServer
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the tests look at ``asked``."""

    def _answer(self, *, body: bool) -> None:
        hub = self.server
        path = self.path.split("?", 1)[0]
        resolved = f"/{hub.repository}/resolve/{hub.revision}/"
        if path == f"/api/models/{hub.repository}/revision/{hub.revision}":
            return self._send(json.dumps(self._described()).encode(), "application/json", body=body)
        if path.startswith(resolved) and (file := hub.folder / path.removeprefix(resolved)).is_file():
            return self._send(file.read_bytes(), "application/octet-stream", body=body)
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def _described(self) -> dict[str, Any]:
        hub = self.server
        siblings = []
        for file in sorted(hub.folder.iterdir()):
            entry: dict[str, Any] = {"rfilename": file.name, "size": file.stat().st_size}
            content, is_wrong = file.read_bytes(), file.name == hub.states_wrong_hash_of
            if file.suffix == ".safetensors":
                digest = "0" * 64 if is_wrong else hashlib.sha256(content).hexdigest()
                entry["lfs"] = {"size": entry["size"], "sha256": digest, "pointerSize": 134}
                content = b"a pointer to a large file"
            named = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
            entry["blobId"] = "0" * 40 if is_wrong else named
            siblings.append(entry)
        return {"id": hub.repository, "modelId": hub.repository, "sha": hub.revision, "siblings": siblings, "tags": []}

    def _send(self, content: bytes, kind: str, *, body: bool) -> None:
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.server.asked.append((self.path.rsplit("/", 1)[-1], self.headers.get("Range") or ""))
        rest = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(rest)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", self.server.revision)
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if body:
            cut = self.server.breaks_after
            self.wfile.write(rest if cut is None else rest[:cut])
            if cut is not None and cut < len(rest):
                self.close_connection = True


@contextmanager
def served(folder: Path, repository: str, revision: str) -> Iterator[HubServer]:
    """The server, running in a thread until the block ends."""
    server = HubServer(folder, repository, revision)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
