"""What all tests share: a quiet environment, Hypothesis without deadlines, the path of a Chromium."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

from tracer.settings import SETTINGS

# Two busy cores make any single example slow now and then; that is no finding.
settings.register_profile("tracer", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tracer")

# A developer's own settings and keys must not reach a test, nor a test's traces a service.
for _name in [setting.variable for setting in SETTINGS]:
    os.environ.pop(_name, None)
os.environ["LANGSMITH_TRACING"] = "false"


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """A Chromium that can be started: what `make test` found, else the system's. Its absence is a failure."""
    path = os.environ.get("TRACER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("no Chromium on this machine: `make test` installs one")
    return path
