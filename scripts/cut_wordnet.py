"""Cut the noun hierarchy out of WordNet 3.0: ``python scripts/cut_wordnet.py /usr/share/wordnet/data.noun``.

The file ``data.noun`` comes with WordNet 3.0 (Debian's package ``wordnet-base``). A noun's byte offset in it is its
ImageNet id, so no other version of WordNet will do. Written are, for each noun, its id, its words and its hypernyms.
"""

import gzip
import sys
from pathlib import Path

HYPERNYMS = ("@", "@i")  # kinds, and instances
PLACE = Path(__file__).parents[1] / "src" / "unitscope" / "data" / "wordnet-3.0"


def cut(line: str) -> str:
    """Turn one line of ``data.noun`` into one of ours; the format is described in wndb(5)."""
    fields = line.split(" | ")[0].split()
    n_words = int(fields[3], 16)
    words = fields[4 : 4 + 2 * n_words : 2]
    pointers = fields[4 + 2 * n_words :]
    above = [pointers[at + 1] for at in range(1, 1 + 4 * int(pointers[0]), 4) if pointers[at] in HYPERNYMS]
    return f"n{fields[0]}\t{','.join(words)}\t{','.join('n' + offset for offset in above)}\n"


def main() -> None:
    """Write ``nouns.tsv.gz`` and the licence, which is the file's own first lines."""
    lines = Path(sys.argv[1]).read_text("ascii").splitlines()
    licence = [line[2:].strip().split(" ", 1) for line in lines if line.startswith("  ")]
    (PLACE / "LICENSE").write_text("".join(f"{(text[1:] or [''])[0].strip()}\n" for text in licence))
    rows = "wnid\twords\thypernyms\n" + "".join(cut(line) for line in lines if line and not line.startswith("  "))
    (PLACE / "nouns.tsv.gz").write_bytes(gzip.compress(rows.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
