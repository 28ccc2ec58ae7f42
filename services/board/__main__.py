"""``python -m services.board``: settings → app → run."""

from services.board.app import run
from services.board.settings import BoardSettings


def main() -> None:
    run(BoardSettings())


if __name__ == "__main__":
    main()
