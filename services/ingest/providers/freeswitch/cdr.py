"""One CDR (one leg) as FreeSWITCH wrote it, read defensively. Numbers are the CDR's own: still plain here."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

from services.ingest.providers import instants, values
from services.ingest.providers.freeswitch.statuses import MEANINGLESS

_GATEWAY: Final = re.compile(r"sofia/gateway/(?:[^/:]+::)?([^/]+)/")
_CHANNEL: Final = re.compile(r"sofia/([^/]+)/")


class Cdr:
    """``variables`` are percent-decoded (never plus → space) unless *encoded* is False."""

    def __init__(self, raw: Mapping[str, Any], zone: str, encoded: bool) -> None:
        listed = values.mapping(raw.get("variables"))
        decode = encoded and not raw.get("decoded")
        self.variables: dict[str, Any] = {
            name: unquote(value) if decode and isinstance(value, str) and "%" in value else value
            for name, value in listed.items()
        }
        self.raw: Mapping[str, Any] = {**raw, "variables": self.variables}
        self.zone = zone
        flows = raw.get("callflow")
        self._flows = [values.mapping(flow) for flow in (flows if isinstance(flows, list) and flows else [flows])]

    def get(self, *names: str) -> str | None:
        """The first of these variables that says something."""
        return next((found for name in names if (found := values.text(self.variables.get(name)))), None)

    def field(self, path: str | None) -> str | None:
        """What a ``fields`` path of the floor file reaches; a bare name is a variable."""
        if not path:
            return None
        return values.text(values.reach(self.raw, path)) or self.get(path)

    # who

    @property
    def uuid(self) -> str | None:
        return self.get("uuid") or self._profile("uuid")

    @property
    def parent(self) -> str | None:
        """The leg that called this one into being; only a b-leg has one."""
        inner = values.mapping(values.reach(self._newest, "caller_profile.originator"))
        profiles = values.mapping(inner.get("originator_caller_profiles"))
        found = self.get("originating_leg_uuid", "originator") or values.text(profiles.get("uuid"))
        return found if found != self.uuid else None

    @property
    def switch_direction(self) -> str | None:
        """``inbound`` = received by the switch, ``outbound`` = placed by it; not the business direction."""
        return values.text(values.reach(self.raw, "channel_data.direction")) or self.get("direction", "call_direction")

    @property
    def placed(self) -> bool:
        """Whether the switch placed this leg (a b-leg), and did not receive it."""
        if self.parent is not None:
            return True
        return self.switch_direction == "outbound" or self.get("last_bridge_role") == "originatee"

    @property
    def caller(self) -> str | None:
        return self._profile("caller_id_number", "ani") or self.get("sip_from_user", "caller_id_number")

    @property
    def called(self) -> str | None:
        return self._profile("destination_number") or self.get("destination_number", "sip_req_user", "sip_to_user")

    @property
    def first_called(self) -> str | None:
        """The number that was dialled first: of the oldest profile, before any transfer."""
        oldest = values.mapping(self._flows[-1].get("caller_profile")).get("destination_number")
        return self.get("sip_req_user") or values.text(oldest) or self.called

    @property
    def account(self) -> str | None:
        """The registered user that placed the leg, when it is one of ours."""
        return self.get("user_name", "sip_auth_username")

    # by what way

    @property
    def gateway(self) -> str | None:
        if found := self.get("sip_gateway_name", "sip_gateway"):
            return found
        for name in ("current_application_data", "last_arg", "bridge_channel", "channel_name"):
            if found_ := _GATEWAY.search(values.text(self.variables.get(name), 4_000) or ""):
                return found_[1]
        return None

    @property
    def profile(self) -> str | None:
        """The SIP profile of a leg that goes out or comes in by a trunk; a profile of our phones is no line."""
        found = _CHANNEL.search(self.get("channel_name") or "")
        name = self.get("sofia_profile_name") or (found[1] if found else None)
        return None if name is None or name == "gateway" or name.startswith("internal") else name

    # when

    @property
    def started(self) -> datetime | None:
        end = self._time("end", "hangup_time")
        started = self._time("start", "created_time") or self._time("profile_start", "profile_created_time")
        return started or (end - timedelta(seconds=self._length) if end else None)

    @property
    def answered(self) -> datetime | None:
        return self._time("answer", "answered_time")

    @property
    def ended(self) -> datetime | None:
        start = self._time("start", "created_time")
        return self._time("end", "hangup_time") or (
            start + timedelta(seconds=self._length)
            if start and self.get("duration", "mduration", "uduration")
            else None
        )

    @property
    def bridged(self) -> bool:
        return self._time("bridge", "bridged_time") is not None

    # how it ended

    @property
    def cause(self) -> str:
        """The name that says most: a leg that just cleared without an answer reports its bridge attempt's cause."""
        own = (self.get("hangup_cause") or "").upper()
        if self.answered is not None or own not in MEANINGLESS:
            return own
        tried = self.get(
            "originate_failed_cause", "originate_disposition", "last_bridge_hangup_cause", "bridge_hangup_cause"
        )
        return tried.upper() if tried and tried.upper() not in MEANINGLESS else own

    @property
    def sip(self) -> int | None:
        names = ["sip_term_status", "proto_specific_hangup_cause", "last_bridge_proto_specific_hangup_cause"]
        if self.answered is None:
            # of a received leg the bridge attempt tells what the trunk said; its own is what we said to the phone
            names = (
                ["sip_invite_failure_status", *names]
                if self.placed
                else [names[2], "sip_invite_failure_status", *names]
            )
        for name in names:
            code = values.integer((self.get(name) or "").lower().removeprefix("sip:"), largest=699)
            if code is not None and code >= 200:
                return None if code == 487 and self.cause == "PROGRESS_TIMEOUT" else code
        return None

    @property
    def _newest(self) -> Mapping[str, Any]:
        return self._flows[0]

    @property
    def _length(self) -> float:
        for name, unit in (("uduration", 1e6), ("mduration", 1e3), ("duration", 1)):
            if (found := values.number(self.get(name))) is not None and 0 <= found / unit < 1e6:
                return found / unit
        return 0.0

    def _profile(self, *names: str) -> str | None:
        for flow in self._flows:
            profile = values.mapping(flow.get("caller_profile"))
            if found := next((found for name in names if (found := values.text(profile.get(name)))), None):
                return found
        return None

    def _time(self, name: str, flow_name: str) -> datetime | None:
        for suffix in ("uepoch", "epoch"):
            if found := instants.from_epoch(self.variables.get(f"{name}_{suffix}")):
                return found
        flows = [values.mapping(flow.get("times")).get(flow_name) for flow in self._flows]
        by_flow = next((found for value in flows if (found := instants.from_epoch(value))), None)
        return by_flow or instants.from_iso(self.get(f"{name}_stamp"), self.zone)
