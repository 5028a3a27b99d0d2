"""Redshift, emulated on PostgreSQL: what both know, and functions of Redshift's own as it documents them.

PostgreSQL takes more than Redshift does: `redshift_rules.py` refuses what Redshift does not document, and writes for PostgreSQL what only Redshift reads.
"""

import protocol
import redshift_rules as rules
from on_postgres import Postgres

# As Redshift documents them, among the functions of the server, so that a session cannot have others. `lower` and `upper` know all letters there.
FUNCTIONS = """
create function pg_catalog.dateadd(part text, count bigint, at timestamp) returns timestamp language sql immutable as $$
  select case part when 'day' then at + count * interval '1 day' when 'month' then at + count * interval '1 month'
    when 'second' then at + count * interval '1 second' when 'microsecond' then at + count * interval '1 microsecond' end $$;
create function pg_catalog.dateadd(part text, count bigint, at date) returns timestamp language sql immutable as $$
  select pg_catalog.dateadd(part, count, cast(at as timestamp)) $$;
create function pg_catalog.datediff(part text, of timestamp, until timestamp) returns bigint language sql immutable as $$
  select case part when 'day' then cast(cast(until as date) - cast(of as date) as bigint)
    when 'microsecond' then cast(extract(epoch from until - of) * 1000000 as bigint) end $$;
create function pg_catalog.datediff(part text, of date, until date) returns bigint language sql immutable as $$
  select case part when 'day' then cast(until - of as bigint) end $$;
create function pg_catalog.getdate() returns timestamp language sql stable as 'select localtimestamp';
create function pg_catalog."collate"(of text, name text) returns text language sql immutable as 'select of';
alter function pg_catalog.lower(text) rename to lower_of_c;
alter function pg_catalog.upper(text) rename to upper_of_c;
create function pg_catalog.lower(of text) returns text language sql immutable as 'select pg_catalog.lower_of_c(of collate "und-x-icu")';
create function pg_catalog.upper(of text) returns text language sql immutable as 'select pg_catalog.upper_of_c(of collate "und-x-icu")';
"""


class Redshift(Postgres):
    tier = "emulated"
    # Functions may be added to those of the server. Parts that are joined would be worked out once for each row of the other side: PostgreSQL takes them
    # for small, and nothing that Redshift knows tells it otherwise.
    settings = ["allow_system_table_mods=on", "enable_nestloop=off"]

    def __init__(self):
        super().__init__()
        self.execute(FUNCTIONS)

    def version(self):
        return f"PostgreSQL {super().version()}"

    def table(self, name, columns, rows):
        super().table([rules.short(part) for part in name], [(rules.short(column), kind) for column, kind in columns], rows)

    def run(self, sql):
        self.execute(rules.of_postgres(sql))

    def query(self, sql):
        columns, rows = self.ask(rules.of_postgres(sql))
        return [rules.SHORT.get(column, column) for column in columns], rows


protocol.serve(Redshift)
