"""Train the demo's network: ``python -m unitscope.simulations.train`` writes the weights that are shipped."""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor, nn

from .network import WEIGHTS, DemoNet
from .scenes import Scenes

BATCH = 64
PEAK_RATE = 2e-3
WEIGHT_DECAY = 0.02


def render_all(scenes: Scenes) -> tuple[Tensor, Tensor]:
    """Render scenes into one array.

    Parameters
    ----------
    scenes
        What to render.

    Returns
    -------
    torch.Tensor
        Pictures, uint8, shape (n, 3, 64, 64).
    torch.Tensor
        Labels, int64, shape (n,).
    """
    images = np.empty((len(scenes), 64, 64, 3), np.uint8)
    labels = np.empty(len(scenes), np.int64)
    for i, scene in enumerate(track(scenes, f"drawing {scenes.split} scenes", total=len(scenes))):
        images[i], labels[i] = scene.image, scene.label
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels)


def accuracy(net: DemoNet, images: Tensor, labels: Tensor) -> float:
    """Return the share of pictures whose largest logit is that of their label."""
    net.eval()
    with torch.inference_mode():
        hits = [(net(x / 255).argmax(dim=1) == y).sum() for x, y in _batches(images, labels)]
    return float(sum(hits)) / len(labels)


def _batches(images: Tensor, labels: Tensor) -> list[tuple[Tensor, Tensor]]:
    return list(zip(images.split(BATCH), labels.split(BATCH), strict=True))


def train(images: Tensor, labels: Tensor, epochs: int, seed: int) -> DemoNet:
    """Train a network from scratch with AdamW and a one-cycle learning rate.

    The same arguments give the same weights, bit for bit, on one machine with one number of threads.

    Parameters
    ----------
    images
        Pictures, uint8, shape (n, 3, 64, 64).
    labels
        Labels, shape (n,).
    epochs
        How often each picture is shown.
    seed
        Decides the first weights, the order of the pictures and the dropout.

    Returns
    -------
    DemoNet
        The trained network.
    """
    torch.manual_seed(seed)
    net = DemoNet().train()
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=WEIGHT_DECAY)
    steps = epochs * -(-len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=steps)
    loss_of = nn.CrossEntropyLoss()
    for _ in track(range(epochs), "training"):
        order = torch.randperm(len(labels))
        for x, y in _batches(images[order], labels[order]):
            optimiser.zero_grad()
            loss_of(net(x / 255), y).backward()
            optimiser.step()
            schedule.step()
    return net


def main(arguments: list[str] | None = None) -> None:
    """Train, print the accuracy on held-out scenes and write weights, accuracy and settings."""
    parser = argparse.ArgumentParser(prog="python -m unitscope.simulations.train", description=__doc__)
    parser.add_argument("--scenes", type=int, default=24_000, help="scenes to learn from")
    parser.add_argument("--held-out", type=int, default=4_000, help="scenes to test on")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="part of what makes the weights reproducible")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the file to write")
    options = parser.parse_args(arguments)

    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    learnt = render_all(Scenes(options.scenes, options.seed, "train"))
    net = train(*learnt, options.epochs, options.seed)
    held_out = render_all(Scenes(options.held_out, options.seed, "test"))
    reached = accuracy(net, *held_out)
    print(f"accuracy on {options.held_out} held-out scenes: {reached:.4f}")
    record = {"accuracy": reached, **vars(options), "torch": str(torch.__version__)}
    del record["out"]
    # One entry: several would be written in any order, and the same training would give other bytes.
    save_file(net.state_dict(), options.out, metadata={"training": json.dumps(record)})


if __name__ == "__main__":
    main()
