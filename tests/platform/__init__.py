"""Tests against a real platform: ``make test-platform PLATFORM=<checkout>``. Elsewhere they say why they skip."""
