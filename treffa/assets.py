"""Static files that come from packages: Bootstrap's stylesheet and the Lucide icons, none of them kept in the repository."""

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import bootstrap_wrapper
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

BOOTSTRAP_CSS = "vendor/bootstrap.min.css"
_SVG = "{http://www.w3.org/2000/svg}"


class BootstrapFinder(BaseFinder):
    """Exposes one file of the bootstrap-wrapper package, as `vendor/bootstrap.min.css`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.folder = Path(bootstrap_wrapper.get_bootstrap_dir()) / "css"
        self.storage = FileSystemStorage(location=self.folder)
        self.storage.prefix = "vendor"  # type: ignore[attr-defined]
        super().__init__(*args, **kwargs)

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path != BOOTSTRAP_CSS:
            return []
        found = str(self.folder / "bootstrap.min.css")
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        yield "bootstrap.min.css", self.storage


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names that change with the content. References to source maps are left alone: the maps are not served."""

    patterns = tuple(
        (
            extension,
            tuple(p for p in patterns if "sourceMappingURL" not in (p if isinstance(p, str) else p[0])),
        )
        for extension, patterns in CompressedManifestStaticFilesStorage.patterns
    )


@cache
def icon_symbol(name: str) -> str:
    """One Lucide icon as a <symbol> with the icon's name as its id. KeyError where there is none of that name."""
    with files("lucide").joinpath("lucide.zip").open("rb") as packed, ZipFile(packed) as archive:
        root = ElementTree.fromstring(archive.read(f"{name}.svg").decode())  # noqa: S314 - our own package's file
    for node in root.iter():
        node.tag = node.tag.removeprefix(_SVG)
    inner = "".join(ElementTree.tostring(child, encoding="unicode").strip() for child in root)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>'


@cache
def icon_sprite(names: tuple[str, ...]) -> tuple[str, str]:
    """The sprite file of the named icons and a short hash of it for its address."""
    symbols = "".join(icon_symbol(name) for name in sorted(set(names)))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>'
    return svg, hashlib.sha256(svg.encode()).hexdigest()[:12]
