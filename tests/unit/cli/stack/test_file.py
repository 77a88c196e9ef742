"""The file in which a person names stacks."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from connector.cli.output import WrongInput
from connector.cli.stack.file import NamedStack, named_stacks, path_of
from connector.cli.stack.stack import Stack

TWO = """
live: {stack: connector, region: eu-north-1, profile: nordic-prod}
test: {stack: connector-dev}
"""


@pytest.fixture
def write(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    def written(text: str) -> Path:
        path = path_of({"XDG_CONFIG_HOME": str(tmp_path)})
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def session(monkeypatch):
    """What a session was set up with."""
    asked: list[dict[str, str | None]] = []
    monkeypatch.setattr(boto3, "setup_default_session", lambda **settings: asked.append(settings))
    return asked


def test_it_is_in_the_folder_of_settings(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    usual = tmp_path / ".config/connector/stacks.yaml"
    assert path_of({}) == path_of({"XDG_CONFIG_HOME": ""}) == path_of({"XDG_CONFIG_HOME": "relative"}) == usual
    assert path_of({"XDG_CONFIG_HOME": "/etc/mine"}) == Path("/etc/mine/connector/stacks.yaml")


def test_a_name_gives_stack_region_and_profile(write, session):
    assert named_stacks(write(TWO))["live"] == NamedStack("connector", "eu-north-1", "nordic-prod")
    assert Stack("live").name == "connector"
    assert session == [{"profile_name": "nordic-prod", "region_name": "eu-north-1"}]


def test_a_name_without_region_and_profile_leaves_the_environment_alone(write, session):
    write(TWO)
    assert (Stack("test").name, session) == ("connector-dev", [])


def test_a_profile_that_aws_does_not_know_is_told_with_the_file(write, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    path = write(TWO)
    with pytest.raises(WrongInput, match="names the profile 'nordic-prod', which") as refused:
        Stack("live")
    assert str(path) in refused.value.message


def test_another_name_is_that_of_cloudformation(write, session):
    write(TWO)
    assert (Stack("connector-old").name, session) == ("connector-old", [])


def test_of_several_none_is_taken_unnamed(write):
    path = write(TWO)
    with pytest.raises(WrongInput, match=r"names several stacks: live, test\. Name one") as refused:
        Stack(None)
    assert str(path) in refused.value.message


def test_the_only_one_need_not_be_named(write):
    write("live: {stack: connector}")
    assert Stack(None).name == "connector"


@pytest.mark.parametrize("text", ["", "# nothing yet"])
def test_an_empty_file_names_nothing(write, text):
    assert named_stacks(write(text)) == {}


def test_no_file_names_nothing(tmp_path):
    assert named_stacks(tmp_path / "stacks.yaml") == {}


@pytest.mark.parametrize(
    "text",
    [
        "- connector",
        "live: connector",
        "live: {region: eu-north-1}",
        "live: {stack: connector, regoin: eu-north-1}",
        "live: {stack: connector}\nlive: {stack: connector-dev}",
        "live: {stack: [connector]}",
        'live: {stack: ""}',
        "live: {stack: connector",
        b"live: \xff".decode("latin-1"),
    ],
)
def test_a_file_of_another_form_is_refused_with_its_path(write, text):
    path = write(text)
    with pytest.raises(WrongInput, match=str(path)):
        named_stacks(path)


def test_a_file_that_cannot_be_read_is_refused(write):
    path = write("")
    path.write_bytes(b"live: \xff")
    with pytest.raises(WrongInput, match="is not UTF-8 text"):
        named_stacks(path)
