"""Trino's SQL, parsed only: a statement is refused if it is no SQL of Trino's, or calls a function that Trino has not."""

import protocol
import trino_sql_validator


class Trino:
    tier = "parsed"

    def version(self):
        return f"parsed by trino-sql-validator {trino_sql_validator.__version__}"

    def table(self, name, columns, rows):
        """There are no tables here, and nothing looks for them."""

    def run(self, sql):
        found = trino_sql_validator.validate(sql)
        if not found.valid:
            raise ValueError(str(found.error))
        for warning in found.warnings:
            raise ValueError(str(warning))

    def query(self, sql):
        self.run(sql)
        return [], []

    def reset(self):
        """Nothing is kept."""

    def set(self, name, value):
        """There is no session."""


protocol.serve(Trino)
