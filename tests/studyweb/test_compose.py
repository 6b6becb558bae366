"""docker-compose.yml: sound by its schema, without a secret, with one way in, and with checks of its health."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
FILE = PROJECT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LASTING = {"web", "fast", "generation"}
OURS = LASTING | {"migrate", "model"}
SECRET = re.compile(r"KEY|PASSWORD|SECRET|TOKEN")
REQUIRED = re.compile(r"\$\{[A-Z_]+:\?[^}]+\}")


def test_it_follows_the_compose_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_parts_are_there() -> None:
    assert set(SERVICES) == OURS | {"postgres", "redis"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_secret_comes_from_outside_and_a_missing_one_stops_the_start(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(variable):
            assert REQUIRED.fullmatch(str(value)), f"{variable} is written into the file, or has a default"


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_databases_password_is_not_in_the_address(name: str) -> None:
    address = SERVICES[name]["environment"]["DATABASE_URL"]
    assert re.fullmatch(r"postgres://studyweb:\$\{POSTGRES_PASSWORD:\?[^}]+\}@postgres:5432/studyweb", address)


def test_only_the_web_process_can_be_reached_and_by_default_only_from_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["${WEB_ADDRESS:-127.0.0.1}:${WEB_PORT:-8000}:8000"]}
    assert not any("network_mode" in service for service in SERVICES.values())


@pytest.mark.parametrize("name", sorted(LASTING | {"postgres", "redis"}))
def test_every_lasting_service_says_how_it_is(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)


def test_nothing_starts_before_the_tables_are_there() -> None:
    for name in LASTING:
        waits = SERVICES[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert waits["redis"] == {"condition": "service_healthy"}
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["migrate"]["restart"] == "no"


def test_only_the_generation_worker_reserves_a_gpu_and_takes_its_own_queue_alone() -> None:
    with_gpu = {name for name, service in SERVICES.items() if "deploy" in service}
    assert with_gpu == {"generation"}
    devices = SERVICES["generation"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices == [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]
    assert _option("generation", "--queues") == "generation"
    assert _option("generation", "--pool") == "solo"
    assert _option("fast", "--queues") == "fast"


def test_the_web_process_reads_the_models_that_the_worker_writes_with() -> None:
    assert SERVICES["model"]["command"] == ["python", "-m", "studyweb.supervision.model", "/cache"]
    assert SERVICES["model"]["restart"] == "no"
    assert {"models:/cache"} <= set(SERVICES["model"]["volumes"]) & set(SERVICES["generation"]["volumes"])
    assert "models:/cache:ro" in SERVICES["web"]["volumes"]
    assert SERVICES["generation"]["depends_on"]["model"] == {"condition": "service_completed_successfully"}


def test_what_must_outlive_a_container_lies_in_a_volume() -> None:
    used = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"]) == {"database", "broker", "files", "models"}
    assert "--appendonly" in SERVICES["redis"]["command"]


def test_the_image_runs_as_an_ordinary_user_and_keeps_no_secret() -> None:
    lines = (PROJECT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["studyweb"]
    assert not [line for line in lines if line.startswith(("ENV", "ARG")) and SECRET.search(line)]


def test_the_image_gets_only_what_is_named() -> None:
    ignored = (PROJECT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*"
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (PROJECT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )
    wanted = {name for line in copied for name in line.split()}
    assert wanted == {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert all((PROJECT / name).exists() for name in wanted)


def _option(service: str, option: str) -> str:
    command = SERVICES[service]["command"]
    return str(command[command.index(option) + 1])
