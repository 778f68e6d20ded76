"""Delivery channels: one adapter per kind of wallet, and the one transport they all go through."""
