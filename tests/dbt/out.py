"""Has dbt build what kpic writes for it, and compares every view with the project's own, cell by cell.

out.py KPIC PROJECT WORK ADAPTER SCHEMAS: the project is copied to WORK, with `data.sql` for its tables if it has one; ADAPTER is `duckdb` or `postgres`. SCHEMAS is
the folder of JSON Schemas that dbt's next engine reads files by.
"""

import decimal
import json
import os
import pathlib
import shutil
import subprocess
import sys

import jsonschema
import yaml

FINE = {"pass", "success", "no-op"}


class DuckDb:
    schema = "main"
    options = []

    def __init__(self, work):
        self.work = work
        self.path = work / "warehouse.duckdb"

    def profile(self):
        settings = {"file_search_path": str(self.work)}
        return {"type": "duckdb", "path": str(self.path), "threads": 2, "settings": settings}

    def run(self, script):
        self.each([script])

    def ask(self, queries):
        return self.each(queries)

    def each(self, queries):
        import duckdb

        with duckdb.connect(str(self.path)) as connection:
            connection.execute(f"set file_search_path = '{self.work}'")
            return [connection.execute(query).fetchall() for query in queries]

    def close(self):
        pass


class Postgres:
    schema = "public"
    options = ["--target", "there"]

    def __init__(self, work):
        sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "engines/drivers"))
        import on_postgres

        self.server = on_postgres.Postgres()

    def profile(self):
        of = {"host": self.server.folder, "port": 5432, "user": "kpic", "password": "", "dbname": "postgres"}
        return {"type": "postgres", **of, "schema": self.schema, "threads": 2}

    def run(self, script):
        self.server.connection.execute(script)

    def ask(self, queries):
        return [self.server.connection.execute(query).fetchall() for query in queries]

    def close(self):
        self.server.close()


def same(one, other):
    number = (int, float, decimal.Decimal)
    if isinstance(one, number) and isinstance(other, number) and not isinstance(one, bool):
        one, other = float(one), float(other)
        return one == other or abs(one - other) <= 1e-12 * max(abs(one), abs(other))
    return type(one) is type(other) and one == other


def check(package, schemas):
    """The files are what dbt's next engine takes, which knows no key that it does not read."""
    files = [("resources", path) for path in sorted((package / "models").glob("*.yml"))]
    for kind, path in [*files, ("project", package / "dbt_project.yml")]:
        schema = json.loads((schemas / kind / "latest.json").read_text())
        validator = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)(schema)
        for error in validator.iter_errors(yaml.safe_load(path.read_text())):
            sys.exit(f"{path}: {list(error.absolute_path)}: {error.message}")


def build(package, work, profile):
    """Has dbt build the package, with all of its tests; gives how many of what there are."""
    name = yaml.safe_load((package / "dbt_project.yml").read_text())["profile"]
    (work / "profiles.yml").write_text(json.dumps({name: {"target": "dev", "outputs": {"dev": profile}}}))
    os.environ.update(DBT_SEND_ANONYMOUS_USAGE_STATS="false", DO_NOT_TRACK="1", DBT_PROFILES_DIR=str(work))
    os.environ.update(DBT_LOG_PATH=str(work / "logs"), DBT_TARGET_PATH=str(work / "target"))
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke(["build", "--quiet", "--project-dir", str(package)])
    if result.exception:
        sys.exit(f"{work.name}: dbt build: {result.exception}")
    counts = {}
    for one in result.result:
        if str(one.status) not in FINE:
            sys.exit(f"{work.name}: {one.node.name}: {one.status}: {one.message}")
        kind = str(getattr(one.node.resource_type, "value", one.node.resource_type))
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def main(kpic, project, work, adapter, schemas):
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(project, work, ignore=shutil.ignore_patterns("build"))
    engine = {"duckdb": DuckDb, "postgres": Postgres}[adapter](work)
    try:
        for arguments in (["build", "--no-docs"], ["build", "--format", "dbt"]):
            subprocess.run([kpic, "-C", str(work), *engine.options, *arguments], check=True, stdout=subprocess.DEVNULL)
        package = work / "build/dbt"
        check(package, schemas)
        if (work / "data.sql").exists():
            engine.run((work / "data.sql").read_text())
        counts = build(package, work, engine.profile())
        engine.run((work / f"build/sql/{adapter}/deploy.sql").read_text())
        views = sorted(path.stem for path in (package / "models/views").glob("*.sql"))
        cells = 0
        for view in views:
            own, other = engine.ask([f"select * from kpi.{view}", f"select * from {engine.schema}_kpi.{view}"])
            own, other = sorted(own, key=str), sorted(other, key=str)
            for one, another in zip(own, other, strict=True):
                if not all(same(*cells) for cells in zip(one, another, strict=True)):
                    sys.exit(f"{work.name}: {view}: kpic has {one}, and dbt {another}")
            cells += sum(map(len, own))
    finally:
        engine.close()
    told = ", ".join(f"{count} of {kind}" for kind, count in sorted(counts.items()))
    print(f"{work.name}: {len(views)} views with {cells} cells are the same in dbt ({told})")
    # All of it is made anew; the largest takes much room.
    shutil.rmtree(work / "target", ignore_errors=True)


if __name__ == "__main__":
    kpic, project, work, adapter, schemas = sys.argv[1:]
    main(str(pathlib.Path(kpic).resolve()), pathlib.Path(project), pathlib.Path(work).resolve(), adapter, pathlib.Path(schemas))
