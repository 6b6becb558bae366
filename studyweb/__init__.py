"""The Django project.

SQLite releases from 3.7.0 to 3.51.2 have a rare race in WAL mode that can corrupt a database, and many
Python builds carry one of them. The pysqlite3 wheel brings a fixed SQLite; it has to take the standard
module's place before Django first imports it, and this package is imported before anything of Django is.
"""

import sys

import pysqlite3

sys.modules["sqlite3"] = pysqlite3
sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

# Tasks find the application by this: without it, a web process would publish to a broker that nobody configured.
from studyweb.celery import app as celery_app  # noqa: E402 -- only after the module above has its place

__all__ = ["celery_app"]
