"""Spark in one process with its ANSI mode on; Databricks has the same SQL.

Tables of few rows are views of the rows themselves, which are there at once; others are Parquet files.
"""

import datetime
import json
import os
import tempfile

# Spark gives instants as readings of the process's own clock.
os.environ["TZ"] = "UTC"

import protocol  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql.types import TimestampType  # noqa: E402

TYPES = {
    "integer": "bigint",
    "decimal": "decimal({}, {})",
    "double": "double",
    "text": "string",
    "date": "date",
    "timestamp": "timestamp_ntz",
    "instant": "timestamp",
    "boolean": "boolean",
}
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "3g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.log.level": "OFF",
}
FEW = 300


def literal(text, kind, ty):
    """A cell as SQL."""
    if text is None:
        return f"cast(null as {ty})"
    text = text + "Z" if kind == "instant" else text
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'" if kind == "text" else f"cast('{escaped}' as {ty})"


class Spark:
    def __init__(self):
        # Its server ends when the pipe to it does.
        folder = protocol.temporary("spark")
        builder = SparkSession.builder.master("local[2]").config("spark.sql.warehouse.dir", folder)
        for name, value in SETTINGS.items():
            builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        self.changed = set()

    def version(self):
        return self.session.version

    def table(self, name, columns, rows):
        if len(name) > 1:
            self.run(f"create database if not exists {protocol.quoted(name[:-1], '`')}")
        table = protocol.quoted(name, "`")
        known = self.session.catalog.tableExists(table) and self.session.catalog.getTable(table).tableType
        if known:
            self.run(f"drop {'view' if known == 'VIEW' else 'table'} {table}")
        names = [protocol.quoted([column], "`") for column, _ in columns]
        types = [protocol.sql_type(kind, TYPES) for _, kind in columns]
        if len(rows) <= FEW:
            kinds = [kind for _, kind in columns]
            lines = [", ".join(map(literal, row, kinds, types)) for row in rows or [[None] * len(columns)]]
            values = ", ".join(f"({line})" for line in lines)
            where = "" if rows else " where false"
            self.run(f"create view {table} as select * from values {values} as given({', '.join(names)}){where}")
            return
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            file.writelines(json.dumps(dict(enumerate(row))) + "\n" for row in rows)
            file.flush()
            texts = ", ".join(f"`{at}` string" for at in range(len(columns)))
            read = self.session.read.schema(texts).json(file.name)
            zone = lambda kind, at: f"concat(`{at}`, 'Z')" if kind == "instant" else f"`{at}`"  # noqa: E731
            cells = [f"cast({zone(kind, at)} as {types[at]}) as {names[at]}" for at, (_, kind) in enumerate(columns)]
            read.selectExpr(*cells).coalesce(1).write.saveAsTable(table)

    def run(self, sql):
        self.session.sql(sql).collect()

    def query(self, sql):
        found = self.session.sql(sql)
        instants = [at for at, field in enumerate(found.schema.fields) if isinstance(field.dataType, TimestampType)]
        rows = [list(row) for row in found.collect()]
        for row in rows if instants else []:
            for at in instants:
                row[at] = row[at] and row[at].replace(tzinfo=datetime.timezone.utc)
        return found.columns, rows

    def reset(self):
        for name in self.changed:
            self.session.conf.set(name, SETTINGS[name]) if name in SETTINGS else self.session.conf.unset(name)
        self.changed.clear()
        for database in self.session.catalog.listDatabases():
            name = protocol.quoted([database.name], "`")
            if database.name != "default":
                self.run(f"drop database {name} cascade")
                continue
            for table in self.session.catalog.listTables("default"):
                kind = "view" if table.tableType == "VIEW" else "table"
                self.run(f"drop {kind} {name}.{protocol.quoted([table.name], '`')}")

    def set(self, name, value):
        self.changed.add(name)
        self.session.conf.set(name, value)


protocol.serve(Spark)
