"""The Django app: awards, consent, credentials, deliveries. ``api`` is its only door."""
