"""Statements that PostgreSQL plans once a connection, run by libpq itself: a cursor costs twice what the answer does.

Values and rows are converted by psycopg as ever; what is left out is the cursor, with the loop that waits for the
server piece by piece. A page of a participant is a handful of small statements, each of which is answered at once.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection, Cursor, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

_PLACE = re.compile("%[%s]")
_FINE = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})
# The name of each plan of a connection, by the statement and the types of its values.
_numbers = count()
_plans: "WeakKeyDictionary[Connection[Any], dict[tuple[bytes, tuple[int, ...]], bytes]]" = WeakKeyDictionary()


def run(connection: "Connection[Any]", sql: str, values: Sequence[Any]) -> tuple[list[list[Any]], int]:
    """(rows, how many rows there are or were changed). ``%s`` stands for each value.

    Raises psycopg's own errors. The first statement of a transaction goes by a cursor, which begins it.
    """
    server = connection.pgconn
    if not connection.autocommit and server.transaction_status == TransactionStatus.IDLE:
        with Cursor(connection).execute(sql, values, prepare=True) as cursor:
            return [list(row) for row in cursor.fetchall()] if cursor.description else [], cursor.rowcount
    transformer = Transformer(connection)
    sent = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
    statement, types = _numbered(sql), tuple(transformer.types or ())
    plans = _plans.get(connection)
    if plans is None:
        plans = _plans[connection] = {}
    name = plans.get((statement, types))
    if name is None:
        name = f"studyweb_{next(_numbers)}".encode()
        _checked(server.prepare(name, statement, types))
        plans[statement, types] = name
    result = _checked(server.exec_prepared(name, sent, transformer.formats))  # type: ignore[arg-type]  # a value may be NULL, too
    if not result.nfields:
        return [], result.command_tuples or 0
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, list), result.command_tuples or 0


def _checked(result: PGresult) -> PGresult:
    if result.status in _FINE:
        return result
    # Whatever the server says has a code. What has none was said by libpq itself: the connection is lost.
    if result.error_field(DiagnosticField.SQLSTATE) is None:
        raise OperationalError(result.get_error_message())
    raise error_from_result(result)


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> bytes:
    """The statement with ``$1``, ``$2`` ... in the places of the values."""
    numbers = count(1)

    def number(place: re.Match[str]) -> str:
        return "%" if place[0] == "%%" else f"${next(numbers)}"

    return _PLACE.sub(number, sql).encode()
