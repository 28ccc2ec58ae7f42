"""Settings of alerts: environment prefix ``SREZ_``, own fields ``SREZ_ALERTS_…``. Durations in seconds."""

from pydantic import Field

from services.kit.settings import ServiceSettings


class AlertsSettings(ServiceSettings):
    alerts_port: int = Field(8083, ge=0, le=65535, description="port of the probes and metrics")
    alerts_look_s: float = Field(2, gt=0, description="how often PostgreSQL is asked for what no news told")
    alerts_lines_s: float = Field(15, ge=0, description="how often all lines are asked, in case news of one got lost")
    alerts_news_s: float = Field(0.5, gt=0, description="news that arrive within this time are judged together")
    alerts_send_timeout_s: float = Field(8, gt=0, description="deadline of one request to a messenger")
    alerts_lease_s: float = Field(30, gt=0, description="after this a message still being sent belongs to nobody")
    alerts_spacing_s: float = Field(1.1, ge=0, description="least time between two messages to one Slack channel")
    alerts_retry_s: float = Field(1, gt=0, description="first pause after a failure; doubles up to alerts_retry_max_s")
    alerts_retry_max_s: float = Field(60, gt=0, description="longest pause between two attempts")
    alerts_give_up_s: float = Field(
        21_600, gt=0, description="a messenger unreachable for so long: the message is dead"
    )
    alerts_overdue_s: float = Field(
        300, gt=0, description="an outage undelivered for so long goes to another channel too"
    )
    alerts_refresh_s: float = Field(60, ge=0, description="least time between two updates of one slice message")
    board_url: str | None = Field(None, description="public address of the board; floor.board.url comes first")
    alerts_keep_s: float = Field(
        60, gt=0, description="how often Alertmanager is told of what still fires; lives 5 times that"
    )
    alerts_telegram_poll_s: float = Field(
        25, ge=0, le=50, description="how long one question for pressed buttons waits"
    )
    telegram_api_url: str = Field("https://api.telegram.org", description="base URL of Telegram's bot API")
    slack_api_url: str = Field("https://slack.com/api/", description="base URL of Slack's Web API")
