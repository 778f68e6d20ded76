"""The demo: the XBlock workbench dressed as a course page, a separate wallet, and the supervisor that starts both."""
