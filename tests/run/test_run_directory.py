"""The run directory: what is written is what is read, and whatever is broken is named."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
import zarr

from unitscope.columns import Column
from unitscope.errors import UnitscopeError
from unitscope.run import FORMAT_VERSION, Layer, Manifest, create_run, open_run
from unitscope.run.ledger import check_blocks, format_ranges
from unitscope.run.manifest import flatten

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 150)
VALUES = {
    "conv5": np.maximum(RNG.normal(size=(150, 70)), 0).astype(np.float32),
    "a/b%c": RNG.normal(size=(150, 3)).astype(np.float32),
}


def test_activations_come_back_bit_for_bit(make_run):
    run = make_run(VALUES, LABELS)
    for layer, values in VALUES.items():
        read = run.activations(layer)
        assert read.flags.c_contiguous
        np.testing.assert_array_equal(read, values.T)
    np.testing.assert_array_equal(run.activations("conv5", 60, 70), VALUES["conv5"].T[60:70])
    np.testing.assert_array_equal(run.unit_activations("a/b%c:2"), VALUES["a/b%c"][:, 2])


def test_one_file_per_block_and_layer_stored_unit_major(make_run):
    run = make_run(VALUES, LABELS)
    shards = sorted(
        path.relative_to(run.directory).as_posix() for path in run.directory.glob("activations.zarr/*/c/*/*")
    )
    assert shards == [
        *(f"activations.zarr/a%2Fb%25c/c/{block}/0" for block in range(3)),
        *(f"activations.zarr/conv5/c/{block}/0" for block in range(3)),
    ]
    array = zarr.open_array(run.directory / "activations.zarr" / "conv5")
    assert array.metadata.dimension_names == ("item", "unit")
    assert "transpose" in json.dumps(array.metadata.to_dict(), default=str)


def test_unwritten_rows_are_nan(tmp_path):
    writer = begin(tmp_path / "run")
    writer.write_block(1, {"fc6": np.ones((5, 64), np.float32)})
    array = zarr.open_array(tmp_path / "run" / "activations.zarr" / "fc6")[:]
    assert np.isnan(array[:64]).all()
    assert (array[64:128] == 1).all()
    assert np.isnan(array[128:]).all()


def begin(directory, **changes):
    """Create a run of 150 items and 5 units without writing any block."""
    content = {"identity": {"model": {"weights_sha256": "abc"}}, "layers": (Layer("fc6", 5),), "n_items": 150}
    manifest = Manifest(**{**content, "block_items": 64, "predictions": False, **changes})
    items = pd.DataFrame({"item_id": [str(i) for i in range(manifest.n_items)], "uri": "", "label": 0})
    return create_run(directory, manifest, items, pd.DataFrame({"class": ["a"], "name": ["a"]}))


def fill(writer, blocks=None):
    """Write blocks of random values that depend on the block alone."""
    for block in writer.blocks_to_do() if blocks is None else blocks:
        rows = writer.manifest.block(block)
        rng = np.random.default_rng(block)
        writer.write_block(block, {"fc6": rng.normal(size=(5, rows.stop - rows.start)).astype(np.float32)})


def test_a_run_is_identified_by_its_content(tmp_path):
    fill(begin(tmp_path / "run"))
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "run").rglob("*"))
    with pytest.raises(UnitscopeError, match=r"model.weights_sha256: abc there, xyz now"):
        begin(tmp_path / "run", identity={"model": {"weights_sha256": "xyz"}})
    with pytest.raises(UnitscopeError, match=r"layers.0.name: fc6 there, fc7 now"):
        begin(tmp_path / "run", layers=(Layer("fc7", 5),))
    with pytest.raises(UnitscopeError, match="n_items: 150 there, 151 now"):
        begin(tmp_path / "run", n_items=151)
    assert sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "run").rglob("*")) == before
    assert begin(tmp_path / "run", provenance={"host": "elsewhere"}).blocks_to_do() == []


def test_an_unfinished_run_lists_what_is_missing_and_goes_on(tmp_path):
    writer = begin(tmp_path / "run")
    fill(writer, [1])
    assert not writer.finish()
    with pytest.raises(UnitscopeError, match=r"not finished \(missing blocks of 3: 0, 2\)"):
        open_run(tmp_path / "run")
    again = begin(tmp_path / "run")
    assert again.blocks_to_do() == [0, 2]
    fill(again)
    assert again.finish()
    assert open_run(tmp_path / "run").manifest.n_items == 150


def test_interrupted_and_uninterrupted_runs_have_the_same_bytes(tmp_path):
    for name, orders in (("whole", [[0, 1, 2]]), ("parts", [[2], [1, 0]])):
        for order in orders:
            fill(begin(tmp_path / name), order)
    shards = [path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").glob("activations.zarr/**/c/*/0")]
    assert len(shards) == 3
    for shard in shards:
        assert (tmp_path / "whole" / shard).read_bytes() == (tmp_path / "parts" / shard).read_bytes()


@pytest.mark.parametrize("harm", ["truncate", "remove"])
def test_a_broken_shard_is_named_and_written_again(tmp_path, harm):
    fill(begin(tmp_path / "run"))
    whole = open_run(tmp_path / "run").activations("fc6")
    shard = tmp_path / "run" / "activations.zarr" / "fc6" / "c" / "1" / "0"
    if harm == "truncate":
        os.truncate(shard, shard.stat().st_size // 2)
    else:
        shard.unlink()
    with pytest.raises(UnitscopeError, match=f"{shard}.*repair it with the same record command"):
        open_run(tmp_path / "run")
    writer = begin(tmp_path / "run")
    assert writer.blocks_to_do() == [1]
    fill(writer)
    np.testing.assert_array_equal(open_run(tmp_path / "run").activations("fc6"), whole)


def test_changed_bytes_of_the_same_length_are_found_by_content(tmp_path):
    writer = begin(tmp_path / "run")
    fill(writer)
    shard = tmp_path / "run" / "activations.zarr" / "fc6" / "c" / "0" / "0"
    content = bytearray(shard.read_bytes())
    content[10] ^= 1
    shard.write_bytes(content)
    assert check_blocks(tmp_path / "run", writer.manifest).damaged == {}
    assert "has changed since" in check_blocks(tmp_path / "run", writer.manifest, contents=True).damaged[0]


def test_a_damaged_ledger_entry_means_the_block_is_to_do(tmp_path):
    fill(begin(tmp_path / "run"))
    (tmp_path / "run" / "ledger" / "000002.json").write_text("{")
    assert begin(tmp_path / "run").blocks_to_do() == [2]


def test_something_else_in_the_place_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UnitscopeError, match="neither a run nor empty"):
        begin(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(UnitscopeError, match="neither a run nor empty"):
        begin(tmp_path / "notes.txt")


def test_a_crash_while_creating_leaves_nothing_behind(tmp_path, monkeypatch):
    def crash(*arguments):
        raise RuntimeError("out of power")

    monkeypatch.setattr("unitscope.run.writing.create_arrays", crash)
    with pytest.raises(RuntimeError):
        begin(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_keeps_finished_blocks(tmp_path, monkeypatch):
    writer = begin(tmp_path / "run")
    fill(writer, [0])

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("unitscope.run.writing.enter_block", full)
    with pytest.raises(UnitscopeError, match=r"is full; free some space"):
        fill(writer, [1])
    assert writer.blocks_to_do() == [1, 2]


def test_a_full_disk_is_said_where_only_predictions_are_written(tmp_path, monkeypatch):
    writer = begin(tmp_path / "run", predictions=True)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("unitscope.run.writing.write_parquet", full)
    with pytest.raises(UnitscopeError, match=r"is full; free some space"):
        writer.write_predictions(0, pd.DataFrame({"predicted": [0], "correct": [True], "probability": [1.0]}))


def test_parts_of_a_killed_write_are_removed_when_the_block_is_written_again(tmp_path):
    writer = begin(tmp_path / "run")
    fill(writer, [0])
    shard = tmp_path / "run" / "activations.zarr" / "fc6" / "c" / "1"
    shard.mkdir()
    (shard / "0.1a2b3c.partial").write_bytes(b"half")  # what Zarr's local store names its temporary files
    fill(writer)
    assert [path.name for path in shard.iterdir()] == ["0"]


def test_an_unknown_format_version_is_refused(tmp_path):
    fill(begin(tmp_path / "run"))
    path = tmp_path / "run" / "run.json"
    path.write_text(path.read_text().replace(f'"format_version": {FORMAT_VERSION}', '"format_version": 99'))
    with pytest.raises(UnitscopeError, match="format version 99"):
        open_run(tmp_path / "run")


def test_a_damaged_manifest_is_named(tmp_path):
    fill(begin(tmp_path / "run"))
    (tmp_path / "run" / "run.json").write_text("not json")
    with pytest.raises(UnitscopeError, match=r"run\.json is damaged"):
        open_run(tmp_path / "run")


def test_predictions_become_columns_of_the_items(make_run):
    predicted = np.where(np.arange(150) % 3 == 0, LABELS, -1)
    run = make_run(VALUES, LABELS, predicted)
    np.testing.assert_array_equal(run.items["predicted"], predicted)
    np.testing.assert_array_equal(run.choose_items(), predicted == LABELS)
    assert run.choose_items("all").all()
    with pytest.raises(UnitscopeError, match="must be 'correct' or 'all', not 'most'"):
        run.choose_items("most")


def test_without_predictions_all_items_are_used(make_run):
    run = make_run(VALUES, LABELS)
    assert run.choose_items().all()
    with pytest.raises(UnitscopeError, match="has no predictions"):
        run.choose_items("correct")


@pytest.mark.parametrize(
    ("unit", "message"),
    [
        ("fc9:1", "no layer fc9"),
        ("conv5:70", "no unit 70; its units are 0 to 69"),
        ("conv5", "write LAYER:INDEX, such as conv5:0"),
        ("conv4:0", "did you mean 'conv5'"),
    ],
)
def test_unknown_units_are_explained(make_run, unit, message):
    with pytest.raises(UnitscopeError, match=message):
        make_run(VALUES, LABELS).find_unit(unit)


def test_tables_carry_their_descriptions_and_parameters(make_run):
    run = make_run(VALUES, LABELS)
    columns = [Column("unit", "Unit", "the unit's id", kind="text"), Column("auc", "Area", "chance", low=0, high=1)]
    frame = pd.DataFrame({"unit": ["conv5:0"], "auc": [0.5]})
    run.add_table("selectivity", frame, columns, {"items": "all"})
    again = open_run(run.directory)
    assert again.tables == ["selectivity"]
    pd.testing.assert_frame_equal(again.table("selectivity"), frame)
    assert list(again.columns("selectivity").values()) == columns
    assert again.parameters("selectivity") == {"items": "all"}
    with pytest.raises(UnitscopeError, match="no table other; it has: selectivity"):
        again.table("other")
    with pytest.raises(ValueError, match="no description"):
        run.add_table("other", frame, columns[:1], {})


def test_the_same_bytes_open_elsewhere(make_run):
    run = make_run(VALUES, LABELS)
    np.testing.assert_array_equal(zarr.open(run.directory / "activations.zarr", mode="r")["conv5"][:], VALUES["conv5"])
    assert pd.read_parquet(run.directory / "units.parquet")["unit"].tolist() == run.units["unit"].tolist()


@pytest.mark.parametrize("name", ["items", "classes", "units"])
def test_a_lost_table_is_named(make_run, name):
    run = make_run({"fc": np.zeros((4, 2), np.float32)}, [0, 0, 1, 1])
    (run.directory / f"{name}.parquet").unlink()
    with pytest.raises(UnitscopeError, match=rf"{name}.parquet is missing; repair it with the same record command"):
        getattr(open_run(run.directory), name)


def test_a_manifest_that_says_too_little_is_named(make_run):
    run = make_run({"fc": np.zeros((4, 2), np.float32)}, [0, 0, 1, 1])
    (run.directory / "run.json").write_text('{"format_version": 1}')
    with pytest.raises(UnitscopeError, match=r"run\.json is damaged \('layers'\)"):
        open_run(run.directory)


def test_missing_run(tmp_path):
    with pytest.raises(UnitscopeError, match="is not a run"):
        open_run(tmp_path)


def test_blocks_in_words():
    assert format_ranges([]) == ""
    assert format_ranges([3]) == "3"
    assert format_ranges([0, 1, 2, 5, 7, 8]) == "0-2, 5, 7-8"


def test_flatten_keeps_every_leaf():
    assert dict(flatten({"a": {"b": [1, {"c": 2}]}, "d": None})) == {"a.b.0": 1, "a.b.1.c": 2, "d": None}


def test_a_moved_run_still_opens(make_run, tmp_path):
    run = make_run(VALUES, LABELS)
    shutil.move(run.directory, tmp_path / "elsewhere")
    np.testing.assert_array_equal(open_run(tmp_path / "elsewhere").activations("conv5"), VALUES["conv5"].T)
