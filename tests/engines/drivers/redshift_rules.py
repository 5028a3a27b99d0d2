"""What Redshift documents, of statements that PostgreSQL runs: what it does not know is refused, by words and by the functions that are called.

Where a word is one of Redshift's only, it is written as PostgreSQL reads it: parts of days without quotes, and the function `collate`.
"""

import re
import zlib

TOKEN = re.compile(
    r"(?P<text>'(?:[^']|'')*')|(?P<quoted>\"(?:[^\"]|\"\")*\")|(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<number>[0-9]+(?:[.][0-9]*)?(?:[eE][-+]?[0-9]+)?)|(?P<word>[A-Za-z_][A-Za-z_0-9$]*)|(?P<blank>\s+)|(?P<sign>::|\|\||<=|>=|<>|!=|.)",
    re.S,
)

# Functions of the compute nodes, by their pages in the documentation.
FUNCTIONS = set(
    "abs avg bool_and bool_or cast ceil chr coalesce collate convert_timezone count current_setting date_trunc dateadd datediff dense_rank exp extract floor getdate "
    "greatest lag lead least length ln lower ltrim max min mod nullif power replace round row_number rtrim sign sqrt stddev_samp strpos substring "
    "sum to_char translate trim trunc upper var_samp".split()
)
# Words that stand before a parenthesis and are no functions.
BEFORE = set("all and as between by case distinct else from having in join not on or over select then union when where with is like".split())
# Types with their digits or length, which they have to have.
SIZED = {"decimal", "numeric", "varchar"}
PARTS = {"day", "month", "second", "microsecond"}
# What PostgreSQL knows and Redshift does not, or with other results: called, or wherever it stands.
CALLED = {
    "any": "a list is no array",
    "generate_series": "it is of the leader node",
    "isfinite": "there is no such function",
    "now": "it is of the leader node",
    "percentile_cont": "all of a statement have to look at the same values",
    "unnest": "there are no arrays",
}
REFUSED = {
    "array": "there are no arrays",
    "current_date": "it depends on the session",
    "current_timestamp": "it is of the leader node",
    "default": "nothing has a default here",
    "escape": "no character escapes in all patterns",
    "except": "not used",
    "filter": "an aggregate has no filter",
    "ilike": "not used",
    "interval": "months of an interval are refused",
    "lateral": "nothing is lateral",
    "materialized": "nothing is said of parts",
    "range": "a window has a frame of rows",
    "recursive": "a view may stand where nothing is recursive",
    "similar": "not used",
    "text": "a text has 256 bytes",
    "values": "nothing is written out by values",
    "window": "a window has no name",
    "within": "all of a statement have to look at the same values",
}
ASCII = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
LONGEST_NAME = 127


class NotInRedshift(Exception):
    """SQL that PostgreSQL runs, and Redshift does not document."""


def refuse(what):
    raise NotInRedshift(f"Redshift: {what}")


def folded(name):
    """A name as Redshift stores it."""
    return name.translate(ASCII)


# Names that are longer than PostgreSQL's, by what they are called there.
SHORT = {}


def short(name):
    """A name as Redshift stores it, in as many bytes as PostgreSQL keeps."""
    name = folded(name)
    whole = name.encode()
    if len(whole) <= 63:
        return name
    shortened = f"{whole[:50].decode(errors='ignore')}_{zlib.crc32(whole):08x}"
    SHORT[shortened] = name
    return shortened


def tokens(sql):
    """The tokens of a statement, each with its kind; blanks and comments left out."""
    return [(match.lastgroup, match[0]) for match in TOKEN.finditer(sql) if match.lastgroup not in ("blank", "comment")]


def check(sql):
    """Refuses what Redshift does not document."""
    found = tokens(sql)
    at = lambda place: found[place] if 0 <= place < len(found) else ("", "")  # noqa: E731
    for place, (kind, text) in enumerate(found):
        before, after = at(place - 1), at(place + 1)
        if "\\" in text:
            refuse(f"a backslash in {text}")
        if kind in ("word", "quoted") and len(text.strip('"').encode()) > LONGEST_NAME:
            refuse(f"the name {text} is too long")
        if kind == "sign" and text in ("::", "[", "]", "{", "}"):
            refuse(f"{text} is not used")
        if kind != "word":
            continue
        word = text.lower()
        is_name = before[1] == "." or after[1] == "."
        is_called = after[1] == "("
        if is_name and is_called:
            refuse(f"{text} is a function of a schema")
        if is_name:
            continue
        if word in REFUSED:
            refuse(f"{text}: {REFUSED[word]}")
        if word in CALLED and is_called:
            refuse(f"{text}: {CALLED[word]}")
        if word == "avg" and is_called and at(place + 2)[1] != "cast":
            refuse("a mean may be one of whole numbers, which is cut off")
        if word == "distinct" and (before[1].lower() == "is" or before[1].lower() == "not" or after[1].lower() in ("on", "from")):
            refuse("is distinct from")
        if word in SIZED and not is_called:
            refuse(f"{text} has no size")
        if is_called and word not in FUNCTIONS | BEFORE | SIZED and before[1].lower() not in ("as", "with", ","):
            refuse(f"no function {text} is known")
        if word in ("dateadd", "datediff") and at(place + 2)[1] not in PARTS:
            refuse(f"{at(place + 2)[1]} is no part of a day that is known")
        if word == "count" and at(place + 2)[1].lower() == "distinct" and at(place + 3)[1] == "(" and ends_with_comma(found, place + 3):
            refuse("several values are counted as one")
    columns(found)


def ends_with_comma(found, place):
    """Whether there is a comma directly inside the parenthesis that opens there."""
    depth = 0
    for _, text in found[place:]:
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth == 1 and text == ",":
            return True
        if depth == 0:
            return False
    return False


def columns(found):
    """A text or null that stands alone in a select has no type, unless a select before it in a union says it."""
    words = [(kind, text.lower() if kind == "word" else text) for kind, text in found]
    for place, (kind, text) in enumerate(words[:-1]):
        following = words[place + 1]
        alone = (kind == "text" or (kind, text) == ("word", "null")) and following == ("word", "as")
        if alone and words[place - 1][1] in ("select", ",", "distinct"):
            refuse(f"{text} as {words[place + 2][1]} has no type")


def of_postgres(sql):
    """A statement as PostgreSQL reads it, after it was looked at."""
    check(sql)
    out = []
    before = ""
    for match in TOKEN.finditer(sql):
        kind, text = match.lastgroup, match[0]
        if kind == "quoted":
            text = f'"{short(text[1:-1])}"'
        elif kind == "word" and len(text) > 63:
            text = short(text)
        elif kind == "word" and text == "collate":
            text = '"collate"'
        elif kind == "word" and before in ("dateadd(", "datediff("):
            text = f"'{text}'"
        out.append(text)
        if kind not in ("blank", "comment"):
            before = before + text if text == "(" and before in ("dateadd", "datediff") else text
    return "".join(out)
