#!/bin/sh
# Builds projects for dbt, has dbt run and test them in DuckDB and PostgreSQL, and compares what it makes with the project's own views.
# `out.sh KPIC FOLDER`; run.sh has installed dbt before.
set -eu

kpic=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dbt=$root/.tools/of-dbt
postgres=$root/.tools/of-dbt-postgres
python=${PYTHON:-python3}
packages() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }

# Beside what is there: an adapter, and clients of the server that need no compiler.
if [ ! -e "$postgres/done" ]; then
  "$python" -m venv "$postgres"
  packages "$dbt" >"$(packages "$postgres")/old.pth"
  "$postgres/bin/python" -m pip install --quiet --no-deps 'dbt-postgres>=1.9,<2' psycopg2-binary psycopg psycopg-binary
  touch "$postgres/done"
fi
schemas=$(packages "$root/.tools/of-dbt12")/dbt/jsonschemas

for project in "$here/out/shop" "$root/specs/cdnow" "$root/specs/flights" ${DBT_ALSO:-}; do
  "$dbt/bin/python" "$here/out.py" "$kpic" "$project" "$folder/$(basename "$project")" duckdb "$schemas"
done
"$postgres/bin/python" "$here/out.py" "$kpic" "$here/out/shop" "$folder/shop-postgres" postgres "$schemas"
