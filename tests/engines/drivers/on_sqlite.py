"""SQLite, in the process itself.

It has no dates, decimals or booleans: a date or time is its canonical text, an instant its reading in UTC, a decimal a number, a
boolean 1 or 0. Columns are declared as what they are, and those that are read as they are declared are shown so.

KPIC_SQLITE=python takes the SQLite that Python has, which is the machine's, and usually an older one.
"""

import os
import sqlite3

import protocol

DECLARED = {"integer": "integer", "decimal": "decimal({}, {})", "double": "real", "text": "text"}
DECLARED |= {kind: kind for kind in ("date", "timestamp", "boolean")} | {"instant": "timestamp"}


def stored(kind, text):
    """A cell as SQLite has it."""
    if text is None or kind in ("text", "date", "timestamp", "instant"):
        return text
    if kind == "integer":
        return int(text)
    if kind == "boolean":
        return int(text == "true")
    return float(text)


class Newest:
    """The SQLite of the package `apsw`."""

    def __init__(self):
        import apsw

        self.version = apsw.sqlite_lib_version()
        self.connection = apsw.Connection(":memory:")

    def query(self, sql):
        cursor = self.connection.cursor()
        found = []
        # A cursor without rows forgets what its columns are called.
        cursor.exec_trace = lambda cursor, *_: found.append(cursor.get_description()) or True
        rows = cursor.execute(sql).fetchall()
        booleans = [at for at, (_, declared) in enumerate(found[-1]) if (declared or "").lower() == "boolean"]
        for at in booleans:
            rows = [(*row[:at], row[at] if row[at] is None else bool(row[at]), *row[at + 1 :]) for row in rows]
        return [name for name, _ in found[-1]], rows

    def run(self, sql):
        for _ in self.connection.execute(sql):
            pass


class Pythons:
    """The SQLite that Python has."""

    def __init__(self):
        for kind in ("date", "timestamp"):
            sqlite3.register_converter(kind, bytes.decode)
        sqlite3.register_converter("boolean", lambda text: text == b"1")
        self.version = sqlite3.sqlite_version
        self.connection = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES, isolation_level=None)

    def query(self, sql):
        cursor = self.connection.execute(sql)
        return [column[0] for column in cursor.description], cursor.fetchall()

    def run(self, sql):
        self.connection.executescript(sql)


class Sqlite:
    def __init__(self):
        self.reset()

    def reset(self):
        self.library = Pythons() if os.environ.get("KPIC_SQLITE") == "python" else Newest()
        self.schemas = {"main"}

    def version(self):
        return self.library.version

    def table(self, name, columns, rows):
        for schema in name[:-1]:
            if schema.lower() not in self.schemas:
                self.run(f"attach ':memory:' as {protocol.quoted([schema])}")
                self.schemas.add(schema.lower())
        table = protocol.quoted(name)
        kinds = [kind for _, kind in columns]
        list_ = ", ".join(f"{protocol.quoted([column])} {protocol.sql_type(kind, DECLARED)}" for column, kind in columns)
        self.run(f"drop table if exists {table}; create table {table} ({list_})")
        places = ", ".join("?" * len(columns))
        cells = ([stored(kind, text) for kind, text in zip(kinds, row)] for row in rows)
        connection = self.library.connection
        connection.execute("begin")
        connection.executemany(f"insert into {table} values ({places})", cells)
        connection.execute("commit")

    def run(self, sql):
        self.library.run(sql)

    def query(self, sql):
        return self.library.query(sql)

    def set(self, name, value):
        self.run(f"pragma {name} = {value}")


protocol.serve(Sqlite)
