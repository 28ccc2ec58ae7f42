"""What runs beside the web: parser (journal → facts), publisher (facts → Kafka), overflow, attribution, gauges."""
