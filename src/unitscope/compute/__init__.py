"""Compute: where tasks run, local processes, Dask, SLURM. Not built yet."""
