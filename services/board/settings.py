"""Settings of the board: environment prefix ``SREZ_``, own fields ``SREZ_BOARD_…``. Durations in seconds."""

from pydantic import Field

from services.kit.settings import ServiceSettings


class BoardSettings(ServiceSettings):
    board_port: int = Field(8090, ge=0, le=65535, description="port of the console, the API and the probes")
    board_hosts: str = Field(
        "127.0.0.1,localhost",
        description="names this board may be called by, with commas; others get 400",
    )
    board_reload_s: float = Field(10, gt=0, description="how often PostgreSQL is read again while Kafka brings news")
    board_poll_s: float = Field(2, gt=0, description="the same while Kafka is away")
    board_read_deadline_s: float = Field(3, gt=0, description="longest a page waits for PostgreSQL before it says 503")
    board_warm_s: float = Field(60, gt=0, description="how often what is kept of past days is made ready")
    board_live_clients: int = Field(500, ge=1, description="open live streams at once; further ones get 503")
    board_metrics_s: float = Field(5, gt=0, description="how often the team series are read")
    board_session_idle_h: float = Field(12, gt=0, description="hours after which an unused session ends")
    board_session_h: float = Field(168, gt=0, description="hours after which any session ends")
    board_https: bool = Field(
        False, description="browsers reach the board by https through a proxy: session cookies are for https only"
    )
    hooks_url: str | None = Field(
        None, description="public base address of the webhooks, such as https://srez.example.com; shown on Sources"
    )
