"""What the report says: gathered from the run's tables, in plain dictionaries for the template."""

from typing import Any

import pandas as pd

from ..columns import own_name
from ..figures import rank_disagreement, top_units
from ..figures.boxplots import measures_of
from ..figures.chosen import class_name
from ..figures.tabular import number
from ..figures.top_units import BESIDE
from ..run import Run


def summary(run: Run, table: pd.DataFrame) -> list[str]:
    """Say in a few sentences what was found."""
    n = len(table)
    items = run.parameters("selectivity")
    which = "correctly classified items" if items["items"] == "correct" else "items"
    n_top = own_name("precision_60", table).split("_")[1]
    zhou, localist, bar = (int(table[name].sum()) for name in ("zhou_detector", "localist", "detector"))
    both = int((table["zhou_detector"] & table["detector"]).sum())
    sentences = [
        f"{n:,} units in {len(run.layers)} layers were measured on {items['n_items']:,} {which}{competed(run)}.",
        f"By precision among the {n_top} most active items, {zhou:,} units ({zhou / n:.0%}) would be called object "
        f"detectors (more than .75). Of these, {both:,} also meet the minimal bar of signal detection: some threshold "
        f"with more hits than misses and more hits than false alarms. In all, {bar:,} units meet it.",
        f"{localist:,} units are localist: active to all items of one class more than to any other item.",
    ]
    if table["max_informedness"].notna().any():
        best = table.iloc[int(table["max_informedness"].argmax())]
        name = class_name(run, best["max_informedness_class"])
        sentences.append(
            f"The highest maximum informedness is {best['max_informedness']:.2f}, unit {best['unit']} for {name}: "
            f"{best['max_informedness_recall']:.0%} of its members are above the threshold, "
            f"and {best['max_informedness_false_discovery_rate']:.0%} of what is above are not members."
        )
    return sentences


def competed(run: Run) -> str:
    """Say which classes the measures chose among."""
    settings = run.parameters("selectivity")
    present = int(run.table("selectivity")["n_classes"].max())
    united = settings.get("class_sets", {})
    sets = ", ".join(f"{name} ({len(members):,} classes)" for name, members in united.items())
    if settings.get("only_class_sets"):
        return f"; measures chose among {len(united)} class sets, each against the rest: {sets}"
    return f" of {present:,} classes" + (f" and their unions {sets}" if sets else "")


def measured(run: Run) -> str:
    """Say how the run was measured."""
    settings = run.parameters("selectivity")
    again = [f"{resampled(run)}, seed {settings['seed']}"] if resampled(run) else []
    return "; ".join([f"{settings['n_items']:,} items ({settings['items']}){competed(run)}", *again])


def resampled(run: Run) -> str:
    """Say what the measures were compared with; empty if with nothing."""
    settings = run.parameters("selectivity")
    words = {"permutations": "permutations", "bootstrap": "bootstrap samples"}
    return " and ".join(f"{settings[name]:,} {word}" for name, word in words.items() if settings.get(name))


def recorded(run: Run) -> list[tuple[str, str]]:
    """List what was recorded, as pairs of a word and what it was."""
    identity, origin = run.manifest.identity, run.manifest.provenance
    model = identity.get("model", {})
    computation = identity.get("computation", {})
    batches = {**computation, "batch_size": f"batches of {computation.get('batch_size')}"} if computation else {}
    facts = [
        ("Model", model.get("spec", "unknown")),
        ("Weights (sha256)", str(model.get("weights_sha256", "unknown"))[:16]),
        ("Preprocessing", identity.get("preprocessing", "unknown")),
        ("Data", origin.get("data", origin.get("imported", {})).get("spec", "unknown")),
        ("Items", f"{run.manifest.n_items:,} of {len(run.classes):,} classes"),
        ("Labels", origin.get("labels", "as given")),
        ("Stored as", stored_as(run)),
        ("Computed on", ", ".join(map(str, batches.values())) or "unknown"),
        ("Measured", measured(run)),
        ("Recorded", f"{origin.get('created', 'unknown')} with Unitscope {origin.get('unitscope', 'unknown')}"),
    ]  # fmt: skip
    if run.manifest.predictions:
        correct = run.items["correct"]
        facts.insert(5, ("Correctly classified", f"{correct.sum():,} of {len(correct):,} ({correct.mean():.2%})"))
    if len(run.skipped):
        facts.append(("Left out", f"{len(run.skipped):,} unreadable items: " + ", ".join(run.skipped["item_id"][:20])))
    return [(word, fact) for word, fact in facts if fact != "unknown"]  # an imported file says less than a recording


def stored_as(run: Run) -> str:
    """Say what was kept of the activations."""
    kept = run.manifest.histograms
    if kept is not None:
        return (
            f"histograms of {kept['items']} items, {kept['bins_per_octave']} bins per octave: each measure lies within "
            "the error that the table states"
        )
    half = " — half precision: values were rounded and many tie" if run.manifest.dtype == "float16" else ""
    return run.manifest.dtype + half


def layers(run: Run, table: pd.DataFrame) -> list[list[str]]:
    """Return a row for each layer: what it holds, and of how many units measures are undefined or limited, and why."""
    rows = []
    for layer in run.layers:
        reasons = table.loc[table["layer"] == layer.name, "undefined"]
        counts = reasons[reasons != ""].str.split("; ").explode().value_counts()
        rows.append(
            [
                layer.name,
                f"{layer.units:,}",
                " x ".join(map(str, layer.positions)) or "–",
                layer.reduction,
                "; ".join(f"{count:,} {reason}" for reason, count in counts.items()) or "–",
            ]
        )
    return rows


def unit_rows(run: Run, table: pd.DataFrame, units: list[str]) -> dict[str, Any]:
    """Make a table of some units with what the measures say of them, and their class of maximum informedness."""
    columns = run.columns("selectivity")
    beside = [own_name(name, table) for name in BESIDE]
    found = table.set_index("unit").loc[units]
    rows = [
        {
            "unit": unit,
            "class": class_name(run, row["max_informedness_class"]),
            "values": [number(row[name]) for name in beside],
        }
        for unit, row in found.iterrows()
    ]
    return {"titles": [columns[name].title for name in beside], "rows": rows}


def tops(run: Run, count: int) -> list[dict[str, Any]]:
    """List the units highest on each measure, of all layers."""
    return [
        {"column": column, "table": top_units(run, [column.name], count, per_layer=False).text}
        for column in measures_of(run)
    ]


def disagreed(run: Run, table: pd.DataFrame, count: int) -> dict[str, Any]:
    """List the units that the measures disagree about most."""
    columns = run.columns("selectivity")
    ranked = rank_disagreement(table).head(count)
    rows = unit_rows(run, table, ranked["unit"].tolist())
    for row, (_, found) in zip(rows["rows"], ranked.iterrows(), strict=True):
        row["highest_by"], row["lowest_by"] = columns[found["highest_by"]].title, columns[found["lowest_by"]].title
    return rows


def units_to_show(table: pd.DataFrame, per_layer: int = 1, disagreeing: int = 4, most: int = 12) -> list[str]:
    """Choose the units worth a picture: the most informed of each layer, and those most disagreed about."""
    ranked = table.dropna(subset=["max_informedness"]).sort_values("max_informedness", ascending=False, kind="stable")
    best = ranked.groupby("layer", sort=False).head(per_layer)["unit"].tolist()[: most - disagreeing]
    return list(dict.fromkeys([*best, *rank_disagreement(table)["unit"].head(disagreeing)]))
