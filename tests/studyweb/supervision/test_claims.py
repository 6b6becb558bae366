"""A data folder and a port belong to one installation at a time; who comes second is told what to do."""

import os
import socket
from pathlib import Path

import pytest

from studyweb.supervision.broker import LONGEST_SOCKET_PATH, BrokerError, check_socket_path
from studyweb.supervision.claims import Claimed, claim_folder, claim_port, is_loopback, sign


def test_a_folder_is_claimed_once_until_it_is_let_go(tmp_path: Path) -> None:
    first = claim_folder(tmp_path)
    sign(first, "process 12, http://127.0.0.1:8000/")
    with pytest.raises(Claimed, match=r"already \(process 12, http://127.0.0.1:8000/\)\. Stop that one"):
        claim_folder(tmp_path)
    os.close(first)
    os.close(claim_folder(tmp_path))


def test_a_taken_port_is_said_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(Claimed, match=rf"Port {port} on 127.0.0.1 is taken .* make run PORT={port + 1}"):
            claim_port("127.0.0.1", port)


def test_port_0_is_any_free_port() -> None:
    with claim_port("127.0.0.1", 0) as listening:
        assert listening.getsockname()[1] > 0
        socket.create_connection(listening.getsockname()).close()


def test_a_host_without_an_address_is_refused() -> None:
    with pytest.raises(Claimed, match=r"no address for --host nobody\.invalid"):
        claim_port("nobody.invalid", 0)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("localhost", True), ("192.0.2.1", False), ("::", False)],
)
def test_only_loopback_addresses_keep_others_out(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_socket_path_that_the_system_cannot_hold_is_refused_before_the_start() -> None:
    check_socket_path(Path("/" + "a" * (LONGEST_SOCKET_PATH - 1)))
    with pytest.raises(BrokerError, match="Set STUDYWEB_DATA_DIR to a folder with a shorter path"):
        check_socket_path(Path("/" + "é" * 52))
