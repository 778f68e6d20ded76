"""Measurements of what the README claims: ratios from one run on one core."""
