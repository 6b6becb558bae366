"""One place says how the web process serves, whoever starts it."""

import json

import pytest
from django.conf import settings
from gunicorn.config import Config  # type: ignore[import-untyped]  # its stubs are a package of their own

from studyweb import web_options
from studyweb.supervision import programs


def _container() -> list[str]:
    """The command of the image, without its program."""
    text = (settings.BASE_DIR / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    (line,) = [line for line in text.splitlines() if line.startswith("CMD ")]
    program, *command = json.loads(line.removeprefix("CMD "))
    assert program == "gunicorn"
    return [str(part) for part in command]


@pytest.mark.parametrize("command", [_container(), programs.web(3).command[3:]], ids=["container", "one machine"])
def test_threads_worker_and_log_stand_in_one_file_and_on_no_command_line(command: list[str]) -> None:
    config = Config()
    said = vars(config.parser().parse_args(command))
    assert said["config"] == programs.WEB_OPTIONS == f"python:{web_options.__name__}"
    written = {name: value for name, value in vars(web_options).items() if name in config.settings}
    assert {"threads", "worker_class", "logger_class", "keepalive"} <= set(written)
    assert {name for name in written if said.get(name) is not None} == set()
    for name, value in written.items():
        config.set(name, value)
    assert config.threads == settings.WEB_THREADS
    assert config.worker_class.__name__ == "WaitingWorker"
