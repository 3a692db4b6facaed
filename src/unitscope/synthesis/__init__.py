"""Synthesis: images that activate a unit the most, by gradient ascent and by generator. Not built yet."""
