"""How far measures from histograms are from those of stored activations, and how far they said they might be.

Record the same layers twice, with and without ``--no-store``, measure both, and run
``python benchmarks/streaming.py STORED COUNTED``; it prints a Markdown table.
"""

import sys

from unitscope.run import open_run


def main() -> None:
    """Compare two measured runs."""
    stored, counted = open_run(sys.argv[1]).table("selectivity"), open_run(sys.argv[2]).table("selectivity")
    if not stored["unit"].equals(counted["unit"]):
        raise SystemExit("the runs are not of the same units")
    print("| measure | largest difference | median | largest error stated | median |\n|---|---|---|---|---|")
    for error in (name for name in counted if name.endswith("_error")):
        name = error.removesuffix("_error")
        off = (counted[name] - stored[name]).abs()
        outside = int((off > counted[error] + 1e-9).sum())
        numbers = (off.max(), off.median(), counted[error].max(), counted[error].median())
        print(f"| {name} | " + " | ".join(f"{number:.5f}" for number in numbers) + " |")
        if outside:
            raise SystemExit(f"{name} is outside of its error for {outside} units")


if __name__ == "__main__":
    main()
