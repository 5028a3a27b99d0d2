"""DuckDB, in the process itself."""

import json
import tempfile

import duckdb
import protocol

TYPES = {
    "integer": "bigint",
    "decimal": "decimal({}, {})",
    "double": "double",
    "text": "varchar",
    "date": "date",
    "timestamp": "timestamp",
    "instant": "timestamptz",
    "boolean": "boolean",
}


class DuckDb:
    def __init__(self):
        self.reset()

    def reset(self):
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("set TimeZone = 'UTC'; set threads = 1")

    def version(self):
        return duckdb.__version__

    def table(self, name, columns, rows):
        if len(name) > 1:
            self.run(f"create schema if not exists {protocol.quoted(name[:-1])}")
        table = protocol.quoted(name)
        types = [protocol.sql_type(kind, TYPES) for _, kind in columns]
        list_ = ", ".join(f"{protocol.quoted([column])} {ty}" for (column, _), ty in zip(columns, types))
        self.run(f"create or replace table {table} ({list_})")
        if not rows:
            return
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            file.writelines(json.dumps({"r": row}) + "\n" for row in rows)
            file.flush()
            read = f"read_ndjson('{file.name}', columns = {{r: 'varchar[]'}}, maximum_object_size = 100000000)"
            zone = lambda kind: " || '+00'" if kind == "instant" else ""  # noqa: E731
            cells = (f"cast(r[{at}]{zone(kind)} as {ty})" for at, ((_, kind), ty) in enumerate(zip(columns, types), 1))
            self.run(f"insert into {table} select {', '.join(cells)} from {read}")

    def run(self, sql):
        self.connection.execute(sql)

    def query(self, sql):
        cursor = self.connection.execute(sql)
        return [column[0] for column in cursor.description], cursor.fetchall()

    def set(self, name, value):
        self.connection.execute(f"set {name} = '{value}'")


protocol.serve(DuckDb)
