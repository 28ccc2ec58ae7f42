"""Words of the board: one catalogue per language, plural forms, numbers as that language writes them."""

from services.board.words.catalogue import LANGUAGES, Language, Words, words

__all__ = ["LANGUAGES", "Language", "Words", "words"]
