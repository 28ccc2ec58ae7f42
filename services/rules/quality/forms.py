"""Which form a call is marked by. A call keeps the form, and the version of it, that it was first marked or read with."""

from collections.abc import Iterable, Mapping

from schemas.floor import Floor
from schemas.floor.default_card import DEFAULT_CARD
from schemas.floor.quality import Form

Key = tuple[str, int]


def known_forms(floors: Iterable[Floor]) -> dict[Key, Form]:
    """Every form of every version of the floor, oldest floor first: of two texts of one version the earlier holds."""
    found: dict[Key, Form] = {DEFAULT_CARD.key: DEFAULT_CARD}
    for floor in floors:
        for form in floor.quality.described():
            found.setdefault(form.key, form)
    return found


def changed_silently(floor: Floor, forms: Mapping[Key, Form]) -> list[Form]:
    """Forms of *floor* that say something else than their version first said: they need a greater one to take effect."""
    return [form for form in floor.quality.described() if _content(forms.get(form.key, form)) != _content(form)]


def _content(form: Form) -> Form:
    """What marks depend on: whose form it is may change."""
    return form.model_copy(update={"teams": ()})


def form_for(floor: Floor, team: str | None, forms: Mapping[Key, Form] | None = None) -> Form:
    """The form in force for *team*; with *forms*, as its version first said."""
    quality = floor.quality
    found = next((form for form in quality.described() if team is not None and team in form.teams), None)
    if found is None:
        if isinstance(quality.card, Form):
            found = quality.card
        else:
            found = next((form for form in quality.forms if form.id == quality.card), DEFAULT_CARD)
    return forms.get(found.key, found) if forms is not None else found
