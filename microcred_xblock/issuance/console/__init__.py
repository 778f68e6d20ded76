"""The console: one page for platform and course staff that shows every award, and what can be done with it."""
