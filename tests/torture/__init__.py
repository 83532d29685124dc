"""Tests that can go on for hours: `python -m tests.torture KIND`."""
