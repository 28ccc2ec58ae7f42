"""Path secrets and Basic credentials: several secrets, nothing configured opens nothing."""

import base64

import pytest

from services.ingest.providers import credentials
from services.ingest.providers.base import Unauthorized
from tests.services.ingest.providers.reading import request


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("wanted", [None, 165, "165", ["7", 165]])
def test_an_account_may_be_pinned(wanted: object) -> None:
    """A number, a text or a list of them; nothing configured pins nothing."""
    credentials.verify_account(wanted, "165", "account[id]")
    for other in ("7x", "", None):
        if wanted is not None:
            with pytest.raises(Unauthorized, match="account"):
                credentials.verify_account(wanted, other, "account[id]")


def test_the_last_part_of_the_path_is_the_secret() -> None:
    """Old and new secret are let in while one is being rotated; parts before it are not the secret."""
    secrets = {"path": ("old-one", "new-one")}
    credentials.verify_path(request(path="events/old-one"), secrets)
    credentials.verify_path(request(path="new-one/"), secrets)
    for path in ("", "new-one/events", "new-on", "NEW-ONE"):
        with pytest.raises(Unauthorized):
            credentials.verify_path(request(path=path), secrets)


def test_only_the_secret_is_cut_off_the_path() -> None:
    """What is parsed and journaled has no secret, and keeps everything else."""
    secrets = {"path": ("s3cret",)}
    assert credentials.without_path_secret(request(path="a/b/s3cret"), secrets).path == "a/b"
    assert credentials.without_path_secret(request(path="s3cret"), secrets).path == ""
    assert credentials.without_path_secret(request(path="a/b"), secrets).path == "a/b"
    assert credentials.without_path_secret(request(path="a/s3cret"), {}).path == "a/s3cret"


def test_basic_credentials() -> None:
    """user:password in base64; anything else is refused without an exception of another kind."""
    secrets = {"basic": ("fs:пароль",)}
    credentials.verify_basic(request(authorization=_basic("fs:пароль")), secrets)
    for header in (
        "",
        "Basic",
        "Basic ###",
        _basic("fs:wrong"),
        _basic("fs:пароль").replace("Basic", "Bearer"),
        "Basic /w==",
    ):
        with pytest.raises(Unauthorized):
            credentials.verify_basic(request(authorization=header), secrets)


def test_nothing_configured_refuses_everything() -> None:
    """A source without secrets, or with an empty one, is closed."""
    for secrets in ({}, {"path": ("",)}, {"basic": ("",)}, {"path": ()}):
        with pytest.raises(Unauthorized):
            credentials.verify_configured(request(path="", authorization=_basic("")), secrets)


def test_both_configured_must_both_hold() -> None:
    """A path secret and Basic credentials together: one alone is not enough."""
    secrets = {"path": ("p",), "basic": ("u:w",)}
    credentials.verify_configured(request(path="p", authorization=_basic("u:w")), secrets)
    for path, header in (("p", ""), ("", _basic("u:w"))):
        with pytest.raises(Unauthorized):
            credentials.verify_configured(request(path=path, authorization=header), secrets)
