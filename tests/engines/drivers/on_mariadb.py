"""MariaDB: a server of its own in a temporary folder, behind a socket, gone afterwards.

Texts have the collation that a server has by default, which ignores case and trailing blanks. An instant is its reading in UTC.
"""

import getpass
import os
import signal
import subprocess
import time

import protocol
import pymysql

TYPES = {
    "integer": "bigint",
    "decimal": "decimal({}, {})",
    "double": "double",
    "text": "text",
    "date": "date",
    "timestamp": "datetime(6)",
    "instant": "datetime(6)",
    "boolean": "boolean",
}
OWN = ("mysql", "information_schema", "performance_schema", "sys")


class MariaDb:
    def __init__(self):
        self.folder = protocol.temporary("mariadb")
        data, socket = f"{self.folder}/data", f"{self.folder}/s"
        path = {**os.environ, "PATH": f"/usr/sbin:{os.environ.get('PATH', '')}"}
        common = ["--no-defaults", f"--datadir={data}", f"--user={getpass.getuser()}"]
        make = ["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
        made = subprocess.run(make, capture_output=True, text=True, env=path)
        if made.returncode:
            raise RuntimeError(made.stdout + made.stderr)
        start = ["mariadbd", *common, f"--socket={socket}", "--skip-networking", "--secure-file-priv=", f"--pid-file={data}/pid"]
        start += ["--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4", "--default-time-zone=+00:00"]
        # Tables of tests have no indexes.
        start += ["--join-cache-level=8", "--join-buffer-size=64M", "--join-buffer-space-limit=256M"]
        self.log = open(f"{self.folder}/log", "w")
        self.server = subprocess.Popen(
            start, stdout=self.log, stderr=self.log, env=path, preexec_fn=protocol.child(signal.SIGKILL)
        )
        for _ in range(600):
            try:
                self.connection = pymysql.connect(unix_socket=socket, user="root", autocommit=True, charset="utf8mb4")
                break
            except pymysql.OperationalError:
                if self.server.poll() is not None:
                    raise RuntimeError(open(self.log.name).read()) from None
                time.sleep(0.05)
        else:
            raise TimeoutError("the server does not answer")
        self.changed = set()
        self.run("create database main")
        self.run("use main")

    def close(self):
        self.server.kill()
        self.server.wait(10)

    def version(self):
        return self.query("select version()")[1][0][0]

    def table(self, name, columns, rows):
        if len(name) > 1:
            self.run(f"create database if not exists {protocol.quoted(name[:-1], '`')}")
        table = protocol.quoted(name, "`")
        list_ = ", ".join(f"{protocol.quoted([column], '`')} {protocol.sql_type(kind, TYPES)}" for column, kind in columns)
        self.run(f"drop table if exists {table}")
        self.run(f"create table {table} ({list_})")
        booleans = {at for at, (_, kind) in enumerate(columns) if kind == "boolean"}
        truth = {"true": "1", "false": "0", None: None}
        rows = protocol.only_finite(columns, rows)
        if booleans:
            rows = [[truth[text] if at in booleans else text for at, text in enumerate(row)] for row in rows]
        if rows:
            path = f"{self.folder}/load"
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write(protocol.tabbed(rows))
            self.run(f"load data infile '{path}' into table {table} character set utf8mb4")

    def run(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)

    def query(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return [column[0] for column in cursor.description], cursor.fetchall()

    def reset(self):
        for name in self.changed:
            self.run(f"set {name} = default")
        self.changed.clear()
        for (name,) in self.query("show databases")[1]:
            if name not in OWN:
                self.run(f"drop database {protocol.quoted([name], '`')}")
        self.run("create database main")
        self.run("use main")

    def set(self, name, value):
        self.changed.add(name)
        self.run(f"set {name} = {value if value.isdigit() else self.connection.escape(value)}")


protocol.serve(MariaDb)
