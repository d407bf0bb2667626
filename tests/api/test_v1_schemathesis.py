"""Requests made up from the OpenAPI document, right and wrong ones: answers are of the documented form, none is 5xx.

What must hold of each answer is what schemathesis checks: status, content type, body, headers, keys, methods, and that
wrong requests are refused. Right ones may be refused too (422): a document cannot say that the shop sells in dollars.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from backend.api.public.limits import RequestLimit
from backend.api.v1.gate import Limits
from backend.services.api.request_rate import RatePolicy
from backend.services.context import Shop
from tests.api.test_v1_contract import CALLS, DOCUMENT
from tests.api.v1_support import Client
from tests.support import add_customer, add_order, opened_shop

EXAMPLES = 6
"""Made-up requests of each kind for each call."""
REFUSED = ["2xx", "401", "403", "404", "409", "412", "422", "428"]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("shop")
    with opened_shop(f"sqlite:///{folder}/tillpost.db", data_dir=folder) as shop:
        client = stocked(shop)
        config = SchemathesisConfig.from_dict(
            {
                "checks": {"positive_data_acceptance": {"expected-statuses": REFUSED}},
            }
        )
        loaded = schemathesis.openapi.from_dict({**DOCUMENT, "servers": [{"url": "/v1"}]}, config=config)
        loaded.app = client.app
        loaded.signed_in = {"Authorization": f"Bearer {client.key}"}
        yield loaded


def stocked(shop: Shop) -> Client:
    add_order(shop, add_customer(shop))
    nobody_waits = Limits(RequestLimit(1_000_000), RatePolicy(1_000_000), RequestLimit(1_000_000))
    return Client(shop, limits=nobody_waits)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), CALLS)
def test_made_up_requests_get_documented_answers(schema: Any, path: str, method: str, mode: GenerationMode) -> None:
    operation = schema[path][method.upper()]

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        case.call_and_validate(headers=schema.signed_in)

    holds()
