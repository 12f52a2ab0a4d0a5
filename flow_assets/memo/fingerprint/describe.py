"""What is this object? One table from the kinds of objects to the modules that know them."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from flow_assets.memo.fingerprint import arrays, instances
from flow_assets.memo.fingerprint.classes import describe_class
from flow_assets.memo.fingerprint.functions import describe_function, is_importable
from flow_assets.memo.fingerprint.packages import Territory
from flow_assets.memo.fingerprint.part import Content, Outside, Part, Undefined, Unfollowable, WholeModule
from flow_assets.memo.fingerprint.resolve import NameSpace, dynamic_name
from flow_assets.memo.fingerprint.source import source_file
from flow_assets.memo.fingerprint.values import Encoder


@dataclass(frozen=True)
class Describer:
    """Describes any object, in one project and for one function.

    Attributes:
        is_ignored: whether an object inside a value is left out.
    """

    territory: Territory
    ignored_decorators: tuple[str, ...]
    is_ignored: Callable[[object], bool]

    def part(self, label: str, target: Any) -> Part:
        """The object that is known as `label`, without what it refers to.

        Raises:
            Unfollowable: it has no content that can be fingerprinted.
        """
        if name := dynamic_name(target):
            raise Unfollowable(f"`{name}` may refer to anything")
        if type(target) is FunctionType:
            return describe_function(target, self.territory, self.ignored_decorators)
        if isinstance(target, type) and type(target).__module__ != "types":
            return describe_class(target, self.territory, self.ignored_decorators)
        if rule := _RULES.get(ModuleType if isinstance(target, ModuleType) else type(target)):
            return rule(self, label, target)
        return self._value(label, target)

    def _value(self, label: str, target: Any) -> Part:
        encoder = Encoder(self.territory, self.is_ignored)
        text = encoder.text(target)
        return Part("constant", label, text, tuple(encoder.edges))

    def _module(self, label: str, target: ModuleType) -> Part:
        place = self.territory.place_of_module(target)
        if place is None or place.is_followed:
            raise Unfollowable(
                f"the module {target.__name__} is used as a value, so it cannot be told which of its attributes count; "
                "import the names from it"
            )
        return Part(place.kind, target.__name__, distribution=place.distribution)

    def _whole_module(self, label: str, target: WholeModule) -> Part:
        file = str(target.module.__file__)
        code = source_file(file, self.ignored_decorators).module
        edges = NameSpace(vars(target.module), {}, self.territory).edges(code.references)
        name = target.module.__name__
        return Part("module", name, code.source, edges, name, is_shared=True, file=self.territory.relative(file))

    def _outside(self, label: str, target: Outside) -> Part:
        return Part(target.kind, target.name, "", (), target.name.rpartition(".")[2], distribution=target.distribution)

    def _undefined(self, label: str, target: Undefined) -> Part:
        return Part("undefined", label)

    def _content(self, label: str, target: Content) -> Part:
        return Part("file", target.name, target.digest)


_RULES: dict[type, Callable[[Describer, str, Any], Part]] = {
    ModuleType: Describer._module,
    WholeModule: Describer._whole_module,
    Outside: Describer._outside,
    Undefined: Describer._undefined,
    Content: Describer._content,
}


def _code(encoder: Encoder, value: Any) -> str:
    name = getattr(value, "__qualname__", value.__name__)
    return encoder.code(value, f"{value.__module__}.{name}" if not isinstance(value, ModuleType) else name)


def _cached(encoder: Encoder, value: Any) -> str:
    return f"lru_cache({encoder.at('.__wrapped__', value.__wrapped__)})"


def _is_named_by_others(value: Any) -> bool:
    """Whether it is a compiled callable (of numpy, Cython) that its module knows by its name."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    return callable(value) and isinstance(module, str) and isinstance(name, str) and is_importable(value, module, name)


def _named(encoder: Encoder, value: Any) -> str:
    place = encoder.territory.place_of_module(value.__module__)
    if place is None or place.is_followed:
        return instances.instance(encoder, value)
    name = f"{value.__module__}.{value.__qualname__}"
    return encoder.code(instances.native(encoder.territory, value.__module__, name), name)


_LRU_CACHE: type = type(functools.cache(len))

Encoder.exact.update({FunctionType: _code, ModuleType: _code, _LRU_CACHE: _cached})
Encoder.by_base += [
    (lambda value: isinstance(value, type | ModuleType), _code),
    *arrays.RULES,
    (_is_named_by_others, _named),
    (lambda value: True, instances.instance),
]
