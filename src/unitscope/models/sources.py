"""Where networks come from: torchvision, timm, Hugging Face, a function of the user's, the demo."""

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UnitscopeError, near_names
from ..python_specs import call_function
from ..specs import first_line
from .preprocess import Preprocess


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

    refuse_options("demo:", options)
    module = load_demo_network()
    if untrained:
        reset_weights(module)
    return Source("", module, None, list(CLASSES))


def load_py(rest: str, options: dict[str, Any], untrained: bool) -> Source:
    """Call the user's function, which returns a module, or a module and its preprocessing."""
    made = call_function(rest, options)
    module, transform = made if isinstance(made, tuple) else (made, None)
    if untrained:
        reset_weights(module)
    place, _, name = rest.rpartition(":")
    absolute = f"{Path(place).absolute()}:{name}" if place.endswith(".py") else rest
    return Source(absolute, module, None if transform is None else described(transform))


def load_torchvision(rest: str, options: dict[str, Any], untrained: bool) -> Source:
    """Build a torchvision model with its default weights, or those of ``-M weights=NAME``, or none."""
    models = need("torchvision.models", "torchvision")
    if rest not in models.list_models():
        raise UnitscopeError(f"torchvision has no model {rest}{near_names(rest, models.list_models())}")
    wanted = options.pop("weights", "DEFAULT") if not untrained else None
    weights = None
    if wanted is not None:
        choices = models.get_model_weights(rest)
        if wanted not in choices.__members__:
            raise UnitscopeError(
                f"{rest} has no weights {wanted}; choose none or one of {', '.join(choices.__members__)}"
            )
        weights = choices[wanted]
    module = build(f"torchvision:{rest}", models.get_model, rest, weights=weights, **options)
    if weights is None:
        return Source(rest, module)
    return Source(rest, module, described(weights.transforms()), list(weights.meta.get("categories", [])) or None)


def load_timm(rest: str, options: dict[str, Any], untrained: bool) -> Source:
    """Build a timm model, pre-trained unless ``-M pretrained=false``."""
    timm = need("timm", "timm")
    name = rest.partition(".")[0]
    if "/" not in rest and not timm.is_model(name):
        raise UnitscopeError(f"timm has no model {rest}{near_names(name, timm.list_models())}")
    settings = {"pretrained": True, **options}
    if untrained:
        settings["pretrained"] = False
    module = build(f"timm:{rest}", timm.create_model, rest, **settings)
    config = timm.data.resolve_data_config({}, model=module)
    transform = timm.data.create_transform(**config, is_training=False)
    return Source(rest, module, described(transform), module.pretrained_cfg.get("label_names"))


def load_hf(rest: str, options: dict[str, Any], untrained: bool) -> Source:
    """Load an image classifier from the Hugging Face hub or a local folder; never runs code that comes with it."""
    library = need("transformers", "transformers")
    name, _, revision = rest.partition("@")
    settings = {"revision": revision, **options} if revision else dict(options)
    make = library.AutoModelForImageClassification
    spec = f"hf:{rest}"
    if untrained:
        module = build(spec, make.from_config, build(spec, library.AutoConfig.from_pretrained, name, **settings))
    else:
        module = build(spec, make.from_pretrained, name, **settings)
    processor = build(spec, library.AutoImageProcessor.from_pretrained, name, **settings)
    names = [module.config.id2label[index] for index in range(module.config.num_labels)]
    description = json.dumps(processor.to_dict(), sort_keys=True, default=str)
    return Source(rest, module, Preprocess(Processor(processor), description), names)


@dataclass(frozen=True)
class Processor:
    """A Hugging Face image processor as preprocessing of one image."""

    processor: Any

    def __call__(self, image: Any) -> Any:
        """Return the processed image as a tensor."""
        return self.processor(image, return_tensors="pt")["pixel_values"][0]


def need(library: str, package: str = "") -> Any:
    """Import a library that is the user's own to install, or say how to."""
    try:
        return importlib.import_module(library)
    except ImportError as error:
        package = package or library.partition(".")[0]
        raise UnitscopeError(f"{library} cannot be imported ({first_line(error)}); pip install {package}") from error


def build(spec: str, make: Any, *arguments: Any, **options: Any) -> Any:
    """Call a library's constructor; say what went wrong in one sentence."""
    try:
        return make(*arguments, **options)
    except Exception as error:
        kind = type(error).__name__
        raise UnitscopeError(
            f"{spec} cannot be loaded ({kind}: {first_line(error)}); check its name, its options and the connection, "
            "or load it without weights"
        ) from error


def described(transform: Any) -> Preprocess:
    """Wrap a library's own preprocessing, described by its printed form."""
    return Preprocess(transform, " ".join(str(transform).split()))


def reset_weights(module: Any) -> None:
    """Give every part of a network fresh weights, as its constructor would."""
    missing = []
    for name, part in module.named_modules():
        if hasattr(part, "reset_parameters"):
            part.reset_parameters()
        elif list(part.parameters(recurse=False)):
            missing.append(name)
    if missing:
        raise UnitscopeError(f"the part {missing[0]} cannot be given fresh weights: it has no reset_parameters()")


def refuse_options(spec: str, options: dict[str, Any]) -> None:
    """Raise for an option that nobody takes."""
    if options:
        raise UnitscopeError(f"{spec} has no option {next(iter(options))}; leave it out")
