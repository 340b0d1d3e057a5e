"""What a package page shows: nothing on it is relative, and nothing else is changed."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
REPOSITORY = "https://example.org/someone/nvmx"
ON_GITHUB = {
    "GITHUB_SERVER_URL": "https://example.org", "GITHUB_REPOSITORY": "someone/nvmx",
    "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v9.8.7",
}  # fmt: skip


@pytest.fixture(scope="module")
def build() -> Any:
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the metadata are made from; an unpacked sdist also has PKG-INFO."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "hatch_build.py", "nvmx/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def targets(text: str) -> list[str]:
    """Where the links and pictures of a text lead."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"\]\(([^)]+)\)", prose) + re.findall(r'src="([^"]+)"', prose)


def test_every_link_is_absolute_and_leads_to_a_file_of_that_tag(build: Any) -> None:
    text = build.page(README, REPOSITORY, "v9.8.7")
    assert len(targets(text)) == len(targets(README)) > 20
    for before, after in zip(targets(README), targets(text), strict=True):
        kind = "raw" if before.endswith(".png") else "blob"
        assert after == (before if "://" in before else f"{REPOSITORY}/{kind}/v9.8.7/{before}")
    assert text.replace(f"{REPOSITORY}/blob/v9.8.7/", "").replace(f"{REPOSITORY}/raw/v9.8.7/", "") == README


def test_without_a_repository_the_words_of_the_links_stay(build: Any) -> None:
    text = build.page(README, "", "HEAD")
    assert [target for target in targets(text) if "://" not in target] == []
    assert "<img" not in text
    assert "[The command]" not in text
    assert "The command also prints JSON" in text


def metadata(monkeypatch: pytest.MonkeyPatch, root: Path, environment: dict[str, str]) -> Any:
    """What the build computes."""
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    for name in ON_GITHUB:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = ProjectMetadata(str(root), PluginManager())
    assert found.core.readme_content_type == "text/markdown"
    return found


def test_the_metadata_hold_the_page_and_the_addresses(
    build: Any, monkeypatch: pytest.MonkeyPatch, checkout: Path
) -> None:
    found = metadata(monkeypatch, checkout, ON_GITHUB).core
    assert found.readme == build.page(README, REPOSITORY, "v9.8.7")
    assert set(found.urls) == {"Repository", "Documentation", "Lessons", "Changelog", "Issues"}
    for url in found.urls.values():
        path = url.removeprefix(REPOSITORY)
        assert path in ("", "/issues") or (ROOT / path.split("/", 3)[3]).exists()
    found = metadata(monkeypatch, checkout, {}).core
    assert (found.readme, found.urls) == (build.page(README, "", "HEAD"), {})


def test_an_sdist_keeps_what_it_was_built_with(build: Any, monkeypatch: pytest.MonkeyPatch, checkout: Path) -> None:
    from hatchling.metadata.spec import DEFAULT_METADATA_VERSION, get_core_metadata_constructors

    before = metadata(monkeypatch, checkout, ON_GITHUB)
    write = get_core_metadata_constructors()[DEFAULT_METADATA_VERSION]
    (checkout / "PKG-INFO").write_text(write(before), encoding="utf-8")
    after = metadata(monkeypatch, checkout, {}).core
    assert after.urls == before.core.urls != {}
    assert after.readme.rstrip() == build.page(README, REPOSITORY, "v9.8.7").rstrip()
