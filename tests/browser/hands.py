"""The two ways to use a page: with the mouse, and with nothing but the keyboard."""

from __future__ import annotations

import pytest

KEYS = 250  # presses of Tab until something must have been reached
_WHERE = """(wanted) => {
  const active = document.activeElement;
  return active === wanted ? 0 : active.compareDocumentPosition(wanted) & 4 ? 1 : -1;
}"""


class Mouse:
    """Points and clicks; types where there is text to write."""

    def __init__(self, page) -> None:
        self.page = page

    def press(self, locator) -> None:
        """Click a button, a box, or the words beside one."""
        locator.click()

    def write(self, locator, text: str) -> None:
        """Replace what stands in a field."""
        locator.click()
        locator.fill(text)

    def choose(self, locator, value: str) -> None:
        """An option of a select."""
        locator.select_option(value)

    def find(self, line, text: str, offers) -> None:
        """Type into a line that searches, and take the first of what it offers."""
        line.click()
        self.page.keyboard.type(text)
        offers.first.click()

    def pick(self, name: str, value: str) -> None:
        """One of the radio buttons ``[data-badge=name]``."""
        self.page.locator(f"label:has([data-badge='{name}'][value='{value}'])").click()

    def tab(self, name: str) -> None:
        """Another panel of the form."""
        self.page.locator(f"[role='tab'][data-target='{name}']").click()
        self.page.locator(f"[data-tab='{name}']").wait_for()

    def move_up(self, card) -> None:
        """An outcome above the one before it: dragged by its handle."""
        handle, above = card.locator("[data-part='handle']"), card.locator("xpath=preceding-sibling::*[@data-card][1]")
        above.scroll_into_view_if_needed()
        start, end = handle.bounding_box(), above.bounding_box()
        x = start["x"] + start["width"] / 2
        self.page.mouse.move(x, start["y"] + start["height"] / 2)
        self.page.mouse.down()
        self.page.mouse.move(x, end["y"] + 12, steps=8)
        self.page.mouse.move(x, end["y"] + 4, steps=2)
        self.page.mouse.up()


class Keyboard:
    """Reaches everything with Tab, as somebody does who has no mouse, and never sets the focus by script."""

    def __init__(self, page) -> None:
        self.page = page

    def reach(self, locator) -> None:
        """Press Tab, or Shift and Tab, until the element has the focus."""
        wanted = locator.element_handle()
        for _press in range(KEYS):
            where = wanted.evaluate(_WHERE)
            if where == 0:
                return
            self.page.keyboard.press("Tab" if where > 0 else "Shift+Tab")
        pytest.fail(f"the keyboard does not reach {locator}")

    def press(self, locator) -> None:
        """Enter on a button, Space on a box."""
        self.reach(locator)
        self.page.keyboard.press("Space" if locator.get_attribute("type") == "checkbox" else "Enter")

    def write(self, locator, text: str) -> None:
        """Replace what stands in a field."""
        self.reach(locator)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def choose(self, locator, value: str) -> None:
        """An option of a select, by the arrows from the nearer end of its list."""
        self.reach(locator)
        values = locator.locator("option").evaluate_all("options => options.map((option) => option.value)")
        first = values.index(value) < len(values) / 2
        self.page.keyboard.press("Home" if first else "End")
        for _press in values:
            if locator.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown" if first else "ArrowUp")
        pytest.fail(f"the keyboard does not choose {value}")

    def find(self, line, text: str, offers) -> None:
        """Type into a line that searches, and take the first of what it offers."""
        self.reach(line)
        self.page.keyboard.type(text)
        offers.first.wait_for()
        self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")

    def pick(self, name: str, value: str) -> None:
        """One of the radio buttons ``[data-badge=name]``: Tab to the group, arrows inside."""
        self.reach(self.page.locator(f"[data-badge='{name}']:checked"))
        wanted = self.page.locator(f"[data-badge='{name}'][value='{value}']")
        for _press in range(KEYS):
            if wanted.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        pytest.fail(f"the keyboard does not pick {value}")

    def tab(self, name: str) -> None:
        """Another panel of the form, by the arrows of its tabs."""
        self.reach(self.page.locator("[role='tab'][aria-selected='true']"))
        for _press in range(4):
            if self.page.evaluate("document.activeElement.dataset.target") == name:
                break
            self.page.keyboard.press("ArrowRight")
        self.page.locator(f"[data-tab='{name}']").wait_for()

    def move_up(self, card) -> None:
        """An outcome above the one before it, by the keys that its heading has."""
        self.reach(card.locator("[data-action='fold']"))
        self.page.keyboard.press("Alt+ArrowUp")
