"""Shared by the tests of `nvmx.bochs`: the recording, and what it says."""

from collections.abc import Mapping

import pytest

from nvmx import bochs
from nvmx.bochs.observation import Observed, observe


@pytest.fixture(scope="session")
def log() -> bochs.Log:
    return bochs.recording()


@pytest.fixture(scope="session")
def observed(log: bochs.Log) -> Mapping[str, Observed]:
    return observe(log)
