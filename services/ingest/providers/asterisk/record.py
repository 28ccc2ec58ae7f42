"""One record by the names we know: letters and digits of a name count, its case and separators do not."""

import re
from collections.abc import Mapping
from typing import Any, Final

from services.ingest.providers import values

_FUNCTION: Final = re.compile(r"\s*cdr\(([^,)]+)(?:,[^)]*)?\)\s*", re.IGNORECASE)
_NOTHING: Final = frozenset({"null", "(null)", "<null>", "none", "<none>", "\\n", "n/a"})

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "uniqueid": ("uniqueid", "callid"),
    "linkedid": ("linkedid",),
    "sequence": ("sequence",),
    "source": ("src", "source", "callerid", "calleridnum", "cidnum", "cnum", "from"),
    "extension": ("cnum",),
    "destination": ("dst", "destination", "exten", "to"),
    "context": ("dcontext", "destinationcontext", "context"),
    "caller": ("clid", "callerid"),
    "channel": ("channel", "channame"),
    "peer": ("dstchannel", "destinationchannel", "destchannel", "dialedpeername", "memberinterface"),
    "app": ("lastapp", "lastapplication"),
    "data": ("lastdata",),
    "start": ("start", "starttime", "calldate", "startdate", "startedat"),
    "answer": ("answer", "answertime", "answerdate", "answeredat"),
    "end": ("end", "endtime", "enddate", "endedat"),
    "duration": ("duration",),
    "billsec": ("billsec", "billableseconds"),
    "talk": ("answeredtime", "talktime", "talks"),
    "disposition": ("disposition", "dialstatus", "status"),
    "dialstatus": ("dialstatus",),
    "did": ("did", "fromdid"),
    "shown": ("outboundcnum",),
    "recording": ("recordingurl", "recordingfile", "recording"),
    "cause": ("hangupcause", "cause", "q850"),
    "tech": ("techcause", "sipcode", "sipstatus"),
    "event": ("event",),
    "row": ("eventtype", "eventname"),
    "at": ("eventtime", "timestamp", "eventtv"),
    "state": ("channelstate",),
    "extra": ("extra",),
    "bridged": ("bridged",),
}
"""Ours → theirs, the best first."""

_OF_A_CALL: Final = frozenset({"uniqueid", "linkedid", "event", "eventtype", "eventname"})


def plain(name: str) -> str:
    """``Cause-txt`` → ``causetxt``; ``CDR(uniqueid)`` → ``uniqueid``."""
    inner = _FUNCTION.fullmatch(name)
    return re.sub(r"[^a-z0-9]", "", (inner[1] if inner else name)[:80].lower())


def names_a_call(raw: Mapping[str, Any]) -> bool:
    """Whether it looks like a record itself, not like a wrapping of one."""
    if isinstance(raw.get("channel"), Mapping) and isinstance(raw.get("type"), str):
        return True
    return any(plain(str(name)) in _OF_A_CALL for name in raw)


class Record:
    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self._plain = {plain(str(name)): value for name, value in raw.items()}

    def get(self, name: str, limit: int = values.TEXT_LIMIT) -> str | None:
        """The value of the first of NAMES[*name*] that says something."""
        for theirs in NAMES[name]:
            if found := _said(self._plain.get(theirs), limit):
                return found
        return None

    def has(self, name: str) -> bool:
        """Whether the sender knows the field at all, be it empty."""
        return any(theirs in self._plain for theirs in NAMES[name])

    def field(self, path: str | None) -> str | None:
        """What stands at a path of the floor file (``sources[].fields``); a plain name in any case."""
        if path is None:
            return None
        return _said(values.reach(self.raw, path), 500) or _said(self._plain.get(plain(path)), 500)

    def value(self, name: str) -> object:
        """Untouched, for what may be an object."""
        return next((self._plain[theirs] for theirs in NAMES[name] if theirs in self._plain), None)


def _said(value: object, limit: int) -> str | None:
    """None also for a variable that the dialplan did not replace and for a database's word for nothing."""
    text = values.text(value, limit)
    return None if text is None or text.startswith("${") or text.lower() in _NOTHING else text
