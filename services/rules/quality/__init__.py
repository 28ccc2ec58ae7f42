"""The quality card: evidence in transcripts, marks, scores, what to hear next, agreement (DOMAIN §10). Pure."""
