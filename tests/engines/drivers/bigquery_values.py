"""Cells as Google's evaluator has them: days since 1970, packed readings of clocks, and decimals as scaled whole numbers in bytes."""

import datetime
from decimal import Decimal

import protocol
from zetasql.wasi._pb2.zetasql.public.type_pb2 import TypeKind

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
