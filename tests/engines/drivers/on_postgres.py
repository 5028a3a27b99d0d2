"""PostgreSQL: a cluster of its own in a temporary folder, behind a socket, gone afterwards."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import time

import protocol
import psycopg

TYPES = {
    "integer": "bigint",
    "decimal": "numeric({}, {})",
    "double": "double precision",
    "text": "text",
    "date": "date",
    "timestamp": "timestamp",
    "instant": "timestamptz",
    "boolean": "boolean",
}
# Nothing here has to outlive a crash.
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=4GB", "autovacuum=off", "jit=off"]


def programs():
    """The folder of the newest server."""
    named = os.environ.get("KPIC_POSTGRES")
    found = [named] if named else glob.glob("/usr/lib/postgresql/*/bin") + [os.path.dirname(shutil.which("postgres") or "")]
    found = [folder for folder in found if os.path.exists(os.path.join(folder, "initdb"))]
    if not found:
        raise FileNotFoundError("there is no `initdb`: install PostgreSQL, or name its folder of programs in KPIC_POSTGRES")
    number = lambda folder: [int(part) for part in folder.split("/") if part.isdigit()]  # noqa: E731
    return max(found, key=number)


class Postgres:
    # What the server is started with beside what makes it fast.
    settings = []

    def __init__(self):
        folder = programs()
        self.folder = protocol.temporary("postgres")
        # The server refuses to run as root.
        as_user = {}
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        data = os.path.join(self.folder, "data")
        make = [f"{folder}/initdb", "-D", data, "-A", "trust", "-U", "kpic", "--no-sync", "--locale=C", "-E", "UTF8"]
        made = subprocess.run(make, cwd=self.folder, capture_output=True, text=True, **as_user)
        if made.returncode:
            raise RuntimeError(made.stderr)
        start = [f"{folder}/postgres", "-D", data, "-k", self.folder, "-c", "listen_addresses=", "-c", "TimeZone=UTC"]
        start += [word for setting in FAST + self.settings for word in ("-c", setting)]
        self.log = open(os.path.join(self.folder, "log"), "w")
        self.server = subprocess.Popen(
            start, cwd=self.folder, stdout=self.log, stderr=self.log, preexec_fn=protocol.child(signal.SIGQUIT), **as_user
        )
        for _ in range(600):
            try:
                self.connection = psycopg.connect(host=self.folder, user="kpic", dbname="postgres", autocommit=True)
                break
            except psycopg.OperationalError:
                if self.server.poll() is not None:
                    raise RuntimeError(open(self.log.name).read()) from None
                time.sleep(0.05)
        else:
            raise TimeoutError("the server does not answer")
        self.execute("set client_min_messages = warning")

    def close(self):
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(10)

    def version(self):
        return self.ask("show server_version")[1][0][0]

    def table(self, name, columns, rows):
        if len(name) > 1:
            self.execute(f"create schema if not exists {protocol.quoted(name[:-1])}")
        table = protocol.quoted(name)
        list_ = ", ".join(f"{protocol.quoted([column])} {protocol.sql_type(kind, TYPES)}" for column, kind in columns)
        self.execute(f"drop table if exists {table} cascade; create table {table} ({list_})")
        instants = [at for at, (_, kind) in enumerate(columns) if kind == "instant"]
        for row in rows if instants else []:
            for at in instants:
                row[at] = row[at] and row[at] + "+00"
        if rows:
            with self.connection.cursor().copy(f"copy {table} from stdin") as copy:
                copy.write(protocol.tabbed(rows))

    def run(self, sql):
        self.execute(sql)

    def query(self, sql):
        return self.ask(sql)

    def execute(self, sql):
        self.connection.execute(sql)

    def ask(self, sql):
        cursor = self.connection.execute(sql)
        return [column.name for column in cursor.description], cursor.fetchall()

    def reset(self):
        own = "nspname not like 'pg\\_%' and nspname <> 'information_schema'"
        for (name,) in self.ask(f"select nspname from pg_namespace where {own}")[1]:
            self.execute(f"drop schema {protocol.quoted([name])} cascade")
        self.execute("create schema public; reset all; set client_min_messages = warning")

    def set(self, name, value):
        self.connection.execute("select set_config(%s, %s, false)", (name, value))


if __name__ == "__main__":
    protocol.serve(Postgres)
