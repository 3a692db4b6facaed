"""Activations from elsewhere, and to elsewhere: ``import`` makes runs of files, ``export`` files of runs."""
