"""`manage.py worker_health QUEUE`: whether this machine's worker of that queue lives, for a container."""

import argparse
import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from generation.models import Batch
from generation.models.batches import LEASES
from studyweb.celery import app


class Command(BaseCommand):
    help = "Exit with 0 if this machine's Celery worker of the queue lives."
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("queue", choices=["fast", "generation"])

    def handle(self, *args: Any, **options: Any) -> None:
        worker = f"{options['queue']}@{socket.gethostname()}"
        try:
            answers = app.control.ping(destination=[worker], timeout=5)
            silence = f"The worker {worker} does not answer."
        except OperationalError as error:
            answers, silence = [], f"The broker cannot be reached: {error}"
        if answers:
            return
        # The solo pool answers nobody while it writes; its lease on a batch says that it lives.
        if options["queue"] == "generation" and _is_writing():
            return
        raise CommandError(silence)


def _is_writing() -> bool:
    mine = Batch.objects.filter(status=Batch.Status.RUNNING, lease_owner__startswith=f"{socket.gethostname()}:")
    return mine.filter(heartbeat_at__gt=Now() - LEASES.length).exists()
