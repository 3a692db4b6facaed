"""What counting for Network Dissection costs: against one matrix product per image, and decoding the label maps.

Run it with ``python benchmarks/dissection.py``; it prints a Markdown table. Times are CPU time per image on one thread.
Masks are made at 112 x 112 pixels; an image has about 14 concepts in 3.3 layers: areas, and finer patches of colours.
The peers:

- dense: all maps interpolated by two matrix products, compared with the thresholds, and multiplied with the pixels of
  the concepts that the image has, in float32, which counts these exactly;
- decoding: Pillow reads the image's label maps, one RGB PNG of each layer.

"ours" is everything from decoded labels and maps to counts; "null too" has a second tally, with the labels of another
image; "thresholds" is the pass before.
"""

import io
import os
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is imported

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from shared import make_parser
from unitscope.dissection.image_labels import prepare_labels
from unitscope.dissection.tally import Tally, tally_images
from unitscope.dissection.thresholds import TopValues
from unitscope.dissection.upsample import Axis, half_pixel

SIZE = 112
CONCEPTS = {"object": 600, "part": 300, "material": 50, "color": 11}
CATEGORY_OF = np.repeat(np.arange(5), [1, *CONCEPTS.values()])
LAYERS = {"7 x 7": (512, 7), "14 x 14": (512, 14), "56 x 56": (64, 56), "1 x 1": (4096, 1)}


def make_maps(n: int, units: int, side: int, rng: np.random.Generator) -> np.ndarray:
    """Return smooth maps, most of which are 0, and a few images much stronger than others."""
    smooth = gaussian_filter(rng.standard_normal((n, units, side, side), np.float32), (0, 0, side / 7, side / 7))
    strength = rng.lognormal(0, 0.7, (n, units, 1, 1))
    return np.maximum(smooth / smooth.std() * strength - 1, 0).astype(np.float32)


def make_segments(n: int, concepts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a label map of areas that are nearest to some points."""
    points = rng.random((n, 2)) * SIZE
    pixels = np.stack(np.mgrid[:SIZE, :SIZE], axis=-1)[..., None, :]
    return rng.choice(concepts, n, replace=False)[((pixels - points) ** 2).sum(-1).argmin(-1)]


def make_labels(rng: np.random.Generator) -> np.ndarray:
    """Return the label maps of one image."""
    ends = np.cumsum([1, *CONCEPTS.values()])
    objects, parts, materials, colours = (np.arange(*pair) for pair in pairwise(ends))
    layers = [make_segments(6, objects, rng)]
    if rng.random() < 0.6:
        layers.append(make_segments(5, np.append(parts, np.zeros(200, int)), rng))
    if rng.random() < 0.7:
        layers.append(make_segments(3, materials, rng))
    shades = gaussian_filter(rng.standard_normal((SIZE, SIZE)), 1) * 4 + np.linspace(-1, 1, SIZE)
    layers.append(rng.permutation(colours)[np.clip(shades + 2, 0, 4).astype(int)])
    return np.array(layers, np.uint16)


def encode(labels: np.ndarray) -> bytes:
    """Return a label map as the PNG it is stored in: low byte red, high byte green."""
    file = io.BytesIO()
    Image.fromarray(np.stack([labels % 256, labels // 256, labels * 0], axis=-1).astype(np.uint8)).save(file, "png")
    return file.getvalue()


def decode(files: Sequence[bytes]) -> list[np.ndarray]:
    """Return the pixels of some PNGs."""
    return [np.asarray(Image.open(io.BytesIO(file))) for file in files]


def matrix_of(axis: Axis) -> np.ndarray:
    """Return the matrix, ``(pixels, points)``, that interpolates along one axis."""
    n, pixels = len(axis.cells) - 1, np.arange(len(axis.points))
    matrix = np.zeros((len(pixels), n), np.float32)
    matrix[pixels, axis.points] = 1 - axis.weights
    matrix[pixels, np.minimum(axis.points + 1, n - 1)] += axis.weights
    return matrix


def multiply(maps: np.ndarray, thresholds: np.ndarray, layers: np.ndarray, counts: np.ndarray) -> None:
    """Add an image to the counts, ``(units, concepts)``, by a matrix product."""
    down, across = (matrix_of(axis) for axis in half_pixel(maps.shape[1:], layers.shape[1:]))
    masks = (down @ maps @ across.T > thresholds[:, None, None]).astype(np.float32)
    concepts = np.setdiff1d(layers, 0)
    pixels = np.array([(layers == concept).any(0) for concept in concepts], np.float32)
    counts[:, concepts - 1] += (masks.reshape(len(maps), -1) @ pixels.reshape(len(pixels), -1).T).astype(np.int64)


def cpu_time(work: Callable[[], object], n: int, repeats: int = 3) -> float:
    """Return the shortest CPU time of several, in milliseconds for each of `n` images."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times) / n * 1e3


def compare(name: str, units: int, side: int, images: Sequence[np.ndarray], n_dense: int) -> None:
    """Time one shape of maps, and print its line."""
    rng, n = np.random.default_rng(0), len(images)
    maps = make_maps(n, units, side, rng)

    def find_thresholds() -> np.ndarray:
        top = TopValues.empty(units, n * side**2)
        top.add(maps)
        return top.threshold()

    def count(n: int, null: bool) -> Tally:
        tallies = [Tally.empty(units, len(CATEGORY_OF) - 1, 5) for _ in range(1 + null)]
        labels = [prepare_labels(layers, np.array([], np.uint16), CATEGORY_OF) for layers in images[:n]]
        into = [[(tally, labels[image - k]) for k, tally in enumerate(tallies)] for image in range(n)]
        tally_images(maps[:n], thresholds, into)
        return tallies[0]

    def multiply_all() -> np.ndarray:
        counts = np.zeros((units, len(CATEGORY_OF) - 1), np.int64)
        for image in range(n_dense):
            multiply(maps[image], thresholds.astype(np.float32), images[image], counts)
        return counts

    thresholds = find_thresholds()  # compiles
    counts = count(n_dense, False).intersections
    # The product interpolates in float32, so that a few pixels at the edges of masks differ.
    if abs(counts - multiply_all()).sum() > 1e-3 * counts.sum():
        raise SystemExit("the matrix product counts other pixels")
    files = [[encode(layer) for layer in layers] for layers in images]
    ours, with_null = cpu_time(lambda: count(n, False), n), cpu_time(lambda: count(n, True), n)
    dense, decoding = cpu_time(multiply_all, n_dense, 2), cpu_time(lambda: [decode(image) for image in files], n)
    print(
        f"| {units} of {name} | {cpu_time(find_thresholds, n):.2f} ms | {ours:.2f} ms | {with_null:.2f} ms | "
        f"{dense:.1f} ms | {dense / ours:.0f} | {decoding:.2f} ms | {decoding / ours:.1f} |"
    )


def main(words: Sequence[str] | None = None) -> None:
    """Time maps of several shapes and print."""
    options = make_parser(__doc__).parse_args(words)
    rng = np.random.default_rng(0)
    images = [make_labels(rng) for _ in range(8 if options.small else 128)]
    print(
        "| units | thresholds | ours | null too | dense | ratio | decoding | ratio |\n|---|---|---|---|---|---|---|---|"
    )
    for name, (units, side) in LAYERS.items():
        compare(name, 16 if options.small else units, side, images, 2 if options.small else 16)


if __name__ == "__main__":
    main()
