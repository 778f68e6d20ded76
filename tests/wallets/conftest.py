"""The loopback host, and a transport that may speak to it."""

import pytest

from microcred_xblock.wallets.base import place
from microcred_xblock.wallets.transport import Policy, Transport

from .host import Host


@pytest.fixture
def host():
    """A running wallet host."""
    with Host() as running:
        yield running


@pytest.fixture
def transport(host):
    """A transport allowed to speak to ``host`` only, with short limits."""
    return Transport(
        Policy(
            hosts=frozenset({place(host.url)}), allow_loopback_http=True, connect_timeout=0.5, read_timeout=0.4,
            total_timeout=0.9, max_bytes=100_000,
        )
    )
