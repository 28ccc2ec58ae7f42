"""Where a source's bodies carry what has no standard key."""

from schemas.floor.strict import Strict


class Fields(Strict):
    """Where a provider without standard keys carries them; dots walk into objects."""

    identity: str | None = None
    line: str | None = None
    direction: str | None = None
    campaign: str | None = None
    recording: str | None = None
