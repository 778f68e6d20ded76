"""Checks and chores of the repository; never installed."""
