"""Every promise in docs/reproducibility.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_tests_named_in_the_docs_exist():
    rows = [line for line in (ROOT / "docs" / "reproducibility.md").read_text().splitlines() if "::test_" in line]
    assert len(rows) > 10
    for row in rows:
        file = ""
        for named, test in re.findall(r"`(tests/\S+?\.py)?::(test_\w+)`", row):
            file = named or file  # a second test of the same file is named without it
            assert f"def {test}(" in (ROOT / file).read_text(), f"{file}::{test}"
