"""Tables of PostgreSQL: what Srez remembers (SQLAlchemy Core; created by alembic, ``deploy/alembic``).

Owners (the only writers): ingest — floors, journal, facts, fact_revisions, legs, readbacks, refusals, readings, disputes;
aggregator — closes, slices, slice_revisions, tasks, coaching, team_issues, forecasts, differences;
alerts — alerts, alert_transitions, technical, outbox, messages, silences
(``alert_acts``: whoever hears a person inserts, alerts executes and marks done);
board — task_acts, coaching_acts, and of ``tasks`` what an act changes: state, target, issued, dismissed_at,
accounts (together with ``srez account``), password_links, sessions, logins.
``commands`` is where the board asks ingest for something: the board inserts, ingest executes and marks done.
All instants are ``timestamptz``; ``day`` is the floor's local calendar day.
"""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Index, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID

metadata = sa.MetaData()
Instant = sa.DateTime(timezone=True)

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

closes = sa.Table(
    "closes",
    metadata,
    Column("date", Date, primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("cut_off", Instant, nullable=False),
    Column("closed_at", Instant, nullable=False),
    Column("floor_version", Integer, nullable=False),
    Column("on_time", Boolean, nullable=False, comment="False: closed after the next cut-off; rows, but no tasks"),
    Column("trust", JSONB, nullable=False, comment="team → step → reasons why not trusted"),
    Column("announced_at", Instant),
)

slices = sa.Table(
    "slices",
    metadata,
    Column("date", Date, primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("cut_off", Instant, nullable=False),
    Column("done", Integer, nullable=False),
    Column("in_slice", Integer, nullable=False),
    Column("target", Float),
    Column("index", Float),
    Column("p_below", Float),
    Column("level", Text, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("late", Integer, nullable=False, server_default="0"),
)

slice_revisions = sa.Table(
    "slice_revisions",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("date", Date, nullable=False),
    Column("slice", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("revised_at", Instant, nullable=False),
    Column("done", Integer, nullable=False, comment="count of the same cut-off as stored now"),
    Column("reason", Text, nullable=False, comment="late, correction, technical"),
    Index("slice_revisions_slice", "date", "slice", "agent", "step"),
)

tasks = sa.Table(
    "tasks",
    metadata,
    Column("task", UUID(as_uuid=False), primary_key=True),
    Column("date", Date, nullable=False),
    Column("slice", Text, nullable=False, comment="slice at which it was opened"),
    Column("agent", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("opened", Instant, nullable=False),
    Column("due", Instant, nullable=False, comment="cut-off at which it is verified first"),
    Column("target", Integer, nullable=False, comment="what is verified: as issued, or as the head edited it"),
    Column("issued", Integer, comment="the target as the closer issued it; null until it is edited"),
    Column("verified", Instant),
    Column("result", Text),
    Column("evidence", JSONB, nullable=False, server_default="{}"),
    Column(
        "state", Text, nullable=False, server_default="proposed", comment="proposed, confirmed, dismissed, acknowledged"
    ),
    Column("dismissed_at", Instant),
    Index("tasks_open", "agent", unique=True, postgresql_where=text("result IS NULL AND dismissed_at IS NULL")),
    Index("tasks_date", "date", "agent"),
)

task_acts = sa.Table(
    "task_acts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("task", UUID(as_uuid=False), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False, comment="name of the person, as the board knows it"),
    Column("act", Text, nullable=False, comment="confirm, edit, dismiss, talk, acknowledge (schemas.acts)"),
    Column("arguments", JSONB, nullable=False, comment="the struct of that act in schemas.acts"),
    Column("key", Text, comment="the asker's own id of the request: a replay finds it"),
    sa.UniqueConstraint("task", "key"),
    Index("task_acts_task", "task", "id"),
    comment="append-only: what people did about a task, written in one transaction with what it changes in tasks",
)

coaching = sa.Table(
    "coaching",
    metadata,
    Column("case", UUID(as_uuid=False), primary_key=True),
    Column("date", Date, nullable=False),
    Column("agent", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("opened", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recheck_on", Date, nullable=False),
    Column("evidence", JSONB, nullable=False, server_default="{}"),
    Index("coaching_agent", "agent", "opened"),
)

coaching_acts = sa.Table(
    "coaching_acts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("case", UUID(as_uuid=False), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False, comment="name of the person, as the board knows it"),
    Column("act", Text, nullable=False, comment="plan, close (schemas.acts)"),
    Column("arguments", JSONB, nullable=False, comment="the struct of that act in schemas.acts"),
    Column("key", Text, comment="the asker's own id of the request: a replay finds it"),
    sa.UniqueConstraint("case", "key"),
    Index("coaching_acts_case", "case", "id"),
    comment="append-only: plans and the outcome of a coaching case",
)

team_issues = sa.Table(
    "team_issues",
    metadata,
    Column("date", Date, primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("team", Text, primary_key=True),
    Column("firing", Boolean, nullable=False),
    Column("evidence", JSONB, nullable=False),
    comment="common cause found by the closer; alerts turns it into an efficiency alert",
)

technical = sa.Table(
    "technical",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("alert", UUID(as_uuid=False), nullable=False),
    Column("agent", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, comment="open while the verdict stands"),
    Column("origin", Text, nullable=False, comment="detector, or person"),
    Index("technical_started", "started_at"),
)

differences = sa.Table(
    "differences",
    metadata,
    Column("partition", Integer, primary_key=True),
    Column("worker", Text, nullable=False),
    Column("agents", Integer, nullable=False, comment="agent-days whose live counters differ from stored facts"),
    Column("checked_at", Instant, nullable=False),
    comment="a lasting difference between live counters and stored facts (DOMAIN §5 e); a row goes when it is healed",
)

alerts = sa.Table(
    "alerts",
    metadata,
    Column("alert", UUID(as_uuid=False), primary_key=True),
    Column("fingerprint", Text, nullable=False, comment="detector and scope; never a list of people"),
    Column("kind", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("detector", Text, nullable=False),
    Column("state", Text, nullable=False, comment="firing, acknowledged, resolved, invalidated"),
    Column("fired_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("owner", Text),
    Column("evidence", JSONB, nullable=False),
    Column("transition", Integer, nullable=False, server_default="0"),
    Column("date", Date, nullable=False),
    Column("team", Text),
    Column(
        "payload", JSONB, comment="what messages about it are rendered from; null until it was decided who hears of it"
    ),
    Column("held", Text, comment="why nobody was told: a word, and after a colon the silence or alert that holds it"),
    Column("told_at", Instant, comment="when its first message was written"),
    Column("raised_at", Instant, comment="when it was last said again"),
    Column("escalated_at", Instant, comment="when the head was told, because nobody had taken it"),
    Index("alerts_open", "fingerprint", unique=True, postgresql_where=text("resolved_at IS NULL")),
    Index("alerts_date", "date"),
)

alert_transitions = sa.Table(
    "alert_transitions",
    metadata,
    Column("alert", UUID(as_uuid=False), primary_key=True),
    Column("transition", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("announced_at", Instant),
    Column("what", Text, comment="an act of schemas.alert_acts, or repeat, escalate; null: the finding itself changed"),
    Column("by", Text, comment="the person who did it"),
    Column("note", Text),
)

silences = sa.Table(
    "silences",
    metadata,
    Column("silence", UUID(as_uuid=False), primary_key=True),
    Column("match", JSONB, nullable=False, comment="schemas.alert_acts.Matcher"),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("starts", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_at", Instant, comment="ended early"),
    Column("ended_by", Text),
    Index("silences_until", "until"),
    comment="what nobody is told of for a while; it stands on the board all the same",
)

alert_acts = sa.Table(
    "alert_acts",
    metadata,
    Column("act", UUID(as_uuid=False), primary_key=True, comment="derived from what was pressed: a repeat is the same"),
    Column("alert", UUID(as_uuid=False), comment="null: not about one alert"),
    Column("kind", Text, nullable=False),
    Column("arguments", JSONB, nullable=False, comment="schemas.alert_acts"),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("via", Text, nullable=False, comment="board, slack, telegram"),
    Column("done_at", Instant),
    Column("problem", Text, comment="closed word: why it could not be done"),
    Index("alert_acts_open", "at", postgresql_where=text("done_at IS NULL")),
    Index("alert_acts_alert", "alert", "at"),
    comment="what people do about alerts: inserted by whoever hears them, done by alerts",
)

outbox = sa.Table(
    "outbox",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("group_key", Text, nullable=False, comment="alert id, or task/slice message id"),
    Column("transition", Integer, nullable=False),
    Column("channel", Text, nullable=False, comment="notify.channels[].id"),
    Column("target", Text, nullable=False, server_default="", comment="Slack channel or user, URL…"),
    Column("kind", Text, nullable=False, comment="outage, efficiency, data, task, slice, coaching"),
    Column("payload", JSONB, nullable=False, comment="what the message is rendered from"),
    Column("state", Text, nullable=False, server_default="pending", comment="pending, sending, sent, superseded, dead"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("sent_at", Instant),
    Column("error", Text),
    Column("ambiguous", Boolean, nullable=False, server_default="false"),
    sa.UniqueConstraint("group_key", "transition", "channel", "target"),
    Index("outbox_due", "next_at", postgresql_where=text("state IN ('pending', 'sending')")),
)

messages = sa.Table(
    "messages",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("group_key", Text, primary_key=True),
    Column("ts", Text, nullable=False, comment="the messenger's own id of the living message"),
    Column("transition", Integer, nullable=False, comment="newest state shown"),
    Column("updated_at", Instant, nullable=False),
)

accounts = sa.Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False, comment="services.board.access.Role"),
    Column("team", Text, comment="a lead's"),
    Column("agent", Text, comment="whose account it is, on the roster"),
    Column("password_hash", Text, nullable=False, comment="argon2id"),
    Column("created_at", Instant, nullable=False),
    Column("password_changed_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("session_days", Integer, comment="a session of it lasts so long, used or not; null: as the settings say"),
)

password_links = sa.Table(
    "password_links",
    metadata,
    Column("token_hash", BYTEA, primary_key=True, comment="sha256; the token itself is kept nowhere"),
    Column("account", Text, sa.ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

sessions = sa.Table(
    "sessions",
    metadata,
    Column("token_hash", BYTEA, primary_key=True, comment="sha256; the token itself is kept nowhere"),
    Column("account", Text, sa.ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("sessions_account", "account"),
)

logins = sa.Table(
    "logins",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("account", Text, comment="null: no such account; what was typed may be a password and is not kept"),
    Column("name_hash", BYTEA, nullable=False, comment="sha256 of the name as typed"),
    Column("address", Text, nullable=False),
    Column("outcome", Text, nullable=False, comment="trying, ok, wrong, throttled"),
    Index("logins_name", "name_hash", "at"),
    Index("logins_address", "address", "at"),
)

forecasts = sa.Table(
    "forecasts",
    metadata,
    Column("date", Date, primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("scope", Text, primary_key=True, comment="floor:…, team:…"),
    Column("step", Text, primary_key=True),
    Column("done", Integer, nullable=False, comment="at the cut-off"),
    Column("plan", Float, comment="the day's norms for the minutes scheduled"),
    Column("median", Integer, nullable=False),
    Column("low", Integer, nullable=False),
    Column("high", Integer, nullable=False),
    Column("p_plan", Float),
    comment="the end of the day as it was foretold at each close, to be held against what came",
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
    sa.UniqueConstraint("score"),
    comment="an agent disputes one question of a score; both marks are kept",
)
