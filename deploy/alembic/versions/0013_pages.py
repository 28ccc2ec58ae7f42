"""How often facts and slices of a day changed, counted by the database; answered calls by time, and money by day

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# As in schemas/tables/changes.py when this was written; tests hold the two together.
DAYS = {"facts": "day", "slices": "date"}
COLUMNS = {
    "facts": "type, source, day, occurred_at, received_at, agent, identity, line, direction, disposition, talk_s, q850, "
    "sip_status, campaign, customer, amount_minor, currency, data",
    "slices": "date, slice, agent, step, team, cut_off, done, in_slice, target, index, p_below, level, trusted",
}
FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO day_changes AS d (what, day, writer, changes, last)
  {days}
  ON CONFLICT (what, day, writer) DO UPDATE SET changes = d.changes + 1, last = excluded.last WHERE d.last <> excluded.last;
  RETURN NULL;
END $$
"""
ROW = "SELECT DISTINCT TG_TABLE_NAME::text, {day}, pg_backend_pid(), 1, pg_current_xact_id()::text::bigint FROM "


def upgrade() -> None:
    op.create_table(
        "day_changes",
        sa.Column("what", sa.Text, primary_key=True, comment="facts, slices"),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("writer", sa.Integer, primary_key=True, comment="the backend that wrote: nobody waits for anybody"),
        sa.Column(
            "changes", sa.BigInteger, nullable=False, comment="transactions of that backend which changed the day"
        ),
        sa.Column("last", sa.BigInteger, nullable=False, comment="the last of them"),
        comment="written by triggers (migration 0013): what is kept of a day is good while the sum of its changes stands",
    )
    op.create_index(
        "facts_talks",
        "facts",
        ["day", "agent", "occurred_at"],
        postgresql_include=["talk_s", "direction"],
        postgresql_where=sa.text("type = 'srez.call.ended.v1' AND disposition = 'answered'"),
    )
    op.create_index(
        "facts_money",
        "facts",
        ["day", "type"],
        postgresql_where=sa.text(
            "type IN ('srez.invoice.issued.v1', 'srez.payment.received.v1', 'srez.payment.refunded.v1')"
        ),
    )
    for table, day in DAYS.items():
        op.execute(f"INSERT INTO day_changes SELECT DISTINCT '{table}', {day}, 0, 1, 0 FROM {table}")  # noqa: S608
        came = ROW.format(day=day) + "changed"
        moved = ROW.format(day="c.day") + f"(VALUES (OLD.{day}), (NEW.{day})) AS c(day)"
        emptied = ROW.format(day="k.day") + "day_changes k WHERE k.what = TG_TABLE_NAME"
        for name, days in (("came", came), ("changed", moved), ("emptied", emptied)):
            op.execute(FUNCTION.format(name=f"{table}_{name}", days=days))
        for event, rows in (("INSERT", "NEW"), ("DELETE", "OLD")):
            op.execute(
                f"CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table} "
                f"REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {table}_came()"
            )
        op.execute(
            f"CREATE TRIGGER {table}_update AFTER UPDATE OF {COLUMNS[table]} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_changed()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_truncate AFTER TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_emptied()"
        )


def downgrade() -> None:
    for table in DAYS:
        for event in ("insert", "delete", "update", "truncate"):
            op.execute(f"DROP TRIGGER {table}_{event} ON {table}")
        for what in ("came", "changed", "emptied"):
            op.execute(f"DROP FUNCTION {table}_{what}()")
    op.drop_table("day_changes")
    for index in ("facts_talks", "facts_money"):
        op.drop_index(index, table_name="facts")
