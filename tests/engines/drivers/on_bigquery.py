"""BigQuery's SQL on Google's own reference evaluator, ZetaSQL, as WebAssembly.

There is no storage. The rows of all tables are given to the evaluator with the catalog, whenever they have changed before a query; a
view is worked out when it is made, and kept as a table.
"""

import ctypes
import re

import protocol
import wasmtime
import zetasql.core.wasm_client as client
from google.protobuf import empty_pb2


class Cached(wasmtime.Config):
    """What the evaluator is compiled with: it takes half a minute, and is kept for the next time."""

    def __init__(self):
        super().__init__()
        self.cache = True


def write_bytes(self, at, data):
    ctypes.memmove(ctypes.addressof(self.memory.data_ptr().contents) + at, data, len(data))


def read_bytes(self, at, size):
    return ctypes.string_at(ctypes.addressof(self.memory.data_ptr().contents) + at, size)


# The package copies byte by byte.
client.Config, client.WasmClient.write_bytes, client.WasmClient.read_bytes = Cached, write_bytes, read_bytes

from bigquery_values import fill, read, type_of  # noqa: E402
from zetasql.core.local_service import ZetaSqlLocalService, local_service_pb2 as calls  # noqa: E402
from zetasql.types import AnalyzerOptions, LanguageOptions, ProductMode  # noqa: E402
from zetasql.wasi._pb2.zetasql.public.options_pb2 import LanguageFeature  # noqa: E402

# BigQuery has collations, which are none of the features that are counted as finished here.
BEYOND = ("FEATURE_ANNOTATION_FRAMEWORK", "FEATURE_COLLATION_SUPPORT")


class BigQuery:
    def __init__(self):
        self.wasm = ZetaSqlLocalService.get_instance().wasm_client
        language = LanguageOptions.maximum_features()
        language.product_mode = ProductMode.PRODUCT_EXTERNAL
        self.options = AnalyzerOptions(language_options=language, default_timezone="UTC").to_proto()
        self.options.language_options.enabled_language_features.extend(map(LanguageFeature.Value, BEYOND))
        self.registered = None
        self.reset()

    def version(self):
        from importlib.metadata import version

        return f"ZetaSQL, zetasql {version('zetasql')}"

    def call(self, name, request, response):
        return self.wasm.call_grpc_func(f"ZetaSqlLocalService_{name}", request, response)

    def table(self, name, columns, rows):
        data = calls.TableContent()
        for row in rows:
            cells = data.table_data.row.add().cell
            for (_, kind), text in zip(columns, row):
                fill(cells.add(), kind, text)
        self.keep(name, [(column, type_of(kind)) for column, kind in columns], data)

    def keep(self, name, columns, data):
        # No rows are rows too.
        data.table_data.SetInParent()
        # Names of tables differ by case, in BigQuery and here.
        self.tables[tuple(name)] = (columns, data)
        self.forget()

    def forget(self):
        if self.registered is not None:
            self.call("UnregisterCatalog", calls.UnregisterRequest(registered_id=self.registered), empty_pb2.Empty)
        self.registered = None

    def names(self):
        """What each table is called in the catalog: only those of its root can have rows, so that a schema's table is named without it."""
        last = [name[-1].lower() for name in self.tables]
        return {name: name[-1] if last.count(name[-1].lower()) == 1 else ".".join(name) for name in self.tables}

    def rooted(self, sql):
        """A query with the tables of schemas as the catalog has them, whatever stands in texts and comments."""
        for name, known in self.names().items():
            if len(name) > 1:
                parts = r"\s*\.\s*".join(f"(?:`{part}`|{part})" for part in map(re.escape, name))
                path = rf"(?<![\w.`])(?:{parts}|`{re.escape('.'.join(name))}`)(?![\w`])"
                skipped = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|--[^\n]*|/\*.*?\*/"
                sql = re.sub(f"({skipped})|{path}", lambda found, to=known: found[1] or f"`{to}`", sql, flags=re.S)
        return sql

    def catalog(self):
        """The number of the catalog of all tables."""
        if self.registered is None:
            request = calls.RegisterCatalogRequest()
            root = request.simple_catalog
            root.name = "kpic"
            root.builtin_function_options.language_options.CopyFrom(self.options.language_options)
            names = self.names()
            for at, (name, (columns, data)) in enumerate(self.tables.items(), 1):
                table = root.table.add(name=names[name], serialization_id=at)
                for column, kind in columns:
                    table.column.add(name=column).type.type_kind = kind
                request.table_content[names[name]].CopyFrom(data)
            self.registered = self.call("RegisterCatalog", request, calls.RegisterResponse).registered_id
        return self.registered

    def run(self, sql):
        view = re.match(r"\s*(?:--[^\n]*\n\s*)*create\s+(?:or\s+replace\s+)?view\s+(`[^`]*`|[\w.`]+)\s+as\b(.*)", sql, re.I | re.S)
        if not view:
            raise ValueError("only `create view` can be run here")
        columns, found = self.evaluate(view[2].strip().rstrip(";"))
        name = [part for part in view[1].replace("`", "").split(".") if part]
        self.keep(name, [(column.name, column.type.type_kind) for column in columns], found.content)

    def evaluate(self, sql):
        request = calls.PrepareQueryRequest(sql=self.rooted(sql), options=self.options, registered_catalog_id=self.catalog())
        prepared = self.call("PrepareQuery", request, calls.PrepareQueryResponse).prepared
        number = prepared.prepared_query_id
        try:
            ask = calls.EvaluateQueryRequest(prepared_query_id=number)
            return prepared.columns, self.call("EvaluateQuery", ask, calls.EvaluateQueryResponse)
        finally:
            self.call("UnprepareQuery", calls.UnprepareQueryRequest(prepared_query_id=number), empty_pb2.Empty)

    def query(self, sql):
        columns, found = self.evaluate(sql)
        rows = [[read(cell) for cell in row.cell] for row in found.content.table_data.row]
        return [column.name for column in columns], rows

    def reset(self):
        self.tables = {}
        self.options.default_timezone = "UTC"
        self.forget()

    def set(self, name, value):
        if name != "time_zone":
            raise ValueError(f"there is no setting {name}")
        self.options.default_timezone = value


protocol.serve(BigQuery)
