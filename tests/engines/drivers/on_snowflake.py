"""Snowflake, emulated by fakesnow on DuckDB: it takes more than Snowflake does, so what runs here may still be refused there."""

import json
import tempfile
import warnings

import fakesnow
import protocol
import snowflake.connector

warnings.filterwarnings("ignore")

TYPES = {
    "integer": "number(38, 0)",
    "decimal": "number({}, {})",
    "double": "float",
    "text": "varchar",
    "date": "date",
    "timestamp": "timestamp_ntz",
    "instant": "timestamp_tz",
    "boolean": "boolean",
}


class Snowflake:
    tier = "emulated"

    def __init__(self):
        self.patch = fakesnow.patch()
        self.patch.__enter__()
        self.connection = snowflake.connector.connect(database="KPIC", schema="PUBLIC")
        self.schemas, self.changed = {"PUBLIC"}, set()

    def version(self):
        return f"fakesnow {fakesnow.__version__}" if hasattr(fakesnow, "__version__") else "fakesnow"

    def table(self, name, columns, rows):
        for schema in name[:-1]:
            if schema not in self.schemas:
                self.run(f"create schema {protocol.quoted([schema])}")
                self.schemas.add(schema)
        table = protocol.quoted(name)
        types = [protocol.sql_type(kind, TYPES) for _, kind in columns]
        list_ = ", ".join(f"{protocol.quoted([column])} {ty}" for (column, _), ty in zip(columns, types))
        self.run(f"create or replace table {table} ({list_})")
        if not rows:
            return
        # Around the emulation, which would take each row for a statement.
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            file.writelines(json.dumps({"r": row}) + "\n" for row in rows)
            file.flush()
            read = f"read_ndjson('{file.name}', columns = {{r: 'varchar[]'}}, maximum_object_size = 100000000)"
            zone = lambda kind: " || '+00'" if kind == "instant" else ""  # noqa: E731
            cells = ", ".join(f"r[{at}]{zone(kind)}" for at, (_, kind) in enumerate(columns, 1))
            whole = protocol.quoted(["KPIC", *(name if len(name) > 1 else ["PUBLIC", *name])])
            self.connection._duck_conn.execute(f"insert into {whole} select {cells} from {read}")

    def run(self, sql):
        self.connection.cursor().execute(sql)

    def query(self, sql):
        cursor = self.connection.cursor().execute(sql)
        return [column.name for column in cursor.description], cursor.fetchall()

    def reset(self):
        for name in self.changed:
            self.run(f"alter session unset {name}")
        self.changed.clear()
        for schema in self.schemas:
            self.run(f"drop schema {protocol.quoted([schema])} cascade")
        self.run("create schema PUBLIC")
        self.run("use schema PUBLIC")
        self.schemas = {"PUBLIC"}

    def set(self, name, value):
        self.changed.add(name)
        self.run(f"alter session set {name} = '{value}'")


protocol.serve(Snowflake)
