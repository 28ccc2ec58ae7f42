"""What messengers send to us: signed, answered within three seconds, done by the acts table."""
