"""The client of the inbound side: against a script, and against the sandbox Orderful."""

from __future__ import annotations

import pytest

from connector.adapters.orderful.inbound import OrderfulInbound
from testkit.sandboxes import running_orderful
from testkit.scripted_server import API_KEY, NOW, Deadline


@pytest.fixture
def orderful(server, orderful_secrets, http, clock):
    return OrderfulInbound(server.url, orderful_secrets, http=http, clock=clock, deadline=Deadline())


@pytest.fixture
def sandbox():
    with running_orderful(api_key=API_KEY) as one:
        one.clock.freeze(NOW)
        one.inbound.set_channels({"inboxes": [7], "buckets": [8]})
        yield one


@pytest.fixture
def real(sandbox, orderful_secrets, http, clock):
    """The client against the sandbox Orderful."""
    return OrderfulInbound(sandbox.url, orderful_secrets, http=http, clock=clock, deadline=Deadline())
