"""`manage.py up`, as it is: started, killed piece by piece, stopped, started again."""

import re
import signal
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.stack import Stack, refused, wait_for

pytestmark = pytest.mark.stack

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    stack = Stack()
    stack.start()
    yield stack
    stack.remove()


@pytest.fixture
def other() -> Iterator[Stack]:
    """A second installation, with data of its own, that is not started yet."""
    other = Stack()
    yield other
    other.remove()


@pytest.fixture(scope="module")
def visitor(stack: Stack) -> Iterator[httpx.Client]:
    """Somebody who signed in through the printed link."""
    with httpx.Client(base_url=stack.url, follow_redirects=True, timeout=30) as client:
        answer = _sign_in(client, stack.sign_in_link)
        assert answer.status_code == 200, answer.text
        yield client


def test_it_is_healthy_when_it_prints_the_link(stack: Stack) -> None:
    assert httpx.get(f"{stack.url}/health/").text == "ok"
    assert stack.said()[-1] == f"studyweb is ready. Sign in, once, within a day: {stack.sign_in_link}"


def test_the_printed_link_opens_the_workbench_with_the_demonstration(stack: Stack, visitor: httpx.Client) -> None:
    home = visitor.get("/")
    assert home.status_code == 200
    assert home.url.path == "/"
    assert "Demonstration (invented articles)" in home.text


def test_the_printed_link_signs_nobody_else_in(stack: Stack, visitor: httpx.Client) -> None:
    with httpx.Client(follow_redirects=True) as stranger:
        _sign_in(stranger, stack.sign_in_link)
        assert stranger.get(f"{stack.url}/").url.path == "/sign-in/"


def test_it_listens_on_this_machine_only(stack: Stack) -> None:
    listening = {
        connection.laddr.ip
        for process in [stack.supervisor, *stack.supervisor.children(recursive=True)]
        for connection in process.net_connections(kind="tcp")
        if connection.status == "LISTEN"
    }
    assert listening == {"127.0.0.1"}


def test_its_files_are_closed_to_other_accounts(stack: Stack) -> None:
    database = stack.folder / "studyweb.sqlite3"
    assert database.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in stack.folder.glob("logs/*"))


@pytest.mark.parametrize("name", ["web", "fast", "generation", "broker"])
def test_a_killed_process_comes_back_and_the_restart_is_said(stack: Stack, name: str) -> None:
    killed = stack.kill(name)
    stack.wait_for_restart(name, killed)
    wait_for(
        lambda: f"{name} was ended by SIGKILL; it is started again" in "\n".join(stack.said()),
        within=20,
        what=stack.log,
    )
    wait_for(lambda: stack.pings("fast") and stack.pings("generation"), within=60, what=stack.log)
    assert httpx.get(f"{stack.url}/health/", timeout=30).text == "ok"


def test_who_asks_while_the_web_process_restarts_waits_and_is_answered(stack: Stack) -> None:
    killed = stack.kill("web")
    assert httpx.get(f"{stack.url}/health/", timeout=30).text == "ok"
    assert stack.wait_for_restart("web", killed) != killed


def test_the_health_of_each_worker_can_be_asked_for(stack: Stack) -> None:
    assert [stack.manage("worker_health", queue).returncode for queue in ("fast", "generation")] == [0, 0]


def test_a_second_one_on_the_same_data_is_refused(stack: Stack) -> None:
    said = refused(stack.command(), stack.environment())
    assert f"studyweb runs on the data folder {stack.folder} already" in said
    assert stack.url in said


def test_a_taken_port_is_refused_with_what_to_do(other: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        said = refused([*other.command(), "--port", str(port)], other.environment())
    assert f"Port {port} on 127.0.0.1 is taken by another program." in said
    assert f"make run PORT={port + 1}" in said


def test_others_are_let_in_only_with_a_public_address(other: Stack) -> None:
    said = refused([*other.command(), "--host", "::"], other.environment())
    assert "set PUBLIC_URL to the address" in said


def test_ctrl_c_leaves_nothing_and_the_next_start_finds_all_data(stack: Stack, visitor: httpx.Client) -> None:
    began = time.monotonic()
    assert stack.stop() == 0
    assert time.monotonic() - began < 15
    assert stack.said()[-1] == "studyweb has stopped."
    assert stack.left_over() == []
    assert stack.manage("worker_health", "fast").stderr.startswith("CommandError: The broker cannot be reached")
    began = time.monotonic()
    stack.start()
    assert time.monotonic() - began < 30
    # The session lives in the database, signed with a secret that was kept.
    home = visitor.get(f"{stack.url}/")
    assert home.url.path == "/"
    assert "Demonstration (invented articles)" in home.text


def test_a_killed_supervisor_takes_everything_with_it_and_frees_the_data(stack: Stack) -> None:
    assert stack.stop(signal.SIGKILL) == -signal.SIGKILL
    wait_for(lambda: stack.left_over() == [], within=20, what=lambda: "\n".join(stack.left_over()))
    stack.start()
    assert httpx.get(f"{stack.url}/health/").text == "ok"


def _sign_in(client: httpx.Client, link: str) -> httpx.Response:
    """Open the link and press its button."""
    page = client.get(link)
    token = TOKEN.search(page.text)
    if token is None:
        return page
    return client.post(link, data={"csrfmiddlewaretoken": token[1]}, headers={"Referer": link})
