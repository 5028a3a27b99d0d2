"""What Snowflake documents and fakesnow does otherwise: some of it is mended, and what Snowflake does not take is refused.

Also refused is what depends on a parameter of a session, which the emulation does not have: a view must not contain it.
"""

import re

import fakesnow.cursor
import fakesnow.transforms as transforms
from sqlglot import exp

# Names that Snowflake stores in capitals if they are written without quotes.
PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


def stored(name):
    """A name as Snowflake stores it if a table is made with it by a tool that writes no quotes where none are needed."""
    return name.upper() if PLAIN.fullmatch(name) else name


def read(name):
    """A name as the tests have it."""
    return name.lower() if PLAIN.fullmatch(name.lower()) and name == name.upper() else name


# Functions that Snowflake has and sqlglot does not know by a class of their own.
KNOWN = {"ARRAY_GENERATE_RANGE", "CONVERT_TIMEZONE", "DATEADD", "DATEDIFF", "TRY_TO_DATE"}


class NotInSnowflake(Exception):
    """SQL that the emulation runs and Snowflake does not take, or that depends on a session."""


def refuse(what):
    raise NotInSnowflake(f"Snowflake: {what}")


TIMES = {
    exp.DataType.Type.DATE,
    exp.DataType.Type.TIMESTAMP,
    exp.DataType.Type.TIMESTAMPNTZ,
    exp.DataType.Type.TIMESTAMPTZ,
    exp.DataType.Type.TIMESTAMPLTZ,
}


# Functions that take a frame of a range with a length.
RANGED = (exp.Sum, exp.Count, exp.Min, exp.Max, exp.Avg)


def check(tree):
    """Refuses what Snowflake does not take."""
    for node in tree.walk():
        if isinstance(node, exp.Select):
            names(node)
            subqueries(node)
        if isinstance(node, exp.Values) and not all(map(literal, node.find_all(exp.Tuple))):
            refuse("rows that are written out may hold what is not constant")
        if isinstance(node, (exp.Add, exp.Sub)) and (day(node.this) or day(node.expression)):
            refuse("a sum of a day and a number is not documented")
        if isinstance(node, exp.Window) and (spec := node.args.get("spec")) and spec.text("kind").upper() == "RANGE":
            bounds = [spec.args.get("start"), spec.args.get("end")]
            if any(bound is not None and not isinstance(bound, str) for bound in bounds):
                if not isinstance(node.this, RANGED) or len(node.args["order"].expressions) != 1:
                    refuse("a frame of such a range is for other functions, and for one expression")
        if isinstance(node, exp.Filter):
            refuse("an aggregate has no filter")
        if isinstance(node, exp.Identifier) and node.quoted and PLAIN.fullmatch(node.this):
            refuse(f'"{node.this}" would be a name in small letters')
        if isinstance(node, exp.Anonymous) and node.name.upper() not in KNOWN:
            refuse(f"no function {node.name} is known")
        if isinstance(node, exp.Cast) and node.to.this in TIMES and isinstance(node.this, exp.Literal):
            refuse("a text becomes a time by the format of a session")
        if isinstance(node, exp.DataType) and node.this == exp.DataType.Type.TIMESTAMP:
            refuse("what a timestamp is depends on a session")
        if isinstance(node, (exp.DateTrunc, exp.TimestampTrunc)) and node.text("unit").upper() == "WEEK":
            refuse("when a week begins depends on a session")
        if isinstance(node, (exp.DayOfWeek, exp.Week, exp.WeekOfYear)):
            refuse("the number of a week or weekday depends on a session")
        if isinstance(node, exp.CurrentDate):
            refuse("the current date depends on a session")
    return tree


def day(node):
    """Whether an expression is seen to be a day or time."""
    node = node.unnest()
    if isinstance(node, exp.Cast):
        return node.to.this in TIMES
    return isinstance(node, (exp.DateAdd, exp.TsOrDsToDate, exp.StrToDate, exp.StrToTime, exp.DateTrunc, exp.TimestampTrunc))


def literal(row):
    """Whether all cells of a row that is written out are constants, a floating number among them."""
    inner = lambda cell: cell.this if isinstance(cell, (exp.Neg, exp.Cast)) else cell  # noqa: E731
    return all(isinstance(inner(cell), (exp.Literal, exp.Null, exp.Boolean)) for cell in row.expressions)


def own(node, select):
    """Whether a part of a select belongs to no select within."""
    return node.parent_select is select


def names(select):
    """A name that is not qualified has to mean the column that is read, and not a new one that is called so."""
    new = {
        made.alias.upper()
        for made in select.expressions
        if isinstance(made, exp.Alias) and not (isinstance(made.this, exp.Column) and made.this.name.upper() == made.alias.upper())
    }
    for column in select.find_all(exp.Column):
        if not column.table and column.name.upper() in new and own(column, select):
            refuse(f"{column.name} may mean a new column of that name")


def subqueries(select):
    """A select within an expression reads nothing of the one around it: many of those cannot be evaluated."""
    if not isinstance(select.parent, exp.Subquery) or isinstance(select.parent.parent, (exp.From, exp.Join, exp.CTE)):
        return
    sources = [select.args.get("from_") or select.args.get("from"), *(select.args.get("joins") or [])]
    known = {source.this.alias_or_name.upper() for source in sources if source is not None}
    for column in select.find_all(exp.Column):
        if column.table and column.table.upper() not in known and own(column, select):
            refuse(f"{column.sql()} is of a select around it")


def mend():
    """Makes the emulation do what Snowflake documents."""
    parse, translate = fakesnow.cursor.parse_one, fakesnow.cursor.FakeSnowflakeCursor._transform
    fakesnow.cursor.parse_one = lambda sql: check(parse(sql))

    def translated(cursor, tree, params):
        if not isinstance(tree, exp.Query) and not (isinstance(tree, exp.Create) and tree.kind == "VIEW"):
            return translate(cursor, tree, params)
        tree = mended(tree)
        for step in QUERIES:
            tree = tree.transform(step, copy=False)
        return tree

    fakesnow.cursor.FakeSnowflakeCursor._transform = translated


# Its steps that concern queries, in its order. The others, of which there are many, would go through each query in vain. Left out is
# `numeric_agg_implicit_cast`, by which sums of exact numbers would be floating ones.
QUERIES = [
    transforms.trim_cast_varchar,
    transforms.flatten_value_cast_as_varchar,
    transforms.flatten,
    transforms.regex_replace,
    transforms.regex_substr,
    transforms.values_columns,
    transforms.to_date,
    transforms.timestamp_offsets,
    transforms.to_decimal,
    transforms.to_timestamp,
    transforms.to_variant,
    transforms.timestamp_ntz,
    transforms.float_to_double,
    transforms.integer_precision,
    transforms.dateadd_date_cast,
]


def mended(tree):
    """A query as DuckDB has to be asked."""
    for name in list(tree.find_all(exp.Identifier)):
        if isinstance(name.this, str):
            # DuckDB has other reserved words.
            name.set("this", name.this if name.quoted else name.this.upper())
            name.set("quoted", True)
    # The inner ones first.
    for node in reversed(list(tree.find_all(exp.Collate, exp.ConvertTimezone))):
        if isinstance(node, exp.ConvertTimezone):
            # It is written as an operator that binds tightly.
            node.set("timestamp", exp.paren(node.args["timestamp"]))
        elif node.expression.name == "":
            # An empty collation is none, which is what DuckDB has.
            node.replace(exp.paren(node.this))
    return tree
