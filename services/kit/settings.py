"""Settings every service has; each service's own class adds to these. Read once, in ``__main__``."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Environment prefix ``SREZ_``. Durations in seconds."""

    model_config = SettingsConfigDict(env_prefix="SREZ_", extra="ignore")

    postgres_dsn: SecretStr = Field(description="libpq URL of the database")
    kafka_bootstrap: str = Field(description="host:port[,host:port]")
    kafka_durable: bool = Field(True, description="False for the embedded, memory-only broker")
    kafka_replication: int = Field(1, description="replication factor of topics that Srez creates")
    partitions: int = Field(4, ge=1, description="partitions of keyed topics; must equal the broker's")
    bind: str = Field("127.0.0.1", description="address to listen on")
    log_format: str = Field("json", pattern="^(json|console)$", description="json, or console for people")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING, ERROR")
    session_timeout_s: float = Field(30, description="Kafka group session timeout")
    floor_poll_s: float = Field(2, description="how often a new floor version is looked for")
