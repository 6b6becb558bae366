"""The Celery application. The database is the queue of record; a message is only a wake-up (docs/architecture.md)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyweb.settings")
app = Celery("studyweb")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("studyweb.wakeups:Sweeper")
