from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.domain.polling.shares import ALL, MAX_SHARES, Share, shares_of

TEMPLATE = (Path(__file__).parents[4] / "template.yaml").read_text()
COMPANIES = [f"company-{number}" for number in range(2_000)]


@pytest.mark.parametrize("of", [1, 2, 4, 8])
def test_each_company_belongs_to_one_share_and_the_shares_are_alike(of):
    shares = [Share(number, of) for number in range(of)]
    assert all(sum(share.has(name) for share in shares) == 1 for name in COMPANIES)
    sizes = [sum(map(share.has, COMPANIES)) for share in shares]
    assert max(sizes) < 1.25 * len(COMPANIES) / of


def test_the_others_of_a_share_are_all_but_itself():
    assert Share(1, 4).others == (Share(0, 4), Share(2, 4), Share(3, 4))
    assert ALL.others == ()


def test_an_event_names_its_share_and_one_sent_by_hand_means_every_company():
    assert shares_of({"share": 2, "shares": 4}, 4) == (Share(2, 4),)
    assert shares_of({}, 1) == shares_of({"share": 0, "shares": 1}, 1) == (ALL,)
    assert shares_of({}, 4) == (Share(0, 4), Share(1, 4), Share(2, 4), Share(3, 4))


@pytest.mark.parametrize("event", [{"share": 0, "shares": 1}, {"share": 3, "shares": 4}, {"shares": 2}])
def test_an_event_of_another_division_means_every_share_of_the_stack(event):
    assert shares_of(event, 2) == (Share(0, 2), Share(1, 2))


@pytest.mark.parametrize(
    ("number", "of"), [(1, 1), (4, 4), (-1, 2), (0, 0), (0, 9), ("0", 2), (0, "2"), (None, 1), (0.0, 1)]
)
def test_a_share_that_cannot_be_is_refused(number, of):
    with pytest.raises(ValueError, match="There is no share"):
        shares_of({"share": number, "shares": of}, 1)


def test_the_template_has_a_schedule_for_each_share():
    events = re.findall(r'\{"share":\s(\d),\s+"shares":', TEMPLATE)
    assert sorted(map(int, events)) == list(range(MAX_SHARES))
