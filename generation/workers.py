"""What a generation worker says of itself, and what the page of workers shows of them and of the broker."""

import os
import resource
import socket
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from generation.models import Worker
from studyweb.celery import app

# Reports come every 5 seconds from a worker that writes and every 15 from one that waits.
SILENT_AFTER = timedelta(seconds=45)
FORGOTTEN_AFTER = timedelta(days=1)
QUEUES = ("generation", "fast")

# What this process holds in memory; set by who loads a model.
_loaded = {"model_name": "", "device": ""}


def holds(model_name: str, device: str) -> None:
    """Note which model this process has in memory, and where."""
    _loaded.update(model_name=model_name, device=device)


def report(hostname: str = "", *, batch: int | None = None) -> None:
    """Store where this process is and what it holds.

    Only a worker of the queue ``generation`` reports; one that is called otherwise says nothing here.
    """
    if hostname and not hostname.startswith("generation@"):
        return
    gpu_memory, gpu_free = _gpu()
    Worker.objects.update_or_create(
        name=f"{socket.gethostname()}:{os.getpid()}",
        defaults={
            "process": os.getpid(),
            **_loaded,
            "memory": _resident(),
            "free": _available(),
            "gpu_memory": gpu_memory,
            "gpu_free": gpu_free,
            "batch_id": batch,
            "seen_at": Now(),
        },
    )
    Worker.objects.filter(seen_at__lt=Now() - FORGOTTEN_AFTER).delete()


def at_work() -> QuerySet[Worker]:
    """The workers that reported lately, by name."""
    alive = Worker.objects.filter(seen_at__gte=Now() - SILENT_AFTER)
    return alive.select_related("batch__study", "batch__language_model").order_by("name")


@dataclass(frozen=True)
class Messages:
    """How many messages wait in each of the broker's queues; ``problem`` says why nobody knows."""

    waiting: dict[str, int]
    problem: str = ""


def messages() -> Messages:
    """Ask the broker, for at most a few seconds."""
    try:
        with app.connection_for_read(connect_timeout=2) as connection:
            client = connection.default_channel.client
            return Messages({name: int(client.llen(name)) for name in QUEUES})
    except (OperationalError, RedisError, OSError) as error:
        return Messages({}, str(error) or type(error).__name__)


def _resident() -> int | None:
    statm = Path("/proc/self/statm")
    if statm.is_file():
        return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    # Elsewhere the most that it ever held; macOS counts bytes, others kilobytes.
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _available() -> int | None:
    meminfo = Path("/proc/meminfo")
    if not meminfo.is_file():
        return None
    lines = meminfo.read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _gpu() -> tuple[int | None, int | None]:
    """(bytes that this process holds, bytes free) on its GPU; torch is asked only where it was loaded already."""
    # The main thread may be importing it just now, which takes seconds: a part of a module has not all its names.
    cuda: Any = getattr(sys.modules.get("torch"), "cuda", None)
    asked = [getattr(cuda, name, None) for name in ("is_initialized", "mem_get_info", "memory_reserved")]
    if None in asked or not cuda.is_initialized():
        return None, None
    free, _total = cuda.mem_get_info()
    return int(cuda.memory_reserved()), int(free)
