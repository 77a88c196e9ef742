"""The part of template.yaml that is made of infra/."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode_str

from infra import generate

TEXT = generate.TEMPLATE.read_text()
BY_HAND = TEXT.partition(generate.BEGIN)[0] + generate.BEGIN


def test_the_template_is_up_to_date_with_what_it_is_made_of() -> None:
    assert generate.generated(BY_HAND) == TEXT, "run `make template`"


def test_an_outdated_template_is_reported_and_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = tmp_path / "template.yaml"
    stale.write_text(BY_HAND)
    monkeypatch.setattr(generate, "TEMPLATE", stale)

    assert generate.main(["--check"]) == 2
    assert capsys.readouterr().err == "template.yaml is older than infra/: run make template.\n"
    assert stale.read_text() == BY_HAND
    assert generate.main() == generate.main(["--check"]) == 0
    assert stale.read_text() == TEXT


def test_a_deployment_begins_with_that_check() -> None:
    makefile = (generate.TEMPLATE.parent / "Makefile").read_text()
    assert re.search(r"^deploy: .*\.template-is-current build ", makefile, re.MULTILINE)


def test_the_stack_holds_no_data_in_the_generated_part() -> None:
    """What is made anew may be removed by a slip; a table, a queue, a bucket or a secret must not be."""
    kinds = {line.strip() for line in TEXT.partition(generate.BEGIN)[2].splitlines() if line.startswith("    Type: ")}

    assert kinds == {
        "Type: AWS::Logs::LogGroup",
        "Type: AWS::IAM::Role",
        "Type: AWS::SQS::QueuePolicy",
        "Type: AWS::IAM::ManagedPolicy",
        "Type: AWS::CloudWatch::Alarm",
        "Type: AWS::CloudWatch::Dashboard",
        "Type: AWS::Scheduler::Schedule",
    }


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "",
        "no",
        "5XXError",
        "2012-10-17",
        "12",
        "1e3",
        "a: b, {c} [d] #e 'f' \"g\"",
        "arn:${AWS::Partition}:s3:::${Bucket}/*",
        "sqs:*",
        "word " * 100 + "end",
        {"Ref": "AWS::NoValue"},
        {"Fn::GetAtt": ["Queue", "Arn"]},
        {"Fn::Sub": ["${A}-x", {"A": {"Fn::If": ["C", {"Ref": "B"}, "on"]}}]},
        [1, 0.5, True, {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "(orderful)"}}],
        [{"Sid": f"S{number}", "Action": ["a:B"] * 20, "Deep": {"er": ["x" * 90] * 20}} for number in range(9)],
        {"Long": "word " * 400 + "end", "Tagged": {"Fn::Sub": "word " * 400 + "end"}},
    ],
)
def test_what_is_written_reads_as_what_was_meant(value: Any) -> None:
    resource = {"Type": "A::B::C", "Condition": "IsOnAws", "Properties": {"Value": value}}

    written = generate._written("One", resource)

    read, problems = decode_str(f"Resources:\n{written}")
    assert not problems
    assert json.loads(json.dumps(read)) == {"Resources": {"One": resource}}


@pytest.mark.parametrize(
    ("slip", "message"),
    [
        (("access.yaml", "  poll_visma:\n", "  poll_wisma:\n"), "poll_wisma"),
        (("access.yaml", "Resource: DocumentsQueue}", "Resource: DocumentQueue}"), "no resource DocumentQueue"),
        (("access.yaml", "Keys: {StringNotEquals", "Key: {StringNotEquals"), "MoveCursors has ['Key']"),
        (("alarms.yaml", "kind: heartbeat", "kind: heartbeet"), "heartbeet"),
        (("alarms.yaml", "  documents-stuck:", "  documents-dead-lettered:"), "Duplicate"),
    ],
)
def test_a_slip_in_a_file_is_refused_by_name(
    slip: tuple[str, str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, before, after = slip
    for path in generate.FILES.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    text = (tmp_path / file).read_text()
    assert before in text
    (tmp_path / file).write_text(text.replace(before, after, 1))
    monkeypatch.setattr(generate, "FILES", tmp_path)

    with pytest.raises(ValueError, match=re.escape(message)):
        generate.generated(BY_HAND)


@pytest.mark.parametrize("resource", ["StackKey", ["StackKey"]])
def test_the_stack_key_opens_only_what_dynamodb_holds_and_beside_it_no_limit_is_lost(resource: str | list[str]) -> None:
    maker = generate._Maker({"Conditions": {}, "Resources": {"StackKey": {"Type": "AWS::KMS::Key"}}})

    made = maker._statement("Open", {"Action": "kms:Decrypt", "Resource": resource, "Keys": {"StringEquals": "a"}})

    condition, statement, otherwise = made["Fn::If"]
    assert (condition, otherwise) == ("IsOnAws", {"Ref": "AWS::NoValue"})
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "a"},
        "StringEquals": {"kms:ViaService": {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"}},
    }


def test_a_template_without_its_line_is_refused() -> None:
    with pytest.raises(ValueError, match="has lost its line"):
        generate.generated(TEXT.replace(generate.BEGIN, ""))
