"""Forecasts of fixed random series by statsmodels and SciPy, for tests/forecast.rs to compare kpic's own with.

Run by `make test-forecast`; writes reference.json beside itself. Nothing here is taken from kpic: the recursion and what it forecasts are those
of statsmodels' Holt, the start is NumPy's line of least squares, and the distribution is SciPy's.
"""

import json
import pathlib

import numpy
from scipy import stats
from statsmodels.tsa.holtwinters import Holt

GRID = [(damping, level / 10, trend / 10) for damping in (0.8, 0.9, 0.95, 0.98) for level in range(1, 11) for trend in range(11)]
FIRST_ORIGIN, START, WITHIN = 4, 8, 0.8


def holt(values, weights, horizon):
    damping, level, trend = weights
    first = values[:START]
    slope, intercept = numpy.polyfit(numpy.arange(1, len(first) + 1), first, 1)
    model = Holt(numpy.array(values), damped_trend=True, initialization_method="known", initial_level=intercept, initial_trend=slope)
    fit = model.fit(smoothing_level=level, smoothing_trend=trend, damping_trend=damping, optimized=False)
    return fit.sse, [float(value) for value in fit.forecast(horizon)]


def damped(values, horizon):
    return min((holt(values, weights, horizon) for weights in GRID), key=lambda found: found[0])[1]


def seasonal(values, season, horizon):
    return [values[len(values) - season + step % season] for step in range(horizon)]


def errors(values, path, first, horizon):
    found = [[] for _ in range(horizon)]
    for origin in range(first, len(values)):
        said = path(values[:origin], min(horizon, len(values) - origin))
        for step, (came, value) in enumerate(zip(values[origin:], said)):
            found[step].append(came - value)
    return found


def expected(values, season, horizon):
    methods = {"damped trend": damped, "last value": lambda before, steps: seasonal(before, 1, steps)}
    first = {"damped trend": FIRST_ORIGIN, "last value": FIRST_ORIGIN}
    if season >= 2 and len(values) >= 2 * season:
        methods["seasonal naive"] = lambda before, steps: seasonal(before, season, steps)
        first["seasonal naive"] = max(season, FIRST_ORIGIN)
    last = max(first.values())
    tried = {name: numpy.mean(numpy.abs(sum(errors(values, path, last, horizon), []))) for name, path in methods.items()}
    method = min(tried, key=lambda name: tried[name])
    at = errors(values, methods[method], first[method], horizon)[-1]
    found = {"method": method, "value": methods[method](values, horizon)[-1], "errors": len(at)}
    found["error"] = float(numpy.mean(numpy.abs(at))) if at else None
    enough = len(at) >= 4
    size = float(numpy.sqrt(numpy.mean(numpy.square(at)))) if enough else None
    found["margin"] = size * float(stats.t.ppf((1 + WITHIN) / 2, len(at))) if enough else None
    found["target"] = float(values[-1] * 1.05)
    found["chance"] = float(numpy.clip(stats.t.cdf((found["value"] - found["target"]) / size, len(at)), 0.01, 0.99)) if enough else None
    return found


def main():
    random = numpy.random.default_rng(20261201)
    cases = []
    for count, season, horizon, slope, swing, noise in [
        (8, 12, 1, 5, 0, 3),
        (10, 12, 4, -4, 0, 6),
        (16, 4, 3, 1, 40, 4),
        (20, 4, 2, 8, 10, 5),
        (24, 12, 6, 0, 0, 10),
        (30, 12, 6, 1, 60, 5),
        (28, 7, 5, -2, 30, 8),
    ]:
        at = numpy.arange(count)
        values = 200 + slope * at + swing * numpy.sin(2 * numpy.pi * at / season) + random.normal(0, noise, count)
        values = [round(float(value), 3) for value in values]
        cases.append({"values": values, "season": season, "horizon": horizon, **expected(values, season, horizon)})
    weights = (0.9, 0.3, 0.2)
    series = cases[3]["values"]
    steps = holt(series, weights, 6)
    recursion = {"values": series, "damping": weights[0], "level": weights[1], "trend": weights[2], "squares": float(steps[0]), "ahead": steps[1]}
    out = pathlib.Path(__file__).with_name("reference.json")
    out.write_text(json.dumps({"recursion": recursion, "cases": cases}, indent=1) + "\n")


main()
