"""Plivo's signatures. Source: the vendor's ``plivo-python``, ``utils/signature_v3.py`` and its tests.

**V3**: base64 of HMAC-SHA256 over S + ``.`` + nonce. S of a GET: URL ``?`` all parameters sorted, decoded, ``k=v`` joined
by ``&``. S of a POST: URL ``?`` sorted query, a dot when there is a query, then name + value of the sorted form; without
a form the URL with its sorted query. **V2**: over the URL without query + nonce; it covers no parameter at all, so it
counts only where V3 is not sent.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from services.ingest.providers import form, public_url
from services.ingest.providers.base import Request, Source
from services.ingest.providers.credentials import matches

V3, V3_NONCE = "x-plivo-signature-v3", "x-plivo-signature-v3-nonce"
V3_OF_ACCOUNT: Final = "x-plivo-signature-ma-v3"
"""By the token of the main account, where the call belongs to a subaccount."""
V2, V2_NONCE = "x-plivo-signature-v2", "x-plivo-signature-v2-nonce"

Pairs = Iterable[tuple[str, str]]


def sign(token: str, text: str, nonce: str) -> str:
    """The signature over a text made by ``text_v3``, ``text_v2``; their separators are in them."""
    return base64.b64encode(
        hmac.digest(token.encode(), (text + nonce).encode("utf-8", "replace"), hashlib.sha256)
    ).decode()


def text_v3(method: str, url: str, parameters: Pairs = ()) -> str:
    """S and the dot before the nonce."""
    base, _, query = url.partition("?")
    asked = _sorted(form.pairs(query))
    told = _sorted(parameters)
    if method == "GET":
        asked = _sorted([*asked, *told])
        told = []
    text = base
    if asked or told:
        text += "?" + "&".join(f"{name}={value}" for name, value in asked)
    if told:
        text += ("." if asked else "") + "".join(name + value for name, value in told)
    return text + "."


def text_v2(url: str) -> str:
    """The URL without its query and fragment."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def holds(request: Request, source: Source, tokens: Iterable[str]) -> bool:
    """Whether one of the signatures given is that of one of the *tokens* over one of the URLs it may have been sent to.

    Raises: BadInput when the form is too large to be Plivo's.
    """
    known = [token for token in tokens if token]
    urls = public_url.candidates(request, source)
    if V3 in request.headers or V3_OF_ACCOUNT in request.headers:
        given = [*_given(request, V3), *_given(request, V3_OF_ACCOUNT)]
        nonce = request.headers.get(V3_NONCE, "").strip()
        fields = form.pairs(request.body)
        texts = [text_v3(request.method, url, fields) for url in urls]
    elif source.config.options.get("require_v3") is not True:
        given = _given(request, V2)
        nonce = request.headers.get(V2_NONCE, "").strip()
        texts = [text_v2(url) for url in urls]
    else:
        return False
    accepted = [sign(token, text, nonce) for token in known for text in texts]
    return bool(nonce) and any(matches(each, accepted) for each in given)


def _given(request: Request, header: str) -> list[str]:
    """One header may list several."""
    return [each.strip() for each in request.headers.get(header, "").split(",")[:20] if each.strip()]


def _sorted(pairs: Pairs) -> list[tuple[str, str]]:
    return sorted(pairs)
