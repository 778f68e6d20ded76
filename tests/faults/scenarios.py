"""All faults, in the order in which they are played."""

from tests.faults import killed_workers, servers, wallet_faults  # noqa: F401  each adds its own
from tests.faults.common import SCENARIOS, Play, Scenario

__all__ = ["SCENARIOS", "Play", "Scenario"]
