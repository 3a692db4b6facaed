"""Keep pytest from importing the tiny package, which would install it for all tests."""

collect_ignore = ["conftest.py", "tiny_package"]
