"""Where networks come from: torchvision, timm, Hugging Face, a function of the user's, the demo."""

import importlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UnitscopeError, near_names
from ..python_specs import Imported, call_function
from ..specs import first_line, refuse_unknown
from .preprocess import Preprocess, steps_from_options
from .untrained import reset_weights


@dataclass(frozen=True)
class Source:
    """What a scheme gives.

    Attributes
    ----------
    place
        The canonical rest of the spec.
    module
        The network.
    preprocess
        What comes with it; ``None`` where nothing does.
    classes
        Names of its outputs, where they are known.
    """

    place: str
    module: Any
    preprocess: Preprocess | None = None
    classes: list[str] | None = None


def load_demo(rest: str, options: dict[str, Any], untrained: bool) -> Source:
    """Load the built-in network."""
    from ..simulations import CLASSES, load_demo_network

    if rest:
        raise UnitscopeError(f"the model spec 'demo:{rest}' says too much; write demo:")
    refuse_unknown(options, (), "demo:")
    module = load_demo_network()
    if untrained:
        reset_weights(module)
    return Source("", module, steps_from_options({"size": 64}), list(CLASSES))


def load_py(rest: str, options: dict[str, Any], untrained: bool) -> Source:
    """Call the user's function, which returns a module, or a module and its preprocessing of a Pillow image."""
    from torch.nn import Module

    made = call_function(rest, options)
    module, transform = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not isinstance(module, Module):
        raise UnitscopeError(
            f"py:{rest} returned a {type(module).__name__}, not a torch.nn.Module; "
            "return the network, or the network and its preprocessing"
        )
    if untrained:
        reset_weights(module)
    file, _, name = rest.rpartition(":")
    place = f"{Path(file).expanduser().absolute()}:{name}" if file.endswith(".py") else rest
    if transform is None:
        return Source(place, module)
    return Source(place, module, Preprocess(UserTransform(Imported(place, transform)), describe_user(transform, place)))


@dataclass(frozen=True)
class UserTransform:
    """The user's own preprocessing, which workers can unpickle."""

    transform: Imported

    def __call__(self, image: Any) -> Any:
        """Return what the user's transform does."""
        return self.transform.value(image)


def describe_user(transform: Any, place: str) -> str:
    """Describe the user's preprocessing: as it prints, unless only its place in memory would tell it apart."""
    printed = one_line(transform)
    if " at 0x" not in printed:
        return printed
    return f"{getattr(transform, '__qualname__', type(transform).__qualname__)} of py:{place}"


def load_torchvision(rest: str, options: dict[str, Any], untrained: bool) -> Source:
    """Build a torchvision model with its default weights, or those of ``-M weights=NAME``, or none.

    Without weights, images are still prepared as for the default ones.
    """
    models = need("torchvision.models", "torchvision")
    if rest not in models.list_models():
        raise UnitscopeError(f"torchvision has no model {rest!r}{near_names(rest, models.list_models())}")
    choices = models.get_model_weights(rest).__members__
    wanted = options.pop("weights", "DEFAULT")
    if wanted is not None and wanted not in choices:
        raise UnitscopeError(f"{rest} has no weights {wanted}; choose none or one of {', '.join(choices)}")
    weights = None if untrained or wanted is None else choices[wanted]
    module = build(f"torchvision:{rest}", models.get_model, rest, weights=weights, **options)
    prepared_for = choices[wanted or "DEFAULT"] if choices else None
    preprocess = Preprocess(prepared_for.transforms(), one_line(prepared_for.transforms())) if prepared_for else None
    return Source(rest, module, preprocess, list(weights.meta.get("categories", [])) or None if weights else None)


def load_timm(rest: str, options: dict[str, Any], untrained: bool) -> Source:
    """Build a timm model, pre-trained unless ``-M pretrained=false``, or from ``-M checkpoint_path=FILE``."""
    timm = need("timm", "timm")
    name = rest.partition(".")[0]
    if ":" not in rest and not timm.is_model(name):
        raise UnitscopeError(f"timm has no model {rest!r}{near_names(name, timm.list_models())}")
    settings = {"pretrained": "checkpoint_path" not in options, **options}
    if untrained:
        settings = {**settings, "pretrained": False, "checkpoint_path": None}
    module = build(f"timm:{rest}", timm.create_model, rest, **settings)
    config = timm.data.resolve_data_config({}, model=module)
    transform = timm.data.create_transform(**config, is_training=False)
    return Source(rest, module, Preprocess(transform, one_line(transform)), module.pretrained_cfg.get("label_names"))


def load_hf(rest: str, options: dict[str, Any], untrained: bool) -> Source:
    """Load an image classifier from the Hugging Face hub or a local folder; never runs code that comes with it."""
    library = need("transformers", "transformers")
    spec = f"hf:{rest}"
    for key in ("trust_remote_code", "weights_only", "use_safetensors"):
        if key in options:
            raise UnitscopeError(f"{spec}: -M {key} is not supported, since loading weights must not run code")
    name, _, revision = (rest, "", "") if Path(rest).is_dir() else rest.partition("@")
    version = {"revision": revision} if revision else {}
    config, unused = build(
        spec, library.AutoConfig.from_pretrained, name, return_unused_kwargs=True, **version, **options
    )
    refuse_unknown({key: value for key, value in unused.items() if key in options}, (), spec)
    make = library.AutoModelForImageClassification
    if untrained:
        module = build(spec, make.from_config, config)
    else:
        module = build(spec, make.from_pretrained, name, config=config, **version)
    processor = build(spec, library.AutoImageProcessor.from_pretrained, name, **version)
    names = [module.config.id2label[index] for index in range(module.config.num_labels)]
    description = json.dumps(processor.to_dict(), sort_keys=True, default=str)
    return Source(rest, module, Preprocess(Processor(processor), description), None if untrained else names)


@dataclass(frozen=True)
class Processor:
    """A Hugging Face image processor as preprocessing of one image."""

    processor: Any

    def __call__(self, image: Any) -> Any:
        """Return the processed image as a tensor."""
        return self.processor(image, return_tensors="pt")["pixel_values"][0]


def need(library: str, package: str) -> Any:
    """Import a library that is the user's own to install, or say how to."""
    try:
        return importlib.import_module(library)
    except (ImportError, RuntimeError) as error:  # RuntimeError: built for another version of PyTorch
        raise UnitscopeError(f"{library} cannot be imported ({first_line(error)}); pip install {package}") from error


def build(spec: str, make: Any, *arguments: Any, **options: Any) -> Any:
    """Call a library's constructor with weights as mere data; say what went wrong in one sentence."""
    try:
        with only_weights():
            return make(*arguments, **options)
    except Exception as error:
        unknown = re.search(r"unexpected keyword argument '(\w+)'", str(error))
        if unknown:
            raise UnitscopeError(f"{spec} takes no option {unknown[1]!r}; leave it out") from error
        raise UnitscopeError(
            f"{spec} cannot be loaded ({type(error).__name__}: {first_line(error)}); check its name, its options and "
            "the connection, or load it without weights (-M untrained=true)"
        ) from error


@contextmanager
def only_weights() -> Iterator[None]:
    """Let ``torch.load`` read nothing but weights, whatever a library asks it: pickles can run code."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def one_line(thing: Any) -> str:
    """Print something on one line."""
    return " ".join(str(thing).split())
