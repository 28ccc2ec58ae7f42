"""``srez board``: the board as a service of its own."""


def board() -> None:
    """Run the web console, the JSON API and the live stream."""
    from services.board.__main__ import main  # heavy: web server and templates

    main()
