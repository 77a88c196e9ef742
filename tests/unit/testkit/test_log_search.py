"""The search through logs finds what it looks for; that it found nothing would say little otherwise."""

from __future__ import annotations

import json

import pytest

from demo.catalogue import purchase_order
from testkit.log_search import SECRETS, leaves, secrets_in, texts_in, texts_of

TOKEN = f"sandbox.7.{'0af3' * 16}"
ORDER = purchase_order("500101", "50012", [("1298", "12")], description='Påfyll "vår"')


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found_in_any_place(secret: str) -> None:
    assert secrets_in(f'{{"reason": "no key {secret}"}}') == [secret]


def test_a_token_is_found_and_not_repeated() -> None:
    (found,) = secrets_in(f"Authorization: Bearer {TOKEN}")
    assert found == TOKEN[:16]


def test_the_words_of_a_document_are_found_as_they_are_and_as_json_writes_them() -> None:
    texts = texts_of(list(leaves(ORDER)))

    assert {"Røkelaks skivet 200 g", "Terminalgata 21", "varemottak@fjordmat.example"} <= texts
    assert texts_in("parked: Røkelaks skivet 200 g", texts) == {"Røkelaks skivet 200 g"}
    assert texts_in(json.dumps({"reason": 'Påfyll "vår"'}), texts) == {'Påfyll "vår"'}
    assert texts_in("fjordmat-no/purchase_order/500101 parked", texts) == set()
