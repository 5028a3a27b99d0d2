"""What every driver shares: requests as JSON lines on stdin, answers as JSON lines on stdout.

`serve` reads requests and never ends because of an error; `cell` writes a value as canonical text, `value` reads one. A driver is a
class with `version`, `table`, `run`, `query`, `reset` (which drops everything and takes settings back) and `set`.
"""

import datetime
import json
import os
import re
import shutil
import sys
import tempfile
from decimal import Decimal

UTC = datetime.timezone.utc


FOLDERS = []


def temporary(name):
    """A folder that is gone when the driver ends. Its path is short, as those of sockets have to be."""
    FOLDERS.append(tempfile.mkdtemp(prefix=f"kpic-{name}-", dir="/tmp"))
    return FOLDERS[-1]


def serve(make):
    """Answers requests to the engine that `make` starts, until stdin ends."""
    # What a library prints must not stand between the answers.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    engine = None

    def say(answer):
        out.write(json.dumps(answer, ensure_ascii=False) + "\n")
        out.flush()

    try:
        engine = make()
        say({"version": engine.version(), "tier": getattr(engine, "tier", "executed")})
        for line in sys.stdin.buffer:
            try:
                say(answer(engine, json.loads(line)))
            except Exception as error:  # noqa: BLE001, whatever an engine says is an answer
                say({"error": str(error) or repr(error)})
    except Exception as error:  # noqa: BLE001
        say({"error": f"cannot start: {error}"})
    finally:
        if engine is not None and hasattr(engine, "close"):
            engine.close()
        for folder in FOLDERS:
            shutil.rmtree(folder, ignore_errors=True)
        out.flush()
        # Some engines have threads that would keep the process, and they hold nothing that matters.
        os._exit(0)


def answer(engine, request):
    """The answer to one request."""
    do = request["do"]
    if do == "tables":
        for table in request.get("tables", []):
            rows = table["rows"]
            if "file" in table:
                with open(table["file"], encoding="utf-8") as file:
                    rows += json.load(file)
            engine.table(table["name"], [(column["name"], column["type"]) for column in table["columns"]], rows)
        return {"ok": True}
    if do == "run":
        for statement in request["sql"]:
            engine.run(statement)
        return {"ok": True}
    if do == "query":
        return shown(*engine.query(request["sql"]))
    if do == "write":
        with open(request["file"], "w", encoding="utf-8") as file:
            json.dump(shown(*engine.query(request["sql"]))["rows"], file, ensure_ascii=False)
        return {"ok": True}
    if do == "reset":
        engine.reset()
        return {"ok": True}
    if do == "set":
        engine.set(request["name"], request["value"])
        return {"ok": True}
    raise ValueError(f"no request is called {do!r}")


def shown(columns, rows):
    """Rows of Python's values as canonical text, and of what kind each column is."""
    kinds = [None] * len(columns)
    texts = []
    for row in rows:
        line = []
        for at, found in enumerate(row):
            if found is None:
                line.append(None)
                continue
            text, kind = cell(found)
            known = kinds[at]
            if known != kind:
                # Whole numbers among others are of the kind of the others.
                kinds[at] = kind if known in (None, "integer") else known if kind == "integer" else wider(known, kind)
            line.append(text)
        texts.append(line)
    return {"columns": list(columns), "kinds": kinds, "rows": texts}


def wider(one, other):
    """The kind of a column with values of two kinds."""
    if {one, other} == {"decimal", "double"}:
        return "double"
    return "mixed"


def cell(found):
    """A value as canonical text, and its kind."""
    if isinstance(found, bool):
        return ("true" if found else "false"), "boolean"
    if isinstance(found, int):
        return str(found), "integer"
    if isinstance(found, Decimal):
        if not found.is_finite():
            return special(float(found)), "double"
        return plain(found), "decimal"
    if isinstance(found, float):
        return double(found), "double"
    if isinstance(found, str):
        return found, "text"
    if isinstance(found, datetime.datetime):
        if found.tzinfo is not None:
            return moment(found.astimezone(UTC).replace(tzinfo=None)), "instant"
        return moment(found), "timestamp"
    if isinstance(found, datetime.date):
        return found.isoformat(), "date"
    if isinstance(found, (bytes, bytearray)):
        return bytes(found).hex(), "bytes"
    return str(found), type(found).__name__


def special(number):
    """A double that is not finite."""
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"


def double(number):
    """A double with as many digits as tell it from others."""
    if number != number or number in (float("inf"), float("-inf")):
        return special(number)
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return repr(number)


def plain(number):
    """A decimal without superfluous zeros."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def moment(time):
    """A reading of a clock, its fraction without superfluous zeros."""
    text = time.strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")
    return text + (f".{time.microsecond:06d}".rstrip("0") if time.microsecond else "")


def digits(kind):
    """Precision and scale of `decimal(18, 4)`."""
    found = re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", kind)
    return (int(found[1]), int(found[2])) if found else (38, 9)


def sql_type(kind, types):
    """The engine's own name of a type; `types` has one for each kind, with `{}` for the digits of a decimal."""
    base = kind.partition("(")[0]
    return types[base].format(*digits(kind)) if base == "decimal" else types[base]


def time(text):
    """A reading of a clock from canonical text."""
    return datetime.datetime.fromisoformat(padded(text))


def padded(text):
    """Python before 3.11 wants three or six digits after the second."""
    whole, point, fraction = text.partition(".")
    return f"{whole}.{fraction:0<6}" if point else whole


def value(kind, text):
    """A value of Python from canonical text."""
    if text is None or kind == "text":
        return text
    if kind == "integer":
        return int(text)
    if kind.startswith("decimal"):
        return Decimal(text)
    if kind == "double":
        return float(text)
    if kind == "boolean":
        return text == "true"
    if kind == "date":
        return datetime.date.fromisoformat(text)
    return time(text).replace(tzinfo=UTC) if kind == "instant" else time(text)


def quoted(name, sign='"'):
    """A name of one or more parts, quoted."""
    return ".".join(sign + part.replace(sign, sign + sign) + sign for part in name)


ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def tabbed(rows):
    """Rows as text with tabs, `\\N` for null and backslashes before what would end a cell."""
    line = lambda row: "\t".join("\\N" if text is None else text.translate(ESCAPES) for text in row)  # noqa: E731
    return "".join(line(row) + "\n" for row in rows)


def only_finite(columns, rows):
    """The rows for an engine whose doubles are all finite: others are null."""
    doubles = [at for at, (_, kind) in enumerate(columns) if kind == "double"]
    odd = {"NaN", "Infinity", "-Infinity"}
    if not any(row[at] in odd for row in rows for at in doubles):
        return rows
    return [[None if at in doubles and text in odd else text for at, text in enumerate(row)] for row in rows]


def child(signal_number):
    """What a server runs before it starts, so that it ends when its driver does, however that ends."""

    def prepare():
        import ctypes

        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, signal_number)

    return prepare
