"""What gunicorn is told wherever the web process runs: on one machine by ``manage.py up``, or in a container.

Named by ``--config python:studyweb.web_options``; each name here is one of gunicorn's settings. What differs between
the two (the address, the number of processes) stands on the command line, which goes before this.
"""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyweb.settings")
worker_class = "studyweb.web_worker.WaitingWorker"
threads = settings.WEB_THREADS
# A classroom or a panel arrives at once: who is not served yet waits instead of being turned away, and keeps the
# connection while reading.
backlog, worker_connections, keepalive = 2048, 2000, 30
accesslog, logger_class = "-", "studyweb.access_log.RedactingLogger"
control_socket_disable = True
