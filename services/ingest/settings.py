"""Settings of ingest (prefix ``SREZ_``). Durations in seconds."""

from pydantic import Field, SecretStr

from services.kit.settings import ServiceSettings


class IngestSettings(ServiceSettings):
    ingest_port: int = Field(8080, ge=0, le=65535, description="port of webhooks and probes")
    customer_key: SecretStr | None = Field(
        None, description="key of the hash that stands for a customer's phone number; without it customers are not kept"
    )
    ingest_concurrent: int = Field(2000, ge=1, description="requests in progress at most; beyond them 503")
    ingest_deadline_s: float = Field(3, gt=0, description="for a whole request; then 503")
    ingest_poll_s: float = Field(1, gt=0, description="how often parser and publisher look by themselves")
    ingest_parsers: int = Field(
        1, ge=0, description="parse workers in this process; 0 leaves parsing to other replicas"
    )
