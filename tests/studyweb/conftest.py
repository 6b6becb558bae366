"""The PostgreSQL that backups are taken of."""

from tests.postgres import postgres_database as postgres_database
from tests.postgres import postgres_server as postgres_server
