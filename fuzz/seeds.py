#!/usr/bin/env python3
"""Makes fuzz/seeds/ of the example projects, the pages of codes, the cases and the language's page.

A seed's name says where it comes from. Files whose names begin with `found-` are inputs that once did harm; they stay.
Run it from the root of the repository: python3 fuzz/seeds.py
"""

import json
import re
from pathlib import Path

SEEDS = Path("fuzz/seeds")
NEXT_FILE = "\n#--- specs/a.yml\n"
LARGEST = 6000


def blocks(text, info):
    return re.findall(rf"^```{info}\n(.*?)^```$", text, re.M | re.S)


def write(target, name, text):
    if len(text) <= LARGEST:
        (SEEDS / target / name).write_text(text)


def formulas(text):
    for quoted, bare in re.findall(r"formula: *(?:\"((?:[^\"\\]|\\.)+)\"|([a-z][^,}\n\"]+\)))", text):
        yield (quoted or bare).strip()


def main():
    for target in ["formula", "spec", "project", "sql", "render", "template", "name", "import", "import_sql", "import_cube", "import_lookml"]:
        folder = SEEDS / target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if not old.name.startswith("found-"):
                old.unlink()

    pages = sorted(Path("docs/codes").glob("*.md"))
    cases = sorted(path for path in Path("tests/cases").glob("*/*.md"))
    examples = sorted(Path("specs").glob("*/specs/*.yml"))

    for page in pages:
        found = blocks(page.read_text().split("\n## Works")[0], "yaml")
        if found:
            write("spec", page.stem, found[0])
    for case in cases:
        text = case.read_text()
        project = blocks(text, "yaml kpic.yml")
        found = blocks(text, "yaml")
        if project and found:
            write("project", case.stem, project[0] + NEXT_FILE + found[0])
    for example in examples:
        project = (example.parent.parent / "kpic.yml").read_text()
        write("project", f"{example.parent.parent.name}-{example.stem}", project + NEXT_FILE + example.read_text())

    # One formula for each set of words, so that every construct stands in few of them.
    seen = set()
    for path in [Path("docs/language.md"), *pages, *cases, *examples]:
        for formula in formulas(path.read_text()):
            words = frozenset(re.findall(r"[a-z_]{2,}\b(?!\.)|[^\w\s]", re.sub(r"'[^']*'|\b\w+\.|orders|amount", "", formula)))
            if words not in seen and len(seen) < 120:
                seen.add(words)
                write("formula", f"{path.stem}-{len(seen):03}", formula)

    # Choices for made-up projects: ramps, so that each choice comes in another place.
    for step in [1, 3, 7, 11, 29, 53, 101, 211]:
        (SEEDS / "sql" / f"ramp-{step}").write_bytes(bytes((at * step + at * at) % 256 for at in range(160)))

    # Texts with findings at places that ramps choose, among them what no line of a terminal should hold.
    texts = {
        "short": "a: 1\nb: größe → 2\r\n\tc: 3",
        "empty": "",
        "long": "x" * 2000 + "fault" + "数" * 1500,
        "lines": "a\n" * 900,
        "hidden": "a\x1b[2K\0b\u202ec\u2066\r\n::error::d\x9be\u2028",
        "wide": "👩‍👩‍👧 é\u0301 数数数\n" * 40,
    }
    for name, text in texts.items():
        for step in [1, 37]:
            head = bytes((at * step * 7 + step) % 256 for at in range(12))
            (SEEDS / "render" / f"{name}-{step}").write_bytes(head + text.encode())

    for template in sorted([*Path("src/docs/templates").glob("*.j2"), *Path("src/build").glob("**/*.j2")]):
        write("template", template.name.removesuffix(".j2"), template.read_text())
    for page in pages + [Path("docs/guides/templates.md")]:
        for at, template in enumerate(blocks(page.read_text(), "jinja[^\n]*")):
            write("template", f"{page.stem}-{at}", template)
    loops = "{% for a in range(90000) %}{% for b in range(90000) %}{{ a * b }}{% endfor %}{% endfor %}"
    write("template", "loops", loops)
    write("template", "recursion", "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}")
    write("template", "includes-itself", "{% include 'kpi.md.j2' %}")

    names = ["data/a.csv", "data/*/**/b[0-9]?.csv", "../a", "/etc/passwd", "file:///etc/passwd", "file:a", "~/a", "s3://b/a.csv", ".", "..",
             "a/../../b", "a\n::error::b", "a\x1b[2K", "\u202egpj.a", "a b,c:d%0A", "ä/ß", "C:\\a", "//a", "a//b/./c", "*", "**", "[", "?"]
    for at, name in enumerate(names):
        write("name", f"name-{at:02}", name)

    for project in sorted(Path("tests/dbt/projects").iterdir()):
        semantic = json.loads((project / "fixture/semantic_manifest.json").read_text())
        for at, metric in enumerate(semantic["metrics"]):
            # What a metric does not name is as if it were not there.
            few = {key: value for key, value in metric.items() if value}
            models = [{"name": model["name"], "node_relation": model["node_relation"], "defaults": model["defaults"],
                       "dimensions": model["dimensions"][:2], "measures": model["measures"][:2]} for model in semantic["semantic_models"][:1]]
            if at % 8 == 0:
                write("import", f"{project.name}-{at:02}", json.dumps({"semantic_models": models, "metrics": [few]}))
    filters = ["{{ Dimension('order__status') }} = 'paid'", "{{ TimeDimension('metric_time', 'month') }} >= '2024-02-01'",
               "{{ Entity('customer') }} is not null and not {{ Dimension('order__status') }} in ('a', 'b')",
               "{% for x in range(9) %}a{% endfor %}", "{{ Metric('one', ['order']) }} > 5", "{{ Dimension('a__b__c', entity_path=['d']) }}",
               "{{ Dimension('order__at').grain('week') }} between '2024-01-01' and '2024-02-01'"]
    values = ["amount", "1", "case when status = 'paid' then amount end", "amount * quantity / 2", "coalesce(amount, 0) - nullif(tax, 0)",
              "one / nullif(one, 0)", "cast(amount as double)", "upper(status) || '!'", "amount); drop table orders; --", "\"odd name\"",
              "'it''s' = status", "((((((((((1))))))))))", "case when a then b end end", "- - -1", "current_date"]
    for at, value in enumerate(values):
        write("import", f"metric-{at:02}", value + "\n" + filters[at % len(filters)])

    # The SELECTs of the tests, whole and cut.
    for name in ["sql", "sql_odd"]:
        text = Path(f"tests/imports/{name}.rs").read_text()
        for at, select in enumerate(re.findall(r'"((?:with|select|create) [^"]*)"', text)):
            select = select.replace("{month}", "date_trunc('month', t) as m").replace("{own}", "date_trunc('month', x.t) as m")
            write("import_sql", f"{name}-{at:02}", select)
            if at % 5 == 0:
                write("import_sql", f"{name}-{at:02}-cut", select[: len(select) * 2 // 3])

    # The data models of the tests, whole, cut, and with each of the measures that are not carried.
    text = Path("tests/imports/cube.rs").read_text()
    shop = re.search(r'SHOP: &str = r#"(.*?)"#', text, re.S).group(1)
    for at in range(1, 9):
        write("import_cube", f"shop-{at}", shop[: len(shop) * at // 8])
    model = re.search(r'format!\(\s*"(cubes:.*?)"\s*\)', text, re.S).group(1)
    model = model.replace("{{", "{").replace("}}", "}").replace('\\"', '"')
    measures = re.findall(r'\(\s*"(\{ name: m, .*?)",\s*\d', text)
    for at, measure in enumerate(measures):
        write("import_cube", f"measure-{at:02}", model.replace("{measure}", measure.replace('\\"', '"')))

    # The same of LookML.
    text = Path("tests/imports/lookml.rs").read_text()
    shop = "".join(re.search(name + r': &str = r#"(.*?)"#', text, re.S).group(1) for name in ["ORDERS", "MODEL"])
    for at in range(1, 9):
        write("import_lookml", f"shop-{at}", shop[: len(shop) * at // 8])
    model = re.search(r'format!\(\s*"(view: a .*?\n)"\s*\)', text, re.S).group(1).replace("{{", "{").replace("}}", "}")
    measures = re.findall(r'\(\s*"(type: .*?)",\s*\d', text)
    for at, measure in enumerate(measures):
        write("import_lookml", f"measure-{at:02}", model.replace("{measure}", measure.replace('\\"', '"')))


if __name__ == "__main__":
    main()
