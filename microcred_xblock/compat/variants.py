"""Where not everybody gets the same content: which way a learner is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

BANKS = ("library_content", "itembank")
# Groups that others, or chance, put a learner into. Whoever likes may be in the free track, or join a team: neither
# must be the way around what assesses.
_SCHEMES = frozenset({"cohort", "random"})


class Ways:
    """What one learner was drawn, and the groups the learner is in. Made for one look; remembers what it has read."""

    def __init__(self, user: Any, course: Any) -> None:
        self._user, self._course = user, course
        self._selected: dict[Any, frozenset[tuple[str, str]]] = {}
        self._groups: dict[int, int | None] = {}

    def leads_elsewhere(self, pill: Any, way: tuple[Any, ...]) -> bool:
        """Whether the learner was sent another way than ``way`` (the blocks from the pill's child to an assessed one).

        That is: a bank has drawn others, the learner is in another arm of an experiment, or in another group than
        those that a block is for. It is not so while the draw is not made, nor for somebody in *no* group of that
        kind: nobody shall earn early, or with less, by not having been sorted yet. Nor does the enrolment track
        count, since everybody may choose the free one.
        """
        return any(
            self._drew_others(parent, child) or self._in_other_arm(parent, child) or self._in_other_group(child)
            for parent, child in zip((pill, *way), way, strict=False)
        )

    def not_drawn(self, structure: Any) -> frozenset[Any]:
        """The keys below item banks of a block structure that are not drawn; for libraries the platform removed them.

        All that is in a bank, if the draw is not made yet: it is made when the learner first looks.
        """
        return frozenset(
            below
            for bank in structure if bank.block_type == "itembank"
            for child in structure.get_children(bank) if _name(child) not in self._drawn(bank)
            for below in structure.topological_traversal(start_node=child)
        )

    def _drawn(self, bank: Any) -> frozenset[tuple[str, str]]:
        from lms.djangoapps.course_blocks.utils import get_student_module_as_dict

        if bank not in self._selected:
            state = get_student_module_as_dict(self._user, self._course, bank)
            self._selected[bank] = frozenset((str(kind), str(name)) for kind, name in state.get("selected") or ())
        return self._selected[bank]

    def _drew_others(self, parent: Any, child: Any) -> bool:
        key = parent.scope_ids.usage_id
        if key.block_type not in BANKS:
            return False
        present = {_name(usage) for usage in parent.children}
        drawn = self._drawn(key) & present
        wanted = len(present) if parent.max_count < 0 else min(parent.max_count, len(present))
        return _name(child.scope_ids.usage_id) not in drawn and len(drawn) >= wanted

    def _in_other_arm(self, parent: Any, child: Any) -> bool:
        if parent.scope_ids.usage_id.block_type != "split_test":
            return False
        group, key = self._group(parent.user_partition_id), child.scope_ids.usage_id
        arms = {int(number): _name(usage) for number, usage in parent.group_id_to_child.items()}
        return group in arms and _name(key) in arms.values() and arms[group] != _name(key)

    def _in_other_group(self, block: Any) -> bool:
        for partition, allowed in (getattr(block, "group_access", None) or {}).items():
            group = self._group(partition) if allowed else None
            if group is not None and group not in allowed:
                return True
        return False

    def _group(self, number: int) -> int | None:
        """The learner's group in a partition of the course; None if there is none that others put the learner in."""
        if number not in self._groups:
            self._groups[number] = next(self._read_group(number), None)
        return self._groups[number]

    def _read_group(self, number: int) -> Iterator[int]:
        from xmodule.partitions.partitions_service import PartitionService, get_user_partition_groups

        partition = PartitionService(self._course).get_user_partition(number)
        if partition is not None and partition.active and partition.scheme.name in _SCHEMES:
            for group in get_user_partition_groups(self._course, [partition], self._user, "id").values():
                yield group.id


def _name(key: Any) -> tuple[str, str]:
    """What names a block in its course, whatever branch or version the key is of."""
    return key.block_type, key.block_id
