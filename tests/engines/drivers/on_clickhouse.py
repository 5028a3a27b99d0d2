"""ClickHouse, as chDB has it in the process itself.

Columns are `Nullable`, days `Date32`. There is one type for a wall clock and an instant, `DateTime64` in UTC.
"""

import json
from decimal import Decimal

import protocol
from chdb import session

TYPES = {
    "integer": "Int64",
    "decimal": "Decimal({}, {})",
    "double": "Float64",
    "text": "String",
    "date": "Date32",
    "timestamp": "DateTime64(6, 'UTC')",
    "instant": "DateTime64(6, 'UTC')",
    "boolean": "Bool",
}
# Numbers as texts keep all of their digits.
EXACT = ", ".join(f"output_format_json_quote_{what} = 1" for what in ("64bit_integers", "decimals", "denormals"))


def bare(ty):
    """A type without what says that it is nullable, or how it is stored."""
    for around in ("Nullable(", "LowCardinality("):
        while ty.startswith(around):
            ty = ty[len(around) : -1]
    return ty


def read(ty, found):
    """A value of Python from one of JSON."""
    if found is None or isinstance(found, bool):
        return found
    if ty.startswith(("Int", "UInt")):
        return int(found)
    if ty.startswith("Decimal"):
        return Decimal(found)
    if ty.startswith("Float"):
        return float(found)
    if ty.startswith("DateTime"):
        return protocol.time(found)
    if ty.startswith("Date"):
        return protocol.value("date", found)
    return found


class ClickHouse:
    def __init__(self):
        self.session = session.Session(protocol.temporary("clickhouse"))
        self.changed = set()
        self.run("set session_timezone = 'UTC'")
        # Large views are beyond what a session takes otherwise; `docs/guides/warehouses.md` says so.
        for name in ("max_query_size", "max_ast_elements", "max_expanded_ast_elements", "query_plan_max_optimizations_to_apply"):
            self.run(f"set {name} = 100000000")

    def version(self):
        return self.query("select version()")[1][0][0]

    def table(self, name, columns, rows):
        if len(name) > 1:
            self.run(f"create database if not exists {protocol.quoted(name[:-1])}")
        table = protocol.quoted(name)
        types = [f"Nullable({protocol.sql_type(kind, TYPES)})" for _, kind in columns]
        list_ = ", ".join(f"{protocol.quoted([column])} {ty}" for (column, _), ty in zip(columns, types))
        self.run(f"drop table if exists {table} sync")
        self.run(f"create table {table} ({list_}) engine = MergeTree order by tuple()")
        for start in range(0, len(rows), 100_000):
            self.run(f"insert into {table} format TabSeparated\n{protocol.tabbed(rows[start : start + 100_000])}")

    def run(self, sql):
        self.session.query(sql)

    def query(self, sql):
        # What a query sets for itself stays with it.
        self.run(f"set {EXACT}")
        found = self.session.query(sql, "JSONCompactEachRowWithNamesAndTypes").bytes().decode()
        columns, types, *rows = [json.loads(line) for line in found.splitlines() if line]
        types = [bare(ty) for ty in types]
        return columns, [[read(ty, value) for ty, value in zip(types, row)] for row in rows]

    def reset(self):
        for name in self.changed:
            self.run(f"set {name} = default")
        self.changed.clear()
        self.run("set session_timezone = 'UTC'")
        for (name,) in self.query("select name from system.databases where lower(name) not in ('system', 'information_schema')")[1]:
            if name != "default":
                self.run(f"drop database {protocol.quoted([name])} sync")
        for name, engine in self.query("select name, engine from system.tables where database = 'default'")[1]:
            self.run(f"drop {'view' if engine == 'View' else 'table'} default.{protocol.quoted([name])} sync")

    def set(self, name, value):
        self.changed.add(name)
        self.run(f"set {name} = '{value}'")


protocol.serve(ClickHouse)
