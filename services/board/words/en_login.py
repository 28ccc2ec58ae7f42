"""English of signing in."""

from typing import Final

WORDS: Final[dict[str, str | tuple[str, ...]]] = {
    "login.title": "Sign in",
    "login.name": "Name",
    "login.password": "Password",
    "login.enter": "Sign in",
    "login.out": "Sign out",
    "login.wrong": "Name or password is wrong, or there were too many attempts: then wait a quarter of an hour",
    "error.sign_in": "Sign in first",
    "error.closed": "This board has no accounts yet. Its operator adds one: srez account add NAME --role operator",
    "error.agents_not_yet": "Agents cannot sign in to this board yet",
}
