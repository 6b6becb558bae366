"""Statements that the ORM writes once a process: every request only fills in its values.

Building a query of several joins costs the ORM ten times what running it does, and a participant's page asks the same
few again and again. What is asked stays an ordinary queryset, with ``Given`` where a value comes later.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import UpdateQuery
from psycopg import Cursor

M = TypeVar("M", bound=Model)
W = TypeVar("W")
Converter = tuple[int, list[Callable[[Any, Any, Any], Any]], Any]


class Given(Expression):
    """A value that is known only when the statement runs, by this name."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """A place for the value, which ``_Statement.values`` finds again."""
        return "%s", [self]


class _Statement:
    """The SQL of a query, with the places of what is given later."""

    def __init__(self, sql: str, parameters: Sequence[Any]) -> None:
        self.sql, self.parameters = sql, tuple(parameters)

    def values(self, given: dict[str, Any]) -> list[Any]:
        return [given[part.name] if isinstance(part, Given) else part for part in self.parameters]


def _run(sql: str, values: Sequence[Any]) -> Any:
    """A cursor with the statement's result.

    PostgreSQL plans it once a connection, by a prepared statement: Django's own cursor writes the values into the text,
    so that every execution is planned anew. Whoever counts or wraps queries still sees each.
    """
    if connection.vendor == "postgresql" and not connection.execute_wrappers and not connection.queries_logged:
        connection.ensure_connection()
        with connection.wrap_database_errors:
            return Cursor(connection.connection).execute(sql, values, prepare=True)
    cursor = connection.cursor()
    cursor.execute(sql, values)
    return cursor


def _once_a_dialect(write: Callable[[Any], W]) -> Callable[[Any], W]:
    """A method that writes SQL, called once for each kind of database that the process uses."""

    @wraps(write)
    def written(self: Any) -> W:
        kept: dict[str, W] = self.__dict__.setdefault("_kept", {})
        found = kept.get(connection.vendor)
        if found is None:
            found = kept[connection.vendor] = write(self)
        return found

    return written


class Lookup:
    """A ``values_list`` queryset whose SQL is written once. ``build`` makes it, when it is first asked for."""

    def __init__(self, build: Callable[[], QuerySet[Any, tuple[Any, ...]]]) -> None:
        self._build = build

    @_once_a_dialect
    def _written(self) -> tuple[_Statement, list[Converter]]:
        compiler = self._build().query.get_compiler(DEFAULT_DB_ALIAS)
        statement = _Statement(*compiler.as_sql())
        converters = compiler.get_converters(expression for expression, _, _ in compiler.select)
        return statement, [(place, found, expression) for place, (found, expression) in converters.items()]

    def first(self, **given: Any) -> list[Any] | None:
        """The first row, or None."""
        return next(iter(self.all(**given)), None)

    def all(self, **given: Any) -> list[list[Any]]:
        """Every row."""
        statement, converters = self._written()
        with _run(statement.sql, statement.values(given)) as cursor:
            rows = [list(row) for row in cursor.fetchall()]
        for row in rows:
            for place, functions, expression in converters:
                for convert in functions:
                    row[place] = convert(row[place], expression, connection)
        return rows


class Update:
    """An update whose SQL is written once. ``build`` makes the queryset of the rows and the values to be set."""

    def __init__(self, build: Callable[[], tuple[QuerySet[Any], dict[str, Any]]]) -> None:
        self._build = build

    @_once_a_dialect
    def _written(self) -> _Statement:
        rows, values = self._build()
        query: UpdateQuery = rows.query.chain(UpdateQuery)  # type: ignore[assignment]  # its own kind is what comes back
        query.add_update_values(values)
        return _Statement(*query.get_compiler(DEFAULT_DB_ALIAS).as_sql())

    def run(self, **given: Any) -> int:
        """Change the rows, and say how many there were."""
        statement = self._written()
        with _run(statement.sql, statement.values(given)) as cursor:
            return int(cursor.rowcount)


def insert(rows: Sequence[Model]) -> None:
    """Insert these rows of one model in one statement. They get no keys back; all leave out the same defaults."""
    if not rows:
        return
    first = rows[0]
    fields = [
        field
        for field in first._meta.local_concrete_fields
        if not field.primary_key and not isinstance(getattr(first, field.attname), DatabaseDefault)
    ]
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(rows))
    sql = f"INSERT INTO {quoted(first._meta.db_table)} ({columns}) VALUES {places}"  # noqa: S608  # names of our models
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields]
    _run(sql, values).close()


def made(model: type[M], names: Sequence[str], values: Sequence[Any]) -> M:
    """The row with these columns, in the model's order, as an instance; others are fetched when they are asked for."""
    return model.from_db(DEFAULT_DB_ALIAS, names, values)
