"""Dissection: concept masks, thresholds, intersection over union. Not built yet."""
