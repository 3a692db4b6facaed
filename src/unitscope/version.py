"""The version of the package, in one place for the build and for what runs write about themselves."""

__version__ = "0.1.0"
