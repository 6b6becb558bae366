"""Settings fail closed: each test reads them in a process of its own, with an environment of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SECRETS = {"SECRET_KEY": "a" * 50, "IDENTITY_KEY": "b" * 50}
READ = re.compile(r"""\b(?:text|flag|whole_number|one_of|database|_secret)\(\s*"([A-Z_]+)\"""")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def run(folder: Path, expression: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Evaluate an expression over the settings ``s`` with this environment and nothing else that studyweb reads."""
    script = f"import json; from studyweb import settings as s; print(json.dumps({expression}, default=str))"
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=PROJECT,
        env={**kept, "STUDYWEB_DATA_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def value(folder: Path, expression: str, **environment: str) -> Any:
    done = run(folder, expression, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def error(folder: Path, **environment: str) -> str:
    """The last line of what it says when it does not start."""
    done = run(folder, "0", **environment)
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1]


def test_with_nothing_set_it_serves_only_this_machine_and_keeps_its_own_secrets(folder: Path) -> None:
    names = "[s.DEBUG, s.ALLOWED_HOSTS, s.SECRET_KEY, s.IDENTITY_KEY, s.DATABASES['default']['NAME']]"
    debug, hosts, secret, identity, database = value(folder, names)
    assert debug is False
    assert hosts == ["localhost", "127.0.0.1", "[::1]"]
    assert len(secret) >= 43
    assert len(identity) >= 43
    assert secret != identity
    assert Path(database).parent == folder
    assert value(folder, "[s.SECRET_KEY, s.IDENTITY_KEY]") == [secret, identity]
    assert (folder / "secret-key.txt").stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("missing", ["SECRET_KEY", "IDENTITY_KEY"])
@pytest.mark.parametrize("empty", [True, False], ids=["empty", "absent"])
def test_a_public_address_without_a_secret_stops_the_start(folder: Path, missing: str, empty: bool) -> None:
    given = {name: secret for name, secret in SECRETS.items() if name != missing}
    if empty:
        given[missing] = ""
    said = error(folder, PUBLIC_URL="https://study.example.org", **given)
    assert f"{missing} must be set when PUBLIC_URL is" in said
    assert not list(folder.glob("*.txt"))


def test_a_public_address_sets_hosts_origins_and_secure_cookies(folder: Path) -> None:
    names = (
        "[s.ALLOWED_HOSTS[0], s.CSRF_TRUSTED_ORIGINS, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        " s.SECURE_SSL_REDIRECT, s.SECURE_PROXY_SSL_HEADER, s.SECURE_HSTS_SECONDS > 0]"
    )
    assert value(folder, names, PUBLIC_URL="https://study.example.org:8443/", **SECRETS) == [
        "study.example.org",
        ["https://study.example.org:8443"],
        True,
        True,
        True,
        ["HTTP_X_FORWARDED_PROTO", "https"],
        True,
    ]


def test_without_tls_no_header_of_a_client_is_believed(folder: Path) -> None:
    names = "[s.SESSION_COOKIE_SECURE, hasattr(s, 'SECURE_PROXY_SSL_HEADER'), hasattr(s, 'SECURE_SSL_REDIRECT')]"
    assert value(folder, names, PUBLIC_URL="http://192.0.2.7:8000", **SECRETS) == [False, False, False]


def test_debug_is_on_only_when_asked_for(folder: Path) -> None:
    assert value(folder, "s.DEBUG", DEBUG="1") is True
    assert value(folder, "s.DEBUG", DEBUG="0") is False


def test_postgresql_and_redis_are_one_variable_each(folder: Path) -> None:
    names = "[s.DATABASES['default']['ENGINE'], s.DATABASES['default']['CONN_MAX_AGE'], s.CELERY_BROKER_URL]"
    environment = {"DATABASE_URL": "postgres://u:p@db/studyweb", "REDIS_URL": "redis://redis:6379/0"}
    engine, kept_for, broker = value(folder, names, **environment)
    assert engine == "django.db.backends.postgresql"
    assert kept_for is None
    assert broker == "redis://redis:6379/0"


def test_sqlite_by_address_is_as_durable_as_the_default(folder: Path) -> None:
    by_default = value(folder, "s.DATABASES['default']['OPTIONS']")
    assert "synchronous=FULL" in by_default["init_command"]
    assert "journal_mode=WAL" in by_default["init_command"]
    assert by_default["transaction_mode"] == "IMMEDIATE"
    url = f"sqlite:///{folder}/other.sqlite3"
    assert value(folder, "s.DATABASES['default']['OPTIONS']", DATABASE_URL=url) == by_default


def test_the_embedded_broker_listens_in_the_data_folder(folder: Path) -> None:
    odd = folder.with_name("with blank % and ü")
    assert value(odd, "str(s.BROKER_SOCKET)") == f"{odd}/valkey.sock"
    # What kombu makes of the address is what the socket is called.
    assert (
        value(odd, "__import__('kombu').Connection(s.CELERY_BROKER_URL).hostname")
        == f"socket://{quote(str(odd))}/valkey.sock"
    )


def test_a_relative_data_folder_is_the_same_whatever_the_working_folder_is_later() -> None:
    assert value(Path("var"), "str(s.DATA_DIR)") == str(PROJECT / "var")


@pytest.mark.parametrize(
    ("name", "bad", "says"),
    [
        ("PUBLIC_URL", "study.example.org", "PUBLIC_URL must be a whole address"),
        ("PUBLIC_URL", "ftp://study.example.org", "PUBLIC_URL must be a whole address"),
        ("PUBLIC_URL", "https://example.org/study", "PUBLIC_URL must be a whole address"),
        ("REDIS_URL", "localhost:6379", "REDIS_URL must begin with redis://"),
        ("DEBUG", "perhaps", "DEBUG"),
        ("LEASE_MINUTES", "soon", "LEASE_MINUTES"),
        ("LEASE_MINUTES", "0", "LEASE_MINUTES"),
        ("LOG_LEVEL", "chatty", "LOG_LEVEL"),
        ("DATABASE_URL", "not-an-address", "DATABASE_URL must begin with"),
        ("DATABASE_URL", "mysql://u:p@db/studyweb", "DATABASE_URL must begin with"),
        ("DATABASE_URL", "postgres://u:p@db:port/studyweb", "DATABASE_URL cannot be read"),
        ("DATABASE_URL", "postgres://u:p@db/", "DATABASE_URL names no database"),
    ],
)
def test_a_bad_value_stops_the_start_and_names_the_setting(folder: Path, name: str, bad: str, says: str) -> None:
    environment = {"DATABASE_URL": "postgres://u:geheim@db/studyweb", **SECRETS, name: bad}
    said = error(folder, **environment)
    assert says in said
    assert "geheim" not in said


def test_a_password_in_a_bad_address_is_not_repeated(folder: Path) -> None:
    assert "geheim" not in run(folder, "0", DATABASE_URL="postgres://u:geheim@db:port/studyweb").stderr


def test_every_setting_is_documented() -> None:
    names = set(READ.findall((PROJECT / "studyweb" / "settings.py").read_text(encoding="utf-8")))
    assert {"PUBLIC_URL", "SECRET_KEY", "DATABASE_URL", "REDIS_URL"} <= names
    document = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", document, re.MULTILINE))
    assert described == names
