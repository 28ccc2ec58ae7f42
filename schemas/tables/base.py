"""The one metadata of all tables, and the type of instants."""

import sqlalchemy as sa

metadata = sa.MetaData()
Instant = sa.DateTime(timezone=True)
