"""Statements that PostgreSQL plans once a connection, run by libpq itself: a cursor costs twice what the answer does.

Values and rows are converted by psycopg as ever; what is left out is the cursor, with the loop that waits for the
server piece by piece. A page of a participant is a handful of small statements, each of which is answered at once.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

_PLACE = re.compile("%[%s]")
_FINE = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})
# Where a connection carries what is known of it: it ends with the connection.
_KNOWN = "studyweb_known"
_numbers = count()


class _Known:
    """What one connection knows: how values become PostgreSQL's, and the name of each plan by statement and types.

    Made anew for each statement, as a cursor does, a transformer would look for the same converters again and again.
    """

    def __init__(self, connection: "Connection[Any]") -> None:
        self.transformer = Transformer(connection)
        self.plans: dict[tuple[bytes, tuple[int, ...]], bytes] = {}


def run(connection: "Connection[Any]", sql: str, values: Sequence[Any]) -> tuple[list[list[Any]], int]:
    """(rows, how many rows there are or were changed). ``%s`` stands for each value.

    Raises psycopg's own errors. Where the connection is not in a transaction and should be, it begins one.
    """
    server = connection.pgconn
    if not connection.autocommit and server.transaction_status == TransactionStatus.IDLE:
        _checked(server.exec_(b"BEGIN"))
    known = vars(connection).get(_KNOWN)
    if known is None:
        known = vars(connection)[_KNOWN] = _Known(connection)
    transformer = known.transformer
    sent = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
    statement, types = _numbered(sql), tuple(transformer.types or ())
    name = known.plans.get((statement, types))
    if name is None:
        name = f"studyweb_{next(_numbers)}".encode()
        _checked(server.prepare(name, statement, types))
        known.plans[statement, types] = name
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
