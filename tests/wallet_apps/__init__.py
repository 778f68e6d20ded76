"""Wallet apps made of libraries that this project did not write."""
