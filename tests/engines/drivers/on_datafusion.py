"""DataFusion, in the process itself."""

import datafusion
import protocol
import pyarrow

TYPES = {
    "integer": pyarrow.int64(),
    "double": pyarrow.float64(),
    "text": pyarrow.string(),
    "date": pyarrow.date32(),
    "timestamp": pyarrow.timestamp("us"),
    "instant": pyarrow.timestamp("us", "UTC"),
    "boolean": pyarrow.bool_(),
}


class DataFusion:
    def __init__(self):
        self.reset()

    def reset(self):
        self.context = datafusion.SessionContext()

    def version(self):
        return datafusion.__version__

    def table(self, name, columns, rows):
        if len(name) > 1:
            self.run(f"create schema if not exists {protocol.quoted(name[:-1])}")
        arrays = []
        for at, (_, kind) in enumerate(columns):
            ty = pyarrow.decimal128(*protocol.digits(kind)) if kind.startswith("decimal") else TYPES[kind]
            arrays.append(pyarrow.array([protocol.value(kind, row[at]) for row in rows], ty))
        whole = pyarrow.table(arrays, names=[column for column, _ in columns])
        self.context.from_arrow(whole, "kpic_loads")
        self.run(f"create or replace table {protocol.quoted(name)} as select * from kpic_loads")
        self.context.deregister_table("kpic_loads")

    def run(self, sql):
        self.context.sql(sql).collect()

    def query(self, sql):
        found = self.context.sql(sql).to_arrow_table()
        columns = [column.to_pylist() for column in found.columns]
        return found.schema.names, list(zip(*columns))

    def set(self, name, value):
        self.run(f"set {name} = '{value}'")


protocol.serve(DataFusion)
