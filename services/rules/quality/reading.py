"""What the machine finds in a transcript by a form: quotes with time code and channel. It never fails anybody.

An item with evidence has the machine's mark 1; one without has none ("not seen"), never 0. A ban that seems to have been
broken is shown with its quote, for a person to confirm: by itself it changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from schemas.facts import CallTranscribed, Segment
from schemas.floor.quality import Finding, Form, Phrase
from services.rules.quality.phrases import Negation, find, sought
from services.rules.quality.words import Token, plain, tokens

AS_USUAL = Finding()


@dataclass(frozen=True, slots=True)
class Evidence:
    """``text`` is the quote; ``start_s`` and ``end_s`` its segment's time code; ``segment`` its place in the transcript."""

    phrase: str
    text: str
    channel: str
    start_s: float
    end_s: float
    segment: int
    first: int
    last: int
    """Characters [first, last) of the segment's text, for highlighting."""


@dataclass(frozen=True, slots=True)
class Reading:
    """``marks``: item → 1, or None for what was not seen; ``evidence`` of items, ``bans`` by ban; ``stages`` reached."""

    marks: dict[str, float | None] = field(default_factory=dict)
    evidence: dict[str, tuple[Evidence, ...]] = field(default_factory=dict)
    bans: dict[str, tuple[Evidence, ...]] = field(default_factory=dict)
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one speaker says without a break: its words, and for each the segment and where it stands in it."""

    channel: str
    words: tuple[Token, ...]
    segments: tuple[int, ...]


def read(form: Form, transcript: CallTranscribed, by: Finding = AS_USUAL) -> Reading:
    stretches = tuple(_stretches(transcript.segments, by.pause_s))
    ends = max((float(one.end_s) for one in transcript.segments), default=0.0)
    negation = Negation(frozenset(map(plain, form.negators)), form.negation_window)

    def heard(phrases: Sequence[Phrase]) -> tuple[Evidence, ...]:
        found = [one for phrase in phrases for one in _of_phrase(phrase, stretches, transcript, ends, negation)]
        return tuple(sorted(found, key=lambda one: (one.start_s, one.first, one.phrase))[: by.quotes])

    evidence = {item.id: quotes for item in form.items if (quotes := heard(item.phrases))}
    return Reading(
        marks={item.id: 1.0 if item.id in evidence else None for item in form.items},
        evidence=evidence,
        bans={ban.id: quotes for ban in form.bans if (quotes := heard(ban.phrases))},
        stages=tuple(dict.fromkeys(item.stage for item in form.items if item.stage and item.id in evidence)),
    )


def _stretches(segments: Sequence[Segment], pause_s: float) -> Iterator[Stretch]:
    order = sorted(range(len(segments)), key=lambda at: (float(segments[at].start_s), at))
    open_: dict[str, list[int]] = {}
    for at in order:
        one = segments[at]
        run = open_.setdefault(one.channel, [])
        if run and float(one.start_s) - float(segments[run[-1]].end_s) > pause_s:
            yield _stretch(one.channel, run, segments)
            run.clear()
        run.append(at)
    for channel, run in open_.items():
        yield _stretch(channel, run, segments)


def _stretch(channel: str, run: Sequence[int], segments: Sequence[Segment]) -> Stretch:
    pairs = [(token, at) for at in run for token in tokens(segments[at].text)]
    return Stretch(channel, tuple(token for token, _ in pairs), tuple(at for _, at in pairs))


def _of_phrase(
    phrase: Phrase, stretches: Sequence[Stretch], transcript: CallTranscribed, ends: float, negation: Negation
) -> Iterator[Evidence]:
    wanted = sought(phrase)
    for stretch in stretches:
        if phrase.channel not in ("any", stretch.channel):
            continue
        for first, last in find(wanted, stretch.words, negation):
            at = stretch.segments[first]
            segment = transcript.segments[at]
            start = float(segment.start_s)
            if phrase.within_s is not None and start > phrase.within_s:
                continue
            if phrase.last_share is not None and float(segment.end_s) < ends * (1 - phrase.last_share):
                continue
            end = max(word for word in range(first, last + 1) if stretch.segments[word] == at)
            yield Evidence(
                phrase=phrase.say,
                text=_quote(stretch, first, last, transcript),
                channel=segment.channel,
                start_s=start,
                end_s=float(transcript.segments[stretch.segments[last]].end_s),
                segment=at,
                first=stretch.words[first].start,
                last=stretch.words[end].end,
            )


def _quote(stretch: Stretch, first: int, last: int, transcript: CallTranscribed) -> str:
    """The whole segments it stands in: a quote is read with what is around it."""
    parts = dict.fromkeys(stretch.segments[first : last + 1])
    return " ".join(transcript.segments[at].text for at in parts)
