"""Writes tests/cases/language/unusual-reference.md: what is unusual in fixed random series, by a chart of process behaviour worked out with
Python's own statistics and fractions. Run by `make test-unusual`. Nothing here is taken from kpic: the chart is that of the books, with an
exact mean, and the days are looked up by their dates.
"""

import datetime
import pathlib
import random
from fractions import Fraction
from statistics import mean

FIRST, DAYS = datetime.date(2024, 1, 1), 150
HEAD = """# What is unusual in random series, worked out by Python

Written by `tests/unusual/reference.py`, which `make test-unusual` runs; not to be changed by hand.

"""


def series(seed):
    chance = random.Random(seed)
    noise = [chance.gauss(100, 10) for _ in range(DAYS)]
    shifted = [chance.gauss(50, 4) + (7 if 60 <= day < 90 else 0) for day in range(DAYS)]
    weekly = [chance.gauss(20, 2) + (60 if day % 7 < 5 else 0) + (25 if day in (100, 111) else 0) for day in range(DAYS)]
    drifting = [chance.gauss(0, 3) - day / 4 for day in range(DAYS)]
    return {
        name: [Fraction(round(value * 100), 100) for value in values]
        for name, values in {"noise": noise, "shifted": shifted, "weekly": weekly, "drifting": drifting}.items()
    }


def judged(values, count, step):
    """The days that are unusual, with their limits; `step` days lie between those that are compared."""
    for day in range(count * step, DAYS):
        before = [values[day - back * step] for back in range(count, 0, -1)]
        centre = mean(before)
        width = Fraction(266, 100) * mean(abs(later - earlier) for earlier, later in zip(before, before[1:]))
        last_eight = [values[day - back * step] for back in range(8)]
        assert abs(abs(values[day] - centre) - width) > Fraction(1, 10**6), "too close to a limit to be told by every engine"
        outside = not centre - width <= values[day] <= centre + width
        run = all(value > centre for value in last_eight) or all(value < centre for value in last_eight)
        if outside or run:
            yield day, centre - width, centre + width


def main():
    found = series(18)
    lengths = [(12, "days", 1), (8, "weeks", 7)]
    guards, expected = [], []
    for name, values in found.items():
        for count, unit, step in lengths:
            guard = f"{name}_{count}_{unit}"
            guards.append(f'  {guard}: {{ when: "unusual({name}, {count} {unit})", grain: day }}')
            expected.append(f"        - guardrail: {guard}")
            fires = list(judged(values, count, step))
            expected.append("          fires:" if fires else "          fires: []")
            for day, low, high in fires:
                at = FIRST + datetime.timedelta(days=day)
                figures = f'"{name}, usual from ({count} {unit})": {float(low):.6f}, "{name}, usual to ({count} {unit})": {float(high):.6f}'
                expected.append(f"            - {{ period: {at}, figures: {{ {name}: {float(values[day]):.2f}, {figures} }} }}")
    columns = "".join(f", {name}: decimal" for name in found)
    lines = ["```yaml kpic.yml", "kpic: 1", "project: cases", "calendar: { start: 2024-01-01, as_of: 2024-07-20 }", "```", ""]
    lines += ["## Four series, each by two lengths", "", "```yaml", "sources:"]
    lines += [f"  sales: {{ table: sales, kind: events, time: day, columns: {{ day: date{columns} }} }}", "kpis:"]
    lines += [f"  {name}: {{ formula: sum(sales.{name}) }}" for name in found]
    lines += ["guardrails:", *guards, "tests:", "  a_hundred_and_fifty_days:"]
    lines += [f"    as_of: {FIRST + datetime.timedelta(days=DAYS - 1)}", "    given:", "      sales:"]
    for day in range(DAYS):
        figures = "".join(f", {name}: {float(values[day]):.2f}" for name, values in found.items())
        lines.append(f"        - {{ day: {FIRST + datetime.timedelta(days=day)}{figures} }}")
    lines += ["    expect:", "      guardrails:", *expected, "```", ""]
    path = pathlib.Path(__file__).parent.parent / "cases" / "language" / "unusual-reference.md"
    path.write_text(HEAD + "\n".join(lines))


main()
