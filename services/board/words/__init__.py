"""Words of the board: one catalogue per language, plural forms, numbers as that language writes them."""

from services.board.words.catalogue import LANGUAGES, Words, words
from services.board.words.numbers import Language

__all__ = ["LANGUAGES", "Language", "Words", "words"]
