"""How often facts and slices of a day changed: the database counts it itself, by triggers, whoever writes.

What somebody keeps of a day is good while the sum of the day's changes stands (services.reads.kept).
"""

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Date, Integer, Text

from schemas.tables.base import metadata

day_changes = sa.Table(
    "day_changes",
    metadata,
    Column("what", Text, primary_key=True, comment="facts, slices"),
    Column("day", Date, primary_key=True),
    Column("writer", Integer, primary_key=True, comment="the backend that wrote: nobody waits for anybody"),
    Column("changes", BigInteger, nullable=False, comment="transactions of that backend which changed the day"),
    Column("last", BigInteger, nullable=False, comment="the last of them"),
    comment="written by triggers (migration 0013): what is kept of a day is good while the sum of its changes stands",
)

COUNTED: Final = {
    "facts": (
        "day",
        "type, source, day, occurred_at, received_at, agent, identity, line, direction, disposition, talk_s, q850, "
        "sip_status, campaign, customer, amount_minor, currency, data",
    ),
    "slices": (
        "date",
        "date, slice, agent, step, team, cut_off, done, in_slice, target, index, p_below, level, trusted",
    ),
}
"""Table → its column of days, and what may be shown of it. Not ``published_at``, which is written for every fact, nor
``late``, which is counted from facts."""

# Once a transaction is enough, since only whole ones are ever seen.
_FUNCTION: Final = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO day_changes AS d (what, day, writer, changes, last)
  {days}
  ON CONFLICT (what, day, writer) DO UPDATE SET changes = d.changes + 1, last = excluded.last WHERE d.last <> excluded.last;
  RETURN NULL;
END $$
"""
_ROW: Final = (
    "SELECT DISTINCT TG_TABLE_NAME::text, {day}, pg_backend_pid(), 1, pg_current_xact_id()::text::bigint FROM "
)


def triggers() -> Iterator[str]:
    """Statements that make them, on tables that exist."""
    for table, (day, columns) in COUNTED.items():
        came = _ROW.format(day=day) + "changed"
        moved = _ROW.format(day="c.day") + f"(VALUES (OLD.{day}), (NEW.{day})) AS c(day)"
        emptied = _ROW.format(day="k.day") + "day_changes k WHERE k.what = TG_TABLE_NAME"
        for name, days in (("came", came), ("changed", moved), ("emptied", emptied)):
            yield _FUNCTION.format(name=f"{table}_{name}", days=days)
        for event, rows in (("INSERT", "NEW"), ("DELETE", "OLD")):
            yield (
                f"CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table} "
                f"REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {table}_came()"
            )
        yield (
            f"CREATE TRIGGER {table}_update AFTER UPDATE OF {columns} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_changed()"
        )
        yield (
            f"CREATE TRIGGER {table}_truncate AFTER TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_emptied()"
        )


for _statement in triggers():
    sa.event.listen(metadata, "after_create", sa.DDL(_statement.replace("%", "%%")))  # type: ignore[no-untyped-call]
