"""Localization: class activation maps and boxes. Not built yet."""
