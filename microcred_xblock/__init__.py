"""Open edX learning pills that earn European micro-credentials."""

__version__ = "0.1.0"
