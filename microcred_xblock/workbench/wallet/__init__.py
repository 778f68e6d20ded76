"""The demo wallet: a small Open Badges 3.0 host of its own process and database, never part of a production install.

It is what the package delivers *to*, so it shares no code with what it receives from: its verification reads the
published specifications' files, not the issuer's modules.
"""
