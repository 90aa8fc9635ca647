"""Nothing is lost and nothing is sent twice, whatever is killed: small samples of what `make chaos` does in full."""

import os

import pytest

from tests.chaos.numbers import SAMPLE
from tests.chaos.scenarios import SCENARIOS


@pytest.mark.parametrize("name", SAMPLE)
def test_every_message_arrives_once(name: str, transactional_db: None) -> None:
    verdict = SCENARIOS[name](SAMPLE[name], os.getpid())
    assert verdict.n == SAMPLE[name].messages
    assert verdict.holds, verdict
