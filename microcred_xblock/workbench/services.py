"""XBlock services of the demo: learners with names and addresses of their own."""

from __future__ import annotations

from dataclasses import dataclass

from xblock.reference.user_service import UserService, XBlockUser


@dataclass(frozen=True, kw_only=True)
class DemoLearner:
    """Somebody to play."""

    id: str
    name: str
    email: str


LEARNERS = (
    DemoLearner(id="student_1", name="Alex Martin", email="alex.martin@example.org"),
    DemoLearner(id="student_2", name="Noor Haddad", email="noor.haddad@example.org"),
    DemoLearner(id="student_3", name="Łucja Wiśniewska", email="lucja.wisniewska@example.org"),
)
_BY_ID = {learner.id: learner for learner in LEARNERS}


class DemoUserService(UserService):
    """The learner named by the page's ``?student=``, whom the workbench would otherwise give everybody's address.

    The workbench makes the service without arguments and sets ``runtime`` afterwards.
    """

    def get_current_user(self) -> XBlockUser:
        """Name, address and workbench id of the current learner."""
        user_id = self.runtime.user_id or ""
        learner = _BY_ID.get(user_id) or DemoLearner(
            id=user_id, name=f"Demo learner {user_id}".strip(), email="demo.learner@example.org"
        )
        user = XBlockUser(is_current_user=True, emails=[learner.email], full_name=learner.name)
        user.opt_attrs["xblock-workbench.user_id"] = user_id
        return user
