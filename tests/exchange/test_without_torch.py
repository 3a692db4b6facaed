"""Everything but recording works where PyTorch cannot be imported."""

import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

WITHOUT = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "timm", "transformers", "safetensors"):
            raise ImportError(name + " is not installed here")

sys.meta_path.insert(0, NoTorch())
"""


def without_torch(code, cwd, status=0):
    """Run Python code in a process in which importing PyTorch fails."""
    code = WITHOUT + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    assert "torch" not in done.stdout
    return done


def commands(*lines):
    """Write code that runs commands of the command line one after another."""
    return f"""
        from unitscope.cli import main
        for line in {lines!r}:
            sys.argv = line.split()
            try:
                main.run()
            except SystemExit as end:
                if end.code:
                    raise
        assert not [name for name in sys.modules if name.partition(".")[0] == "torch"]
    """


@pytest.fixture
def session(tmp_path):
    """Write trials x cells with labels, answers, and items of several classes."""
    rng = np.random.default_rng(2)
    kinds = np.array(["face", "house", "tool"])[np.arange(90) % 3]
    rates = rng.normal(size=(90, 4)) + (kinds[:, None] == "face") * [3, 0, 0, 0]
    np.savez(tmp_path / "one.npz", V1=rates, labels=kinds, predicted=np.where(np.arange(90) < 80, kinds, "tool"))
    np.savez(tmp_path / "many.npz", V1=rates, labels=rng.random((90, 3)) < 0.4, image=np.arange(90))
    pd.DataFrame(rates).assign(label=kinds).to_csv(tmp_path / "one.csv", index=False)
    return tmp_path


def test_the_block_blocks(tmp_path):
    assert "not installed here" in without_torch("import torch", tmp_path, status=1).stderr


def test_import_measure_figure_report(session):
    done = without_torch(
        commands(
            "unitscope import one.npz one",
            "unitscope measure one",
            "unitscope figure jitter one V1:0 -o jitter.png",
            "unitscope report one",
            "unitscope import one.csv two --layer V1",
            "unitscope measure two --permutations 20",
            "unitscope compare one two",
            "unitscope import many.npz many",
            "unitscope measure many",
            "unitscope export one -o out.npz",
            "unitscope export one --to csv",
            "unitscope import one-csv back",
        ),
        session,
    )
    assert done.stdout.count("next: unitscope measure") == 4
    assert "imported 90 items of 3 classes (npz) in one\n" in done.stdout
    assert "columns of items: predicted, correct, probability" in done.stdout
    assert "4 units, 8" in done.stdout  # correct items only
    assert (session / "jitter.png").stat().st_size > 1000
    page = (session / "one" / "report.html").read_text(encoding="utf-8")
    assert "one.npz" in page
    assert "unknown" not in page.partition("<script")[0]
    table = pd.read_parquet(session / "one" / "tables" / "selectivity.parquet")
    assert table["max_informedness"].idxmax() == 0
    assert table["max_informedness_class"].iloc[0] == "face"


def test_files_of_hdf5(session):
    pytest.importorskip("h5py")
    pytest.importorskip("anndata")
    done = without_torch(
        commands(
            "unitscope import one.npz one",
            "unitscope export one --to h5ad",
            "unitscope export one --to h5",
            "unitscope import one.h5ad two",
            "unitscope import one.h5 three",
            "unitscope measure two",
        ),
        session,
    )
    assert "(AnnData)" in done.stdout


def test_recording_says_what_is_missing(session):
    done = without_torch(commands("unitscope record torchvision:alexnet folder:x run --layers fc6"), session, status=2)
    assert "Traceback" not in done.stderr
    assert "torch" in done.stderr


def test_bad_input_is_one_sentence(session):
    done = without_torch(commands("unitscope import none.npz run"), session, status=2)
    assert done.stderr.strip() == "unitscope: there is no file 'none.npz' to import; check the path"
    done = without_torch(commands("unitscope export one --to h5"), session, status=2)
    assert done.stderr.strip().startswith("unitscope: one is not a run")
