"""One detector a file: a fold over events in time, with separate limits to enter and to leave (DOMAIN §8)."""
