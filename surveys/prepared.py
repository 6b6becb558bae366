"""Statements that the ORM writes once a process: every request only fills in its values.

Building a query of several joins costs the ORM ten times what running it does, and a participant's page asks the same
few again and again. What is asked stays an ordinary queryset, with ``Given`` where a value comes later.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Expression, Field, Model, QuerySet, TextField
from django.db.models.base import ModelState
from django.db.models.sql import DeleteQuery, UpdateQuery

from surveys import planned

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


def _database() -> BaseDatabaseWrapper:
    """This thread's connection. Each look at ``django.db.connection`` would search for it again."""
    return connections[DEFAULT_DB_ALIAS]


def _run(database: BaseDatabaseWrapper, sql: str, values: Sequence[Any]) -> tuple[list[list[Any]], int]:
    """(rows, how many rows there are or were changed).

    PostgreSQL plans it once a connection: Django's own cursor writes the values into the text, so that every execution
    is planned anew. Whoever counts or wraps queries still sees each.
    """
    if database.vendor == "postgresql" and not database.execute_wrappers and not database.queries_logged:
        if database.connection is None:
            database.ensure_connection()
        with database.wrap_database_errors:
            return planned.run(database.connection, sql, values)
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        return [list(row) for row in cursor.fetchall()] if cursor.description else [], cursor.rowcount


def run(write: Callable[[str], str], values: Sequence[Any]) -> int:
    """Run a statement that was written by hand for this kind of database, and say how many rows it changed."""
    database = _database()
    return _run(database, write(database.vendor), values)[1]


def _once_a_dialect(write: Callable[[Any], W]) -> Callable[[Any, BaseDatabaseWrapper], W]:
    """A method that writes SQL, called once for each kind of database that the process uses."""

    @wraps(write)
    def written(self: Any, database: BaseDatabaseWrapper) -> W:
        kept: dict[str, W] = self.__dict__.setdefault("_kept", {})
        found = kept.get(database.vendor)
        if found is None:
            found = kept[database.vendor] = write(self)
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
        rows = self.all(**given)
        return rows[0] if rows else None

    def all(self, **given: Any) -> list[list[Any]]:
        """Every row."""
        database = _database()
        statement, converters = self._written(database)
        rows, _ = _run(database, statement.sql, statement.values(given))
        for row in rows:
            for place, functions, expression in converters:
                for convert in functions:
                    row[place] = convert(row[place], expression, database)
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

    def statement(self, database: BaseDatabaseWrapper) -> _Statement:
        """The SQL for this kind of database."""
        return self._written(database)

    def run(self, **given: Any) -> int:
        """Change the rows, and say how many there were."""
        database = _database()
        statement = self._written(database)
        return _run(database, statement.sql, statement.values(given))[1]


class Delete:
    """A deletion whose SQL is written once, of rows that no other table refers to. ``build`` makes their queryset."""

    def __init__(self, build: Callable[[], QuerySet[Any]]) -> None:
        self._build = build

    @_once_a_dialect
    def _written(self) -> _Statement:
        query = self._build().query.chain(DeleteQuery)
        return _Statement(*query.get_compiler(DEFAULT_DB_ALIAS).as_sql())

    def run(self, **given: Any) -> None:
        """Delete the rows."""
        database = _database()
        statement = self._written(database)
        _run(database, statement.sql, statement.values(given))


class Insert:
    """Rows of one model in one statement, by the attributes named, their values as the database takes them.

    ``looked_up`` gives the SQL of the attributes that the statement itself finds, by values that stand in their place.
    """

    def __init__(self, model: type[Model], *names: str, looked_up: Mapping[str, str] | None = None) -> None:
        self._looked_up = looked_up or {}
        self._table = model._meta.db_table
        by_name = {field.attname: field for field in model._meta.concrete_fields}
        self._fields = [by_name[name] for name in names]

    def run(self, rows: Sequence[Sequence[Any]]) -> None:
        """Insert them. They get no keys back; what is not named gets the database's default."""
        if rows:
            _run(_database(), self.sql(len(rows)), [value for row in rows for value in row])

    def sql(self, count: int) -> str:
        """The statement for so many rows."""
        places = [self._looked_up.get(field.attname, "%s") for field in self._fields]
        row = f"({', '.join(places)})"
        return f"{self._into()} VALUES {', '.join([row] * count)}"

    def sql_if(self, count: int, condition: str, database: BaseDatabaseWrapper) -> str:
        """The statement for so many rows that inserts none unless this condition holds."""
        row = f"({self._typed_places(database)})"
        return f"{self._into()} SELECT * FROM (VALUES {', '.join([row] * count)}) AS given WHERE {condition}"  # noqa: S608  # names of our models

    def _typed_places(self, database: BaseDatabaseWrapper) -> str:
        """A row's places where nothing else tells the database of which type they are."""
        return ", ".join(self._looked_up.get(f.attname, f"CAST(%s AS {_type(f, database)})") for f in self._fields)

    def _into(self) -> str:
        columns = ", ".join(f'"{field.column}"' for field in self._fields)
        return f'INSERT INTO "{self._table}" ({columns})'


class InsertFor(Insert):
    """A row of one model about a row of another, ``of``, where there is one; the same row twice is inserted once.

    ``key`` is the attribute that names it by a value, which is given last, and ``link`` the one that refers to it.
    """

    def __init__(self, model: type[Model], link: str, *names: str, of: type[Model], key: str) -> None:
        super().__init__(model, link, *names, looked_up={link: "id"})
        self._of = f'"{of._meta.db_table}" WHERE {key} = %s'

    def sql(self, count: int = 1) -> str:
        """The statement."""
        return self.sql_if(count, "TRUE", _database())

    def sql_if(self, count: int, condition: str, database: BaseDatabaseWrapper) -> str:
        """The statement that inserts nothing unless this condition holds."""
        places = self._typed_places(database)
        return f"{self._into()} SELECT {places} FROM {self._of} AND {condition} ON CONFLICT DO NOTHING"  # noqa: S608  # names of our models


def _type(field: Any, database: BaseDatabaseWrapper) -> str:
    """What a value is said to be before it is stored. A text's length is left out: a cast would cut what is longer."""
    return "text" if isinstance(field, CharField | TextField) else str(field.db_type(database))


class Held(_Statement):
    """Rows that are locked after an update, on PostgreSQL: a query of theirs, joined with ``changed``, with its lock.

    Whoever waits for such a lock gets the rows as they are then; all else in the statement is as it was before.
    """


class Together:
    """An update, and what belongs to it: rows that are inserted and updates that are made only if it changed a row.

    All or nothing. PostgreSQL does it in one statement, a transaction of its own: to ask one after the other costs both
    sides more than what is done. SQLite knows no such statement, and need not: asking it sends nothing anywhere.
    Without ``rows`` there is nothing to insert. ``entry`` is one row of another model, inserted as well, and ``held``
    are the rows that ``run_holding`` locks.
    """

    def __init__(
        self,
        first: Update,
        rows: Insert | None,
        *then: Update,
        entry: Insert | None = None,
        held: "Held | None" = None,
    ) -> None:
        self._first, self._rows, self._then, self._entry, self._held = first, rows, then, entry, held
        self._sql: dict[int, str] = {}

    def run(self, rows: Sequence[Sequence[Any]] = (), entry: Sequence[Any] = (), /, **given: Any) -> bool:
        """Whether the first update changed a row. What is given is given to every update."""
        database = _database()
        if database.vendor != "postgresql":
            return self._one_after_another(rows, entry, given)
        return self._all_at_once(database, rows, entry, given)[1] > 0

    def run_holding(
        self, rows: Sequence[Sequence[Any]], count: int, entry: Sequence[Any] = (), /, **given: Any
    ) -> tuple[bool, bool]:
        """As ``run``, and (whether the first update changed a row, whether so many rows of ``held`` are locked now).

        They are locked in their order, as they are once the lock is held, until the transaction ends; none is if the
        first update changed no row. SQLite, which lets one transaction write at a time, has no locks of rows and needs
        none.
        """
        database = _database()
        if database.vendor != "postgresql":
            return self._one_after_another(rows, entry, given), True
        found, _ = self._all_at_once(database, rows, entry, given)
        return bool(found), bool(found) and found[0][0] == count

    def _all_at_once(
        self, database: BaseDatabaseWrapper, rows: Sequence[Sequence[Any]], entry: Sequence[Any], given: dict[str, Any]
    ) -> tuple[list[list[Any]], int]:
        updates = [update.statement(database) for update in (self._first, *self._then)]
        if len(rows) not in self._sql:
            self._sql[len(rows)] = self._joined(updates, len(rows), database)
        values = [value for statement in updates for value in statement.values(given)]
        values += [*entry, *(value for row in rows for value in row)]
        values += self._held.values(given) if self._held is not None else []
        return _run(database, self._sql[len(rows)], values)

    def _one_after_another(self, rows: Sequence[Sequence[Any]], entry: Sequence[Any], given: dict[str, Any]) -> bool:
        with transaction.atomic():
            if not self._first.run(**given):
                return False
            if self._rows is not None:
                self._rows.run(rows)
            if self._entry is not None:
                self._entry.run([entry])
            for update in self._then:
                update.run(**given)
        return True

    def _joined(self, updates: Sequence[_Statement], count: int, database: BaseDatabaseWrapper) -> str:
        is_first = "EXISTS (SELECT 1 FROM changed)"
        parts = [f"changed AS ({updates[0].sql} RETURNING 1)"]
        parts += [f"then_{n} AS ({update.sql} AND {is_first})" for n, update in enumerate(updates[1:])]
        if self._entry is not None:
            parts.append(f"entered AS ({self._entry.sql_if(1, is_first, database)})")
        last = self._rows.sql_if(count, is_first, database) if self._rows and count else "SELECT 1 FROM changed"
        if self._held is not None:
            parts += [f"stored AS ({last})", f"held AS ({self._held.sql})"]
            last = "SELECT (SELECT COUNT(*) FROM held) FROM changed"
        return f"WITH {', '.join(parts)} {last}"


def made(model: type[M], names: Sequence[str], values: Sequence[Any]) -> M:
    """The row with these columns as an instance; others are fetched when they are asked for.

    It is what ``Model.from_db`` makes, without the signals and the checks of values that come from the database.
    """
    row = model.__new__(model)
    row.__dict__.update(zip(names, values, strict=True))
    row._state = ModelState()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row
