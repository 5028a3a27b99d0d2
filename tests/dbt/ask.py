"""Runs a dbt project through dbt and MetricFlow: tables, artifacts, and what MetricFlow answers to each of its queries.

ask.py PROJECT WORK writes the project's database and artifacts below WORK, and what tests need of them below WORK/fixture.
"""

import datetime
import decimal
import json
import logging
import os
import pathlib
import shutil
import sys


def plain(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(sep=" ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def questions(queries):
    """One metric at a time, so that no other metric's rows are among the answer's."""
    for query in queries:
        for metric in query["metrics"]:
            for grain in query["grains"]:
                yield {"metric": metric, "grain": grain, "by": list(query.get("by", {}))}


def main(project, work):
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(project, work, ignore=shutil.ignore_patterns("fixture", "specs", "report.md"))
    os.chdir(work)
    profile = "kpic: { target: dev, outputs: { dev: { type: duckdb, path: shop.duckdb, threads: 1 } } }\n"
    pathlib.Path("profiles.yml").write_text(profile)
    os.environ.update(DBT_SEND_ANONYMOUS_USAGE_STATS="false", DO_NOT_TRACK="1", DBT_PROFILES_DIR=str(work))

    from dbt.cli.main import dbtRunner

    for command in (["seed"], ["run"], ["docs", "generate"], ["parse"]):
        result = dbtRunner().invoke([*command, "--quiet"])
        if not result.success:
            sys.exit(f"{project.name}: dbt {' '.join(command)} failed: {result.exception}")

    from dbt_metricflow.cli.cli_configuration import CLIConfiguration
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    logging.disable(logging.CRITICAL)
    config = CLIConfiguration()
    config.setup(dbt_profiles_path=work, dbt_project_path=work, configure_file_logging=False)
    answers = []
    for question in questions(json.loads(pathlib.Path("queries.json").read_text())["queries"]):
        names = [f"metric_time__{question['grain']}", *question["by"]]
        try:
            request = MetricFlowQueryRequest.create(metric_names=[question["metric"]], group_by_names=names)
            table = config.mf.query(request).result_df
            columns = list(table.column_names)
            rows = sorted((list(map(plain, row)) for row in table.rows), key=str)
            answers.append({**question, "columns": columns, "rows": rows})
        except Exception as error:  # noqa: BLE001: whatever MetricFlow refuses is an answer
            answers.append({**question, "refused": str(error).strip().splitlines()[0]})
    fixture(pathlib.Path("target"), answers)


def fixture(target, answers):
    """What `make test` needs of all this: the artifacts without what kpic does not read, and the answers."""
    folder = pathlib.Path("fixture")
    folder.mkdir()
    manifest = json.loads((target / "manifest.json").read_text())
    kept = {"metadata": {key: manifest["metadata"][key] for key in METADATA}}
    kept["groups"] = manifest["groups"]
    kept["nodes"] = {id: {key: node.get(key) for key in NODE} for id, node in manifest["nodes"].items()}
    for kind in ("metrics", "semantic_models", "saved_queries"):
        kept[kind] = {id: {key: one.get(key) for key in PLACED} for id, one in manifest[kind].items()}
    catalog = json.loads((target / "catalog.json").read_text())
    nodes = {id: {"columns": node["columns"]} for id, node in catalog["nodes"].items()}
    catalog = {"metadata": {"dbt_schema_version": catalog["metadata"]["dbt_schema_version"]}, "nodes": nodes}
    semantic = json.loads((target / "semantic_manifest.json").read_text())
    for name, content in (("manifest", kept), ("catalog", catalog), ("semantic_manifest", semantic)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    lines = [json.dumps(answer) for answer in answers]
    (folder / "answers.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


METADATA = ["dbt_schema_version", "dbt_version", "project_name", "adapter_type"]
NODE = ["resource_type", "alias", "name", "schema", "description", "columns", "test_metadata", "attached_node", "column_name", "config"]
PLACED = ["name", "original_file_path", "group", "config"]


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
