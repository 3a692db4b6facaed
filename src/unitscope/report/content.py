"""Contents of the report, from the run's tables, as plain dictionaries for the template."""

from typing import Any

import pandas as pd

from ..features import FEATURES
from ..figures import rank_disagreement, top_units
from ..figures.tabular import number
from ..figures.top_units import BESIDE
from ..figures.unit_data import count_top, measures_of_paper
from ..run import Run
from ..run.lookup import find_columns, list_columns, title_of_class, unit_row
from ..selectivity import SELECTIVITY


def summary(run: Run, table: pd.DataFrame) -> list[str]:
    """Return the main results in a few sentences."""
    n = len(table)
    items = run.parameters(SELECTIVITY)
    which = "correctly classified items" if items["items"] == "correct" else "items"
    n_top = count_top(run)
    zhou, localist, bar = (int(table[name].sum()) for name in ("zhou_detector", "localist", "detector"))
    both = int((table["zhou_detector"] & table["detector"]).sum())
    sentences = [
        f"{n:,} units in {len(run.layers)} layers were measured on {items['n_items']:,} {which}{competed(run)}.",
        f"By precision among the {n_top} most active items, {zhou:,} units ({zhou / n:.0%}) would be called object "
        f"detectors (more than .75). Of these, {both:,} also meet the minimal bar of signal detection: some threshold "
        "with more hits than misses and more hits than false alarms. "
        f"In all, {bar:,} units meet it{held_out_bar(table)}.",
        f"{localist:,} units are localist: active to all items of one class more than to any other item.",
    ]
    if table["max_informedness"].notna().any():
        best = table.iloc[int(table["max_informedness"].argmax())]
        name = title_of_class(run, best["max_informedness_class"])
        sentences.append(
            f"The highest maximum informedness is {best['max_informedness']:.2f}, unit {best['unit']} for {name}: "
            f"{best['max_informedness_recall']:.0%} of its members are above the threshold, "
            f"and {best['max_informedness_false_discovery_rate']:.0%} of what is above are not members."
            f"{held_out_best(best)}"
        )
    if table["class_index_expected"].notna().any():
        sentences.append(
            f"With these classes the class selectivity index of random items is "
            f"{table['class_index_expected'].median():.2f} on average (median over units): this is its floor, not 0."
        )
    return sentences


def held_out_bar(table: pd.DataFrame) -> str:
    """Return how many units meet the minimal bar on items that did not choose; empty if the run does not tell."""
    if "detector_held_out" not in table:
        return ""
    return f", {int(table['detector_held_out'].sum()):,} on items that had no part in choosing class and threshold"


def held_out_best(unit: pd.Series) -> str:
    """Return a unit's held-out informedness with its interval as a sentence; empty if it has none."""
    value = unit.get("max_informedness_held_out")
    if value is None or pd.isna(value):
        return ""
    low, high = unit["max_informedness_low"], unit["max_informedness_high"]
    interval = "" if pd.isna(low) else f" (95 %: {low:.2f} to {high:.2f})"
    return f" Held out, its informedness is {value:.2f}{interval}."


def competed(run: Run) -> str:
    """Return the classes among which the measures choose."""
    settings = run.parameters(SELECTIVITY)
    present = int(run.stored_table(SELECTIVITY).frame["n_classes"].max())
    united = settings.get("class_sets", {})
    sets = ", ".join(f"{name} ({len(members):,} classes)" for name, members in united.items())
    if settings.get("only_class_sets"):
        return f"; measures chose among {len(united)} class sets, each against the rest: {sets}"
    return f" of {present:,} classes" + (f" and their unions {sets}" if sets else "")


def measured(run: Run) -> str:
    """Return how the run was measured."""
    settings = run.parameters(SELECTIVITY)
    again = [f"{permuted(run)}, seed {settings['seed']}"] if permuted(run) else []
    return "; ".join([f"{settings['n_items']:,} items ({settings['items']}){competed(run)}", *again])


def permuted(run: Run) -> str:
    """Return the number of permutations; empty if there are none."""
    number = run.parameters(SELECTIVITY).get("permutations")
    return f"{number:,} permutations" if number else ""


def recorded(run: Run) -> list[tuple[str, str]]:
    """Return what was recorded, as pairs of a key and a value."""
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
    """Return the form in which activations are stored."""
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
    """Return a table of some units with their measures and their class of maximum informedness."""
    shown = find_columns(run, measures_of_paper(BESIDE))
    classes = table.set_index("unit")["max_informedness_class"]
    rows = [
        {
            "unit": unit,
            "class": title_of_class(run, classes[unit]),
            "values": [number(found.by_unit[unit]) for found in shown],
        }
        for unit in units
    ]
    return {"titles": [found.title for found in shown], "rows": rows}


def tops(run: Run, count: int) -> list[dict[str, Any]]:
    """Return the units highest on each measure of each table, of all layers."""
    return [
        {"column": found.column, "table": top_units(run, [found.full_name], count, per_layer=False).text}
        for found in list_columns(run)
    ]


def disagreed(run: Run, table: pd.DataFrame, count: int) -> dict[str, Any]:
    """Return the units that the measures disagree about most."""
    columns = run.columns(SELECTIVITY)
    ranked = rank_disagreement(run).head(count)
    rows = unit_rows(run, table, ranked["unit"].tolist())
    for row, (_, found) in zip(rows["rows"], ranked.iterrows(), strict=True):
        row["highest_by"], row["lowest_by"] = columns[found["highest_by"]].title, columns[found["lowest_by"]].title
    return rows


def units_to_show(run: Run, table: pd.DataFrame, per_layer: int = 1, disagreeing: int = 4, most: int = 12) -> list[str]:
    """Return the units to show pictures of: the most informed of each layer, and those most disagreed about."""
    ranked = table.dropna(subset=["max_informedness"]).sort_values("max_informedness", ascending=False, kind="stable")
    best = ranked.groupby("layer", sort=False).head(per_layer)["unit"].tolist()[: most - disagreeing]
    return list(dict.fromkeys([*best, *rank_disagreement(run)["unit"].head(disagreeing)]))


def data_dictionary(run: Run) -> list[dict[str, Any]]:
    """Return each table with its columns, without those that permutations and halves add."""
    added = ("held_out", "chance", "probability", "limit")
    return [
        {"table": name, "columns": [column for column in run.columns(name).values() if column.kind not in added]}
        for name in sorted(run.tables, key=lambda name: name != SELECTIVITY)
    ]


def looks_at(run: Run, unit: str) -> str:
    """Return what the features of a unit say, in a sentence; empty where the run has none."""
    if FEATURES not in run.tables:
        return ""
    row = unit_row(run, FEATURES, unit)
    if row["undefined"]:
        return f"No neuron feature: {row['undefined']}."
    text = (
        f"Neuron feature: what the unit sees of its {row['n_top']:,} top items, on average "
        f"({row['field_height']:,} x {row['field_width']:,} pixels)."
    )
    if pd.notna(row["colour_index"]):
        text += f" Colour index {row['colour_index']:.2f}"
        if pd.notna(row["colour_index_low"]):
            text += f" (95 %: {row['colour_index_low']:.2f} to {row['colour_index_high']:.2f})"
        text += "."
    if row["top_classes"]:
        text += f" Classes: {row['top_classes']}" + (f" ({row['common_noun']})" if row["common_noun"] else "") + "."
    if row["most_similar"]:
        text += f" Most similar: unit {row['most_similar']}, {row['similarity']:.2f}."
    return text
