"""``srez aggregator``: the stream worker as a service of its own."""


def aggregator() -> None:
    """Count facts live, watch lines, and freeze slices."""
    from services.aggregator.__main__ import main  # heavy: Faust

    main()
