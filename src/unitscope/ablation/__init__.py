"""Ablation: what a network can no longer do when a unit is silenced (Morcos et al. 2018; Zhou et al. 2018).

``ablated`` silences units for a user's own experiments.
"""

from .ablated import ablated

__all__ = ["ablated"]
