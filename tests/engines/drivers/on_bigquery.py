"""BigQuery's SQL on Google's own reference evaluator, ZetaSQL, as WebAssembly.

There is no storage. The rows of all tables are given to the evaluator with the catalog, whenever they have changed before a query; a
view is worked out when it is made, and kept as a table.
"""

import ctypes
import datetime
import re
from decimal import Decimal

import protocol
import wasmtime
import zetasql.core.wasm_client as client


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

from zetasql.core.local_service import ZetaSqlLocalService, local_service_pb2 as calls  # noqa: E402
from zetasql.types import AnalyzerOptions, LanguageOptions, ProductMode  # noqa: E402
from zetasql.wasi._pb2.zetasql.public.type_pb2 import TypeKind  # noqa: E402

EPOCH = datetime.date(1970, 1, 1)
TYPES = {"integer": "INT64", "double": "DOUBLE", "text": "STRING", "date": "DATE", "boolean": "BOOL"}
TYPES |= {"timestamp": "DATETIME", "instant": "TIMESTAMP", "decimal": "NUMERIC"}
SHIFTS = (26, 22, 17, 12, 6, 0)


def type_of(kind):
    """The type of a column; `NUMERIC` has nine digits after the point."""
    base = kind.partition("(")[0]
    precision, scale = protocol.digits(kind)
    name = "BIGNUMERIC" if base == "decimal" and (scale > 9 or precision - scale > 29) else TYPES[base]
    return TypeKind.Value(f"TYPE_{name}")


def fill(into, kind, text):
    """Puts a cell into a value of the evaluator's."""
    if text is None:
        return
    found = protocol.value(kind, text)
    if kind.startswith("decimal"):
        is_big = type_of(kind) == TypeKind.Value("TYPE_BIGNUMERIC")
        whole = int(found.scaleb(38 if is_big else 9))
        data = whole.to_bytes((whole.bit_length() + 8) // 8, "little", signed=True)
        setattr(into, "bignumeric_value" if is_big else "numeric_value", data)
    elif kind == "date":
        into.date_value = (found - EPOCH).days
    elif kind == "timestamp":
        parts = (found.year, found.month, found.day, found.hour, found.minute, found.second)
        into.datetime_value.bit_field_datetime_seconds = sum(part << by for part, by in zip(parts, SHIFTS))
        into.datetime_value.nanos = found.microsecond * 1000
    elif kind == "instant":
        into.timestamp_value.FromDatetime(found)
    else:
        name = {"integer": "int64_value", "double": "double_value", "text": "string_value", "boolean": "bool_value"}[kind]
        setattr(into, name, found)


def read(found):
    """A value of Python from one of the evaluator's."""
    name = found.WhichOneof("value")
    if name is None:
        return None
    value = getattr(found, name)
    if name in ("numeric_value", "bignumeric_value"):
        return Decimal(int.from_bytes(value, "little", signed=True)).scaleb(-9 if name == "numeric_value" else -38)
    if name == "date_value":
        return EPOCH + datetime.timedelta(days=value)
    if name == "datetime_value":
        bits = value.bit_field_datetime_seconds
        sizes = (0x3FFF, 0xF, 0x1F, 0x1F, 0x3F, 0x3F)
        return datetime.datetime(*(bits >> by & size for by, size in zip(SHIFTS, sizes)), value.nanos // 1000)
    if name == "timestamp_value":
        return value.ToDatetime(tzinfo=datetime.timezone.utc)
    return value


class BigQuery:
    def __init__(self):
        self.wasm = ZetaSqlLocalService.get_instance().wasm_client
        language = LanguageOptions.maximum_features()
        language.product_mode = ProductMode.PRODUCT_EXTERNAL
        self.options = AnalyzerOptions(language_options=language, default_timezone="UTC").to_proto()
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
        # Names of tables differ by case, in BigQuery and here.
        self.tables[tuple(name)] = (columns, data)
        self.forget()

    def forget(self):
        if self.registered is not None:
            self.call("UnregisterCatalog", calls.UnregisterRequest(registered_id=self.registered), calls.empty__pb2.Empty)
        self.registered = None

    def catalog(self):
        """The number of the catalog of all tables."""
        if self.registered is None:
            request = calls.RegisterCatalogRequest()
            root = request.simple_catalog
            root.name = "kpic"
            root.builtin_function_options.language_options.CopyFrom(self.options.language_options)
            schemas = {}
            for at, (name, (columns, data)) in enumerate(self.tables.items()):
                into = root
                for depth in range(1, len(name)):
                    if name[:depth] not in schemas:
                        schemas[name[:depth]] = into.catalog.add(name=name[depth - 1])
                    into = schemas[name[:depth]]
                table = into.table.add(name=f"table_{at}", name_in_catalog=name[-1], serialization_id=at + 1)
                for column, kind in columns:
                    table.column.add(name=column).type.type_kind = kind
                request.table_content[f"table_{at}"].CopyFrom(data)
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
        request = calls.PrepareQueryRequest(sql=sql, options=self.options, registered_catalog_id=self.catalog())
        prepared = self.call("PrepareQuery", request, calls.PrepareQueryResponse).prepared
        number = prepared.prepared_query_id
        try:
            ask = calls.EvaluateQueryRequest(prepared_query_id=number)
            return prepared.columns, self.call("EvaluateQuery", ask, calls.EvaluateQueryResponse)
        finally:
            self.call("UnprepareQuery", calls.UnprepareQueryRequest(prepared_query_id=number), calls.empty__pb2.Empty)

    def query(self, sql):
        columns, found = self.evaluate(sql)
        rows = [[read(cell) for cell in row.cell] for row in found.content.table_data.row]
        return [column.name for column in columns], rows

    def reset(self):
        self.tables = {}
        self.forget()

    def set(self, name, value):
        if name != "time_zone":
            raise ValueError(f"there is no setting {name}")
        self.options.default_timezone = value


protocol.serve(BigQuery)
