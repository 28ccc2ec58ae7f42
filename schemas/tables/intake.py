"""Webhooks, facts and what is made of them; ingest writes them."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Index, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID

from schemas.tables.base import Instant, metadata

floors = sa.Table(
    "floors",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=True),
    Column("applied_at", Instant, nullable=False),
    Column("text", Text, nullable=False, comment="the floor file as it was applied"),
    Column("hash", BYTEA, nullable=False),
)

journal = sa.Table(
    "journal",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False, comment="what follows /hooks/{source}, without secrets"),
    Column("query", Text, nullable=False),
    Column("headers", JSONB, nullable=False, comment="lower-case names; authorization and tokens removed"),
    Column("body", BYTEA, nullable=False, comment="raw body, provider's token fields removed"),
    Column("body_hash", BYTEA, nullable=False, comment="sha256 of the body as received"),
    Column("state", Text, nullable=False, server_default="new", comment="new, parsed, ignored, rejected"),
    Column("reason", Text, comment="closed word: why rejected or ignored"),
    Column("detail", Text, comment="what was wrong, for people; no personal data"),
    Column("facts", Integer, nullable=False, server_default="0"),
    Column("parsed_at", Instant),
    Index("journal_backlog", "id", postgresql_where=text("state = 'new'")),
    Index("journal_source_received", "source", "received_at"),
    Index("journal_rejected", "received_at", postgresql_where=text("state = 'rejected'")),
)

facts = sa.Table(
    "facts",
    metadata,
    Column("event_id", UUID(as_uuid=False), primary_key=True),
    Column("type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("occurred_at", Instant, nullable=False, comment="CloudEvents time, clamped to received_at + 60 s"),
    Column("received_at", Instant, nullable=False, comment="of the first delivery that said this"),
    Column("agent", Text),
    Column("identity", Text),
    Column("line", Text, nullable=False, comment="of a call: trunk or number; else the source"),
    Column("key_hash", Integer, nullable=False, comment="schemas.topics.key_hash of the fact's key"),
    # calls, for counting by SQL
    Column("direction", Text),
    Column("disposition", Text),
    Column("talk_s", Float),
    Column("q850", Integer),
    Column("sip_status", Integer),
    Column("campaign", Text),
    Column("customer", Text),
    # money
    Column("amount_minor", BigInteger),
    Column("currency", Text),
    Column("data", JSONB, nullable=False, comment="schemas.facts data, whole"),
    Column("content_hash", BYTEA, nullable=False),
    Column("revision", SmallInteger, nullable=False, server_default="0"),
    Column("clamped", Boolean, nullable=False, server_default="false"),
    Column("journal_id", BigInteger),
    Column("published_at", Instant),
    Index("facts_day_agent", "day", "agent"),
    Index("facts_results", "day", "agent", postgresql_where=text("type <> 'srez.call.ended.v1'")),
    Index(
        "facts_money",
        "day",
        "type",
        postgresql_where=text(
            "type IN ('srez.invoice.issued.v1', 'srez.payment.received.v1', 'srez.payment.refunded.v1')"
        ),
    ),
    Index(
        "facts_talks",
        "day",
        "agent",
        "occurred_at",
        postgresql_include=["talk_s", "direction"],
        postgresql_where=text("type = 'srez.call.ended.v1' AND disposition = 'answered'"),
    ),
    Index("facts_line_occurred", "line", "occurred_at"),
    Index("facts_source_received", "source", "received_at"),
    Index("facts_unpublished", "event_id", postgresql_where=text("published_at IS NULL")),
    Index("facts_unattributed", "source", "identity", postgresql_where=text("agent IS NULL")),
    Index(
        "facts_call",
        text("(data ->> 'call_id')"),
        postgresql_where=text("type IN ('srez.call.ended.v1', 'srez.call.transcribed.v1', 'srez.call.scored.v1')"),
    ),
)

dirty = sa.Table(
    "dirty",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("agent", Text, nullable=False),
    Column("day", Date, nullable=False),
    comment="agent-days whose stored facts changed; a row lives until its Dirty message is acknowledged by the broker",
)

fact_revisions = sa.Table(
    "fact_revisions",
    metadata,
    Column("event_id", UUID(as_uuid=False), primary_key=True),
    Column("revision", SmallInteger, primary_key=True, comment="number of the content that was replaced"),
    Column("replaced_at", Instant, nullable=False),
    Column("data", JSONB, nullable=False),
)

legs = sa.Table(
    "legs",
    metadata,
    Column("source", Text, primary_key=True),
    Column("call", Text, primary_key=True, comment="whole-call id"),
    Column("leg", Text, primary_key=True),
    Column("data", JSONB, nullable=False, comment="the leg as its provider's parser wrote it"),
    Column("received_at", Instant, nullable=False),
)

readbacks = sa.Table(
    "readbacks",
    metadata,
    Column("source", Text, primary_key=True),
    Column("kind", Text, primary_key=True, comment="the provider's own word: deal, payment…"),
    Column("id", Text, primary_key=True),
    Column("asked", Integer, nullable=False, server_default="1", comment="grows when it is asked for again meanwhile"),
    Column("since", Instant, nullable=False, comment="real time of the asking that still waits"),
    Column("next_at", Instant, nullable=False, comment="real time; a claimed row is leased by moving it"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("problem", Text, comment="why it was not read yet; no credentials, no personal data"),
    Column("given_up", Boolean, nullable=False, server_default="false"),
    Index("readbacks_due", "next_at", postgresql_where=text("NOT given_up")),
    comment="objects that thin events name, to be read back from their provider; a row lives until its answer is journaled",
)

refusals = sa.Table(
    "refusals",
    metadata,
    Column("source", Text, primary_key=True),
    Column("outcome", Text, primary_key=True, comment="unauthorized, method, too_large, rate, misconfigured"),
    Column("reason", Text, primary_key=True, comment="closed word where the outcome has one, else empty"),
    Column("span", Instant, primary_key=True, comment="start of the quarter of an hour"),
    Column("count", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("why", Text, nullable=False, comment="for people; nothing of the request"),
    comment="webhooks of known sources that were turned away before the journal; nothing of them is kept",
)

source_problems = sa.Table(
    "source_problems",
    metadata,
    Column("source", Text, primary_key=True),
    Column("word", Text, nullable=False, comment="unknown_provider, not_set, not_given, none_given"),
    Column("names", sa.ARRAY(Text), nullable=False, comment="what is missing: variables, or secrets"),
    Column("since", Instant, nullable=False),
    comment="sources that accept nothing now, as ingest last started or read the floor file; mended: the row is gone",
)

replays = sa.Table(
    "replays",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("rows", Integer, nullable=False, server_default="0"),
    comment="`srez journal replay` in progress keeps slices untrusted (DOMAIN §5 d)",
)

commands = sa.Table(
    "commands",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False, comment="replay, assign, score, dispute, settle"),
    Column("arguments", JSONB, nullable=False, comment="schemas.commands"),
    Column("requested_at", Instant, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("done_at", Instant),
    Column("outcome", JSONB, comment="schemas.commands: what became of it; before done_at: how far it is"),
    Column("problem", Text, comment="closed word: why it could not be done"),
    Index("commands_open", "id", postgresql_where=text("done_at IS NULL")),
    comment="what the board asks of ingest; executed once",
)

readings = sa.Table(
    "readings",
    metadata,
    Column("event_id", UUID(as_uuid=False), primary_key=True, comment="of the transcript's fact"),
    Column("made_at", Instant, comment="null: still to be read, or to be read again"),
    Column("card", Text, comment="form it was read by; kept when it is read again"),
    Column("card_version", Integer),
    Column("marks", JSONB, nullable=False, server_default="{}", comment="item → 1, or null: not seen"),
    Column("evidence", JSONB, nullable=False, server_default="{}", comment="item → quotes"),
    Column("bans", JSONB, nullable=False, server_default="{}", comment="ban → quotes, for a person to confirm"),
    Column("stages", JSONB, nullable=False, server_default="[]", comment="stages that were heard"),
    Index("readings_waiting", "event_id", postgresql_where=text("made_at IS NULL")),
    comment="what the machine found in transcripts, by the form in force when it first read them",
)

disputes = sa.Table(
    "disputes",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("score", UUID(as_uuid=False), nullable=False, comment="event_id of the srez.call.scored.v1 fact"),
    Column("call", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("mark", Float, comment="as it was disputed; null: not applicable"),
    Column("raised_at", Instant, nullable=False),
    Column("raised_by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("settled_at", Instant),
    Column("settled_by", Text),
    Column("outcome", Text, comment="upheld, changed"),
    Column("new_mark", Float, comment="stands instead of mark when changed"),
    Column("answer", Text),
    Column(
        "alone",
        Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="who answered had given the mark or disputed it: there was nobody else",
    ),
    sa.UniqueConstraint("score"),
    comment="an agent disputes one question of a score; both marks are kept",
)
