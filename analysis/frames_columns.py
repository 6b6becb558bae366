"""A million rows of the database as columns: fetched as lines, many in one, and each different text held once."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.backends.utils import CursorWrapper
from django.db.models import Aggregate, F, Func, QuerySet, TextField
from pyarrow import csv

# People whose rows are one text, and how many such texts are fetched and read at a time.
TOGETHER, AT_ONCE = 100, 50
_WHOLE, _TEXT, _LONG = pa.int64(), pa.dictionary(pa.int32(), pa.string()), pa.string()


class _Number(Func):
    """A whole number as a cell; nothing where there is none."""

    template = "coalesce(CAST(%(expressions)s AS text), '')"
    output_field = TextField()


class _Quoted(Func):
    """Whatever a text holds, it stays one cell; nothing where there is none, which an empty text is not."""

    template = """coalesce('"' || replace(CAST(%(expressions)s AS text), '"', '""') || '"', '')"""
    output_field = TextField()


class _Line(Func):
    template, arg_joiner = "%(expressions)s", " || ',' || "
    output_field = TextField()


class _Lines(Aggregate):
    """The lines of a group as one text."""

    template = "string_agg(%(expressions)s, chr(10))"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="group_concat(%(expressions)s, char(10))", **extra)


Frame = Callable[[], pd.DataFrame]


class Asking:
    """Asks for the fields of rows as columns, one after the other: the database makes the next while we read the last.

    A thread of its own waits for it, over this one's connection: what else this one asks meanwhile waits as well.
    """

    def __init__(self, thread: Executor) -> None:
        self._thread = thread

    def __call__(
        self,
        rows: QuerySet[Any],
        *,
        whole: Mapping[str, str],
        texts: Mapping[str, str],
        long: Mapping[str, str] | None = None,
    ) -> Frame:
        """What gives the columns once they are there, {column: field}; their order is the database's own.

        ``whole`` are whole numbers, as floats where one is missing; ``texts`` are categories; ``long`` are texts which
        differ from row to row, and times as the database writes them. The rows are those of people: the database makes
        one text of all that ``TOGETHER`` of them have, since handing over a row takes it, and us, longer than all that
        is in it.
        """
        cells: list[Func] = [_Number(field) for field in whole.values()]
        cells += [_Quoted(field) for field in (*texts.values(), *(long or {}).values())]
        kinds = dict.fromkeys(whole, _WHOLE) | dict.fromkeys(texts, _TEXT) | dict.fromkeys(long or {}, _LONG)
        some = rows.order_by().annotate(some=F("participant_id") / TOGETHER).values("some")
        grouped = some.annotate(lines=_Lines(_Line(*cells))).values_list("lines")
        try:
            statement, values = grouped.query.get_compiler(grouped.db).as_sql()
        except EmptyResultSet:
            return partial(_frame, (), kinds)
        # Not one of the server's, for which it would plan as if the first rows were wanted soon.
        cursor = connections[grouped.db].cursor()
        executed = self._thread.submit(cursor.execute, statement, values)
        if connections[grouped.db].vendor == "sqlite":
            # It works within this process, where two threads in one connection would gain nothing.
            wait([executed])

        def frame() -> pd.DataFrame:
            with cursor:
                executed.result()
                return _frame(_fetched(cursor), kinds)

        return frame


@contextmanager
def asking() -> Iterator[Asking]:
    """To ask for columns; what is still to be fetched when the block ends is left."""
    with ThreadPoolExecutor(1) as thread:
        try:
            yield Asking(thread)
        finally:
            thread.shutdown(cancel_futures=True)


def _fetched(cursor: CursorWrapper) -> Iterator[str]:
    """The lines of some groups after the other's."""
    while part := cursor.fetchmany(AT_ONCE):
        yield "\n".join(lines for (lines,) in part)


def _frame(parts: Iterable[str], kinds: Mapping[str, pa.DataType]) -> pd.DataFrame:
    """The lines as columns."""
    tables = [_read(lines, kinds) for lines in parts]
    schema = pa.schema(list(kinds.items()))
    table = pa.concat_tables(tables).unify_dictionaries() if tables else schema.empty_table()
    found: pd.DataFrame = table.combine_chunks().to_pandas()
    return found


def _read(lines: str, kinds: Mapping[str, pa.DataType]) -> pa.Table:
    content = lines.encode()
    return csv.read_csv(
        io.BytesIO(content),
        # In one block, since none may end within a text.
        csv.ReadOptions(column_names=[*kinds], block_size=len(content) + 1, use_threads=False),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(column_types=kinds, strings_can_be_null=True, quoted_strings_can_be_null=False),
    )
