"""``srez alerts``: alerts as a service of its own."""


def alerts() -> None:
    """Run the service that turns findings and slices into messages."""
    from services.alerts.__main__ import main  # heavy: statistics, Kafka and messengers

    main()
