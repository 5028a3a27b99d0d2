#!/bin/sh
# Installs dbt and MetricFlow into .tools/of-dbt, and puts what they say of each project below a folder.
# `run.sh FOLDER [PROJECT...]`
#
# dbt-core 1.12 asks for a parser that PyPI builds from another site. It is not needed here, so 1.12 is installed beside what 1.11 needs: most
# projects are asked of 1.11, and those in the newer form of metrics, which have a file `newer`, of 1.12.
set -eu

folder=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
tools=$(cd "$here/../.." && pwd)/.tools
old=$tools/of-dbt
new=$tools/of-dbt12
python=${PYTHON:-python3}

if [ ! -x "$old/bin/mf" ]; then
  "$python" -m venv "$old"
  "$old/bin/pip" install --quiet 'dbt-core>=1.11,<1.12' 'dbt-metricflow[dbt-duckdb]==0.15.0' 'duckdb>=1.5,<1.6'
fi
if [ ! -e "$new/done" ]; then
  "$python" -m venv "$new"
  "$old/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$("$new/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/old.pth"
  "$new/bin/pip" install --quiet --no-deps 'dbt-core>=1.12,<1.13' python-dotenv
  touch "$new/done"
fi

[ $# -gt 0 ] || set -- $(ls "$here/projects")
for project; do
  if [ -e "$here/projects/$project/newer" ]; then of=$new; else of=$old; fi
  "$of/bin/python" "$here/ask.py" "$here/projects/$project" "$folder/$project"
done
