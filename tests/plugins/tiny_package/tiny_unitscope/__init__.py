"""One part of each kind for Unitscope."""
