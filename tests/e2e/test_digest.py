"""The digest on the deployed stack: the function reads with its own role, and whoever gets the alarms gets it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.revision.record import State
from connector.services.ports import Metric
from proof.deployed import permissions
from proof.deployed import permissions_out as out
from proof.deployed.digests import subscribed
from proof.deployed.environment import held_up, prepared
from proof.deployed.permissions_driver import FunctionDriver
from proof.deployed.permissions_roles import Role
from proof.tally import Size
from testkit.laptop import deploy
from testkit.laptop.observed import Laptop
from testkit.laptop.people import person

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("empty stack")]


def test_the_digest_is_published_with_what_waits_and_the_counters_of_yesterday(empty: Laptop) -> None:
    yesterday = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    metric = {"MetricName": Metric.DOCUMENTS_SENT.value, "Dimensions": [{"Name": "service", "Value": "connector"}]}
    name = deploy.STACK
    empty.stack.client("cloudwatch").put_metric_data(
        Namespace=f"Connector/{name}", MetricData=[{**metric, "Timestamp": yesterday, "Value": 12}]
    )
    with prepared(empty, "digest") as environment, held_up(empty), subscribed(empty) as published:
        driver = FunctionDriver(environment, 1)
        source = out.translated(driver, driver.small(driver.number()))
        parked = [
            source.planted(
                driver, state=State.PARKED, reason_code="unmapped-unit", created_at=yesterday - timedelta(days=age)
            )
            for age in (0, 1)
        ]
        try:
            answer = empty.invoke("SendDigestFunction")
            (mail,) = published()
            with person(empty, "operator", "OperatorPolicyArn") as operator:
                shown = json.loads(operator.run("digest --json").stdout)
                sent = operator.run("digest --send --yes")
            (again,) = published()
            with person(empty, "reader", "ReaderPolicyArn") as reader:
                assert reader.run("digest").returncode == 0
                refused = reader.run("digest --send --yes")
        finally:
            driver.clear()

    assert answer == {"mailed": True, "subject": mail["Subject"], "unknown": []}
    # Others may be open as well: the stack is shared.
    counted = re.match(rf"{name} \(test\): (\d+) documents", mail["Subject"])
    assert counted
    assert int(counted[1]) >= len(parked)
    oldest = (yesterday - timedelta(days=1)).isoformat(" ", "seconds").replace("+00:00", "Z")
    row = next(line for line in mail["Message"].splitlines() if line.startswith("document "))
    assert row.split() == ["document", "2", *oldest.split(), "unmapped-unit", *_listed("unmapped-unit")]
    assert f"Yesterday, {yesterday.date()} (UTC): documents sent 12." in mail["Message"]
    assert (shown["subject"], shown["mailed"]) == (mail["Subject"], False)
    assert (sent.returncode, again["Subject"]) == (0, mail["Subject"])
    assert "AWS refused access to the function send_digest" in refused.stderr
    assert refused.returncode == 1


def test_its_role_lacks_nothing_and_has_nothing_that_it_does_without(
    empty: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = "SendDigestFunction"
    pieces = [(function, piece) for piece in Role.of_function(empty, function).pieces() if piece.is_enforced]
    monkeypatch.setattr(permissions, "_chosen", lambda _laptop, _size: pieces)

    used, complete = permissions.prove(Size.LONG, empty)

    assert (used.violations, complete.violations) == ((), ())
    assert used.cases == len(pieces)


def _listed(code: str) -> list[str]:
    return ["connector", "documents", "list", "--code", code]
