"""The blocks inside a pill as an author's form refers to them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block inside the pill, as an outcome may refer to it. ``part``: of another graded block, which counts it."""

    reference: str
    title: str
    graded: bool
    part: bool = False

    @property
    def offered(self) -> bool:
        """Whether an outcome should be able to choose it."""
        return self.graded and not self.part
