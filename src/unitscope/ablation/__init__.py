"""Ablation: what happens to each class when a unit is silenced. Not built yet."""
