"""Snowflake, emulated by fakesnow on DuckDB: it takes more than Snowflake does, so what runs here may still be refused there.

What Snowflake documents and the emulation does not do is mended in `snowflake_rules.py`, and what Snowflake does not take is refused there.
"""

import json
import tempfile
import warnings

import fakesnow
import protocol
import snowflake.connector
import snowflake_rules as rules

warnings.filterwarnings("ignore")

# As the emulation has them: tables are made around it, which does not take every name, and would take each row for a statement.
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


class Snowflake:
    tier = "emulated"

    def __init__(self):
        self.patch = fakesnow.patch()
        self.patch.__enter__()
        self.connection = snowflake.connector.connect(database="KPIC", schema="PUBLIC")
        self.duckdb = self.connection._duck_conn
        self.schemas = {"PUBLIC"}
        rules.mend()

    def version(self):
        return f"fakesnow {fakesnow.__version__}" if hasattr(fakesnow, "__version__") else "fakesnow"

    def table(self, name, columns, rows):
        name = [rules.stored(part) for part in name]
        for schema in name[:-1]:
            if schema not in self.schemas:
                self.run(f"create schema {protocol.quoted([schema])}")
                self.schemas.add(schema)
        whole = protocol.quoted(["KPIC", *(name if len(name) > 1 else ["PUBLIC", *name])])
        types = [protocol.sql_type(kind, TYPES) for _, kind in columns]
        list_ = ", ".join(f"{protocol.quoted([rules.stored(column)])} {ty}" for (column, _), ty in zip(columns, types))
        self.duckdb.execute(f"create or replace table {whole} ({list_})")
        if not rows:
            return
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            file.writelines(json.dumps({"r": row}) + "\n" for row in rows)
            file.flush()
            read = f"read_ndjson('{file.name}', columns = {{r: 'varchar[]'}}, maximum_object_size = 100000000)"
            zone = lambda kind: " || '+00'" if kind == "instant" else ""  # noqa: E731
            cells = ", ".join(f"r[{at}]{zone(kind)}" for at, (_, kind) in enumerate(columns, 1))
            self.duckdb.execute(f"insert into {whole} select {cells} from {read}")

    def run(self, sql):
        self.connection.cursor().execute(sql)

    def query(self, sql):
        cursor = self.connection.cursor().execute(sql)
        # Its own description would parse the query once more.
        return [rules.read(name) for name in cursor._arrow_table.column_names], cursor.fetchall()

    def reset(self):
        # It keeps the rows of every query.
        self.connection.results_cache.clear()
        self.duckdb.execute("set TimeZone = 'UTC'")
        for schema in self.schemas:
            self.run(f"drop schema {protocol.quoted([schema])} cascade")
        self.run("create schema PUBLIC")
        self.run("use schema PUBLIC")
        self.schemas = {"PUBLIC"}

    def set(self, name, value):
        # The emulation has no other parameters. What reads one is refused, whatever it is set to.
        if name.upper() == "TIMEZONE":
            self.duckdb.execute(f"set TimeZone = '{value}'")


protocol.serve(Snowflake)
