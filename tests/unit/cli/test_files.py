"""Files that a command reads: documents and routing, from a path or standard input."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from testkit.samples.visma_samples import a_purchase_order, as_json

EXAMPLE = str(Path(__file__).parents[3] / "connector.example.yaml")


def only_notes(err):
    return all(line.startswith("note: nordic/") for line in err.splitlines())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{",
        b'"text"',
        b"null",
        b"{}",
        b"[]",
        b"[1]",
        b"[{}]",
        b"<html></html>",
        b"\xff\xfe",
        b'{"orderNbr":"1"',
        b'[{"orderNbr":"1"}',
        b"ISA*00*",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_document_is_one_sentence_on_stderr_and_exit_2(translate, body):
    result = translate(body)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    assert len(result.err) < 400


def test_a_byte_order_mark_is_ignored(translate):
    assert translate(b"\xef\xbb\xbf" + as_json(a_purchase_order())).code == 0
    assert translate(b"\xef\xbb\xbf" + as_json([a_purchase_order()])).code == 0


@pytest.mark.parametrize(
    ("routing", "output"),
    [({"partners.acme.dialect": "edi"}, "partners.acme.dialect"), ({"defaults.on_revision": "change"}, "change")],
)
def test_a_malformed_routing_file_is_one_sentence_and_exit_2(translate, routing, output):
    result = translate(a_purchase_order(), routing=routing)
    assert (result.code, result.out) == (2, "")
    assert output in result.err
    assert result.err.count("\n") == 1


def test_the_document_can_come_from_standard_input(connector, monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(as_json(a_purchase_order()))))
    result = connector("translate", "-", "--config", EXAMPLE)
    assert (result.code, only_notes(result.err)) == (0, True)
    assert result.data["body"]
