"""Runs written by earlier versions stay readable: one archive for each version of the format."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from unitscope.measures import measure
from unitscope.run import FORMAT_VERSION, open_run
from unitscope.run.ledger import check_blocks

ARCHIVES = sorted((Path(__file__).parent / "archives").glob("run-v*.zip"))


def test_there_is_an_archive_of_the_present_version():
    assert f"run-v{FORMAT_VERSION}.zip" in [path.name for path in ARCHIVES]


@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.stem)
def test_an_archived_run_opens_and_says_the_same(archive, tmp_path):
    zipfile.ZipFile(archive).extractall(tmp_path)
    run = open_run(tmp_path / archive.stem)
    assert check_blocks(run.directory, run.manifest, contents=True).damaged == {}
    assert [(layer.name, layer.units) for layer in run.layers] == [("fc7", 128), ("fc8", 16)]
    assert run.manifest.n_items == len(run.items) == 48
    assert len(run.classes) == 16
    np.testing.assert_array_equal(run.items["correct"], run.items["predicted"] == run.items["label"])
    # The logits say what was predicted, and the table what is measured today.
    np.testing.assert_array_equal(run.activations("fc8").argmax(0), run.items["predicted"])
    keep = run.choose_items(run.parameters("selectivity")["items"])
    today = measure(run.activations("fc7").T[keep], run.labels[keep])
    then = run.table("selectivity").head(128)
    for name in ("average_precision", "max_informedness", "ccmas", "auc", "zero_share"):
        np.testing.assert_allclose(then[name], today[name], rtol=1e-12, err_msg=name)
        assert run.columns("selectivity")[name].title
    best = np.nan_to_num(run.array("selectivity", "auc")[:128], nan=-1).max(1)
    np.testing.assert_allclose(best, today["auc"].fillna(-1), rtol=1e-12)
