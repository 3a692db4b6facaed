"""Dissection: concept masks, thresholds, intersection over union (Bau et al. 2017). No analysis of runs yet.

``thresholds`` finds what half a per cent of a unit's activations exceed. ``upsample`` says where the pixels of label
maps lie in a unit's map, and ``mask_runs`` which of them are in its mask. ``image_labels`` has the concepts of an
image, and ``tally`` counts the pixels that masks and concepts share.
"""
