"""The three sides of the participants' benchmark: how each is started, entered, ended and read."""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import httpx

from benchmarks._participants_servers import Postgres, cpu_seconds, free_port, outside, running
from benchmarks._participants_walk import RATINGS, Given, ScriptedWalk, Walk, WalkError
from benchmarks._peer_environment import peer_environment

PROJECT = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).resolve().parent / "peers"
OTREE = "otree==6.0.15"
_GUNICORN = ["--workers", "1", "--worker-class", "gthread", "--threads", "8", "--access-logfile", "-"]
_COLUMNS = ", ".join(RATINGS)


class Rows(Protocol):
    """A database: its address as Django spells it, and what it holds."""

    @property
    def django_url(self) -> str: ...

    def rows(self, query: str) -> list[tuple[Any, ...]]: ...


class Server(Protocol):
    """What makes databases."""

    def new(self, name: str) -> Rows: ...


class Side:
    """A server that is running. ``cpu`` is what its web processes used so far, in seconds."""

    name: str
    consent: dict[str, str]
    walk: type[Walk] = Walk

    def __init__(self, address: str, database: Rows, cpu: Callable[[], float]) -> None:
        self.address, self.database, self.cpu = address, database, cpu

    def entries(self, count: int) -> list[str]:
        """So many entry links, each for a reader of its own."""
        return [f"{self.address}/"] * count

    def finish(self, walk: Walk) -> None:
        """What comes behind the last article and is not measured. Raises ``WalkError`` if it is not there."""
        _expect(walk, "You have finished")

    def recorded(self) -> Counter[Given]:
        """Everything that the side's database holds, with how often it is there."""
        raise NotImplementedError


class Studyweb(Side):
    """studyweb as `manage.py up` runs it. Its end is the debriefing, which lists the articles, then the code."""

    name = "studyweb"
    consent = {"answer": "agree"}
    study_key = ""

    def entries(self, count: int) -> list[str]:
        return [f"{self.address}/s/{self.study_key}/"] * count

    def finish(self, walk: Walk) -> None:
        _expect(walk, "What this study was about")
        walk.submit({})
        _expect(walk, 'class="code"')

    def recorded(self) -> Counter[Given]:
        pages: defaultdict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
        query = "SELECT participant_id, step, item, value FROM surveys_answer ORDER BY participant_id, step"
        for participant, step, item, value in self.database.rows(query):
            pages[participant, step].append((item, value))
        found: Counter[Given] = Counter()
        for page, answers in pages.items():
            if sorted(item for item, _ in answers) != sorted(Given._fields):
                raise WalkError(f"studyweb holds other answers than were given: {page}, {answers}")
            found[Given(**dict(answers))] += 1
        return found


class StudywebWithScripts(Studyweb):
    """The same server, to which browsers send drafts and paradata besides; no other side has any."""

    name = "with scripts"
    walk = ScriptedWalk

    def __init__(self, without: Studyweb) -> None:
        super().__init__(without.address, without.database, without.cpu)
        self.study_key = without.study_key


class BareDjango(Side):
    """An ordinary Django project with sessions, CSRF, CSP and a form, on gunicorn with the same options."""

    name = "bare Django"
    consent: dict[str, str] = {}

    def recorded(self) -> Counter[Given]:
        return Counter(Given(*row) for row in self.database.rows(f"SELECT comment, {_COLUMNS} FROM rating_rating"))  # noqa: S608 -- our own names


class OTree(Side):
    """oTree's production server. Its readers get a session of their own a turn, made before anything is measured."""

    name = OTREE.replace("==", " ").replace("otree", "oTree")
    consent: dict[str, str] = {}
    rest_key = ""

    def entries(self, count: int) -> list[str]:
        made = httpx.post(
            f"{self.address}/api/sessions",
            json={"session_config_name": "news", "num_participants": count},
            headers={"otree-rest-key": self.rest_key},
            timeout=120,
        )
        made.raise_for_status()
        rows = self.database.rows("SELECT code FROM otree_participant ORDER BY id DESC")
        return [f"{self.address}/InitializeParticipant/{code}" for (code,) in rows[:count]]

    def recorded(self) -> Counter[Given]:
        query = f"SELECT comment, {_COLUMNS} FROM rating_player WHERE comment IS NOT NULL"  # noqa: S608 -- our own names
        return Counter(Given(*row) for row in self.database.rows(query))


@contextlib.contextmanager
def studyweb(server: Server, folder: Path) -> Iterator[Side]:
    """studyweb with a live study, started by `manage.py up` with its broker and fast worker."""
    database, port = server.new("studyweb"), free_port()
    data = folder / "studyweb"
    data.mkdir()
    own = {"DATABASE_URL": database.django_url, "STUDYWEB_DATA_DIR": str(data), "PYTHONUNBUFFERED": "1"}
    own["DJANGO_SETTINGS_MODULE"] = "studyweb.settings"
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "manage.py", "up", "--port", str(port), "--no-demonstration", "--no-generation"]
    log, ready = folder / "studyweb.log", f"{address}/health/"
    with running(command, folder=PROJECT, environment=own, log=log, ready=ready) as supervisor:
        web = next(child for child in supervisor.children() if "gunicorn" in " ".join(child.cmdline()))
        side = Studyweb(address, database, lambda: cpu_seconds(web))
        side.study_key = said([sys.executable, "-m", "benchmarks._participants_study"], PROJECT, own).strip()
        yield side


@contextlib.contextmanager
def bare_django(postgres: Postgres, folder: Path) -> Iterator[Side]:
    """The bare Django peer, migrated, on gunicorn."""
    database, port, project = postgres.new("bare_django"), free_port(), PEERS / "plain_django"
    own = {"PGDATABASE": database.name, "PGUSER": database.user, "PGHOST": database.host}
    own |= {"SECRET_KEY": secrets.token_hex(), "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(project)}
    said([sys.executable, "manage.py", "migrate", "--verbosity", "0"], project, own)
    command = [sys.executable, "-m", "gunicorn", "wsgi:application", "--bind", f"127.0.0.1:{port}", *_GUNICORN]
    command.append("--no-control-socket")
    address, log = f"http://127.0.0.1:{port}", folder / "bare-django.log"
    with running(command, folder=project, environment=own, log=log, ready=f"{address}/") as web:
        yield BareDjango(address, database, lambda: cpu_seconds(web))


@contextlib.contextmanager
def otree(postgres: Postgres, folder: Path) -> Iterator[Side]:
    """The oTree peer on its production server. Raises ``NotInstalled``."""
    bin_folder = peer_environment(OTREE, "psycopg2-binary") / "bin"
    database, port = postgres.new("otree"), free_port()
    own = {"DATABASE_URL": database.alchemy_url, "OTREE_PRODUCTION": "1", "OTREE_AUTH_LEVEL": "STUDY"}
    own |= {name: secrets.token_hex(16) for name in ("OTREE_ADMIN_PASSWORD", "OTREE_SECRET_KEY", "OTREE_REST_KEY")}
    own |= {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
    # oTree keeps an SQLite file where it stands, also with another database.
    project = folder / "otree" / "otree_study"
    shutil.copytree(PEERS / "otree_study", project)
    shutil.copy(PEERS / "content.json", project.parent)
    (project / "_static").mkdir()  # it does not start without one
    said([str(bin_folder / "otree"), "resetdb", "--noinput"], project, own)
    command = [str(bin_folder / "otree"), "prodserver", f"127.0.0.1:{port}"]
    address, log = f"http://127.0.0.1:{port}", folder / "otree.log"
    with running(command, folder=project, environment=own, log=log, ready=f"{address}/login") as web:
        # Its worker for timeouts of pages is a child, and is no web process.
        side = OTree(address, database, lambda: cpu_seconds(web, with_children=False))
        side.rest_key = own["OTREE_REST_KEY"]
        yield side


def said(command: list[str], folder: Path, environment: dict[str, str], seconds: float = 120) -> str:
    """What a command printed. Raises RuntimeError with its complaints if it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=outside() | environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


def _expect(walk: Walk, words: str) -> None:
    if walk.page is None or words not in walk.page.text:
        raise WalkError(f"{walk.label} did not get to the page that says {words!r}")
