"""Settings of the aggregator: environment prefix ``SREZ_``, own fields ``SREZ_AGGREGATOR_…``. Durations in real seconds."""

import socket

from pydantic import Field

from services.kit.settings import ServiceSettings


class AggregatorSettings(ServiceSettings):
    aggregator_port: int = Field(8092, ge=0, le=65535, description="port of the probes")
    aggregator_group: str = Field("srez-aggregator", description="Kafka consumer group")
    aggregator_instance: str = Field(
        "",
        description="static member name, unique among workers; default host and port, so a restart keeps its partitions",
    )
    aggregator_batch: int = Field(2000, ge=1, description="most messages applied in one go")
    aggregator_publish_s: float = Field(0.02, ge=0, description="changes of an agent within this time share a message")
    aggregator_close_poll_s: float = Field(0.4, gt=0, description="how often it is asked whether a slice is due")
    aggregator_health_s: float = Field(1, gt=0, description="how often lines are looked at while nothing arrives")
    aggregator_reconcile_s: float = Field(5, gt=0, description="how often live counters are compared with stored facts")
    aggregator_recovery_s: float = Field(120, gt=0, description="a worker that is not ready by then ends itself")

    @property
    def instance(self) -> str:
        return self.aggregator_instance or f"{socket.gethostname()}-{self.aggregator_port}"

    @property
    def fence_s(self) -> float:
        """A loop that stood still for so long may have lost its partitions: the process ends."""
        return max(5.0, self.session_timeout_s / 2)
