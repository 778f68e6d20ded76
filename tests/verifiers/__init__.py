"""Verifiers from elsewhere, run by node: see ``tests.verifiers.node``."""
