"""``export --to csv``: a folder of tables, for R, JASP, Excel."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..progress import Progress
from ..run import Run
from ..run.atomic import whole_directory


def write_csv(run: Run, path: Path, report: Progress) -> None:
    """Write ``items.csv``, ``classes.csv``, ``units.csv``, every table of the run, and ``activations.csv``.

    Classes are written as IDs. If items have several classes, ``labels.csv`` is a 0/1 table of items x classes.
    """
    with whole_directory(path) as folder:
        items = describe_items(run)
        items.to_csv(folder / "items.csv", index=False)
        run.classes.to_csv(folder / "classes.csv", index=False)
        run.units.to_csv(folder / "units.csv", index=False)
        if run.multi_label:
            members = pd.DataFrame(run.memberships.astype(int), columns=run.classes["class"])
            members.to_csv(folder / "labels.csv", index=False)
        for name in run.tables:
            run.table(name).to_csv(folder / f"{name}.csv", index=False)
        write_activations(run, items, folder / "activations.csv", report)


def describe_items(run: Run) -> pd.DataFrame:
    """Return the table of items with class IDs in ``label`` and ``predicted``, names in ``label_name``."""
    items = run.items.copy()
    ids, names = (run.classes[name].to_numpy(object) for name in ("class", "name"))
    if run.multi_label:
        items["labels"] = [" ".join(ids[labels]) for labels in items["labels"]]
    else:
        items["label"] = ids[run.labels]
        items.insert(list(items).index("label") + 1, "label_name", names[run.labels])
    if run.manifest.predictions:
        items["predicted"] = np.where(items["predicted"] >= 0, ids[items["predicted"]], "")
    return items


def write_activations(run: Run, items: pd.DataFrame, path: Path, report: Progress) -> None:
    """Write one row per item, block by block: ID, label, and a column for each unit."""
    kept = [name for name in ("item_id", "label", "predicted") if name in items]
    for number in range(run.manifest.n_blocks):
        rows = run.manifest.block(number)
        values = np.concatenate([run.item_activations(layer.name, rows) for layer in run.layers], axis=1).astype(
            np.float32
        )
        table = pd.DataFrame(values, columns=run.units["unit"].tolist())
        block = pd.concat([items.iloc[rows][kept].reset_index(drop=True), table], axis=1)
        block.to_csv(path, index=False, mode="a", header=number == 0)
        report("exporting", rows.stop, run.manifest.n_items)
