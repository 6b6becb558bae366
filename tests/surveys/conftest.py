"""The databases on which people and researchers arrive at the same moment."""

from tests.databases import sqlite_file as sqlite_file
from tests.postgres import postgres_database as postgres_database
from tests.postgres import postgres_server as postgres_server
