"""`connector secrets`: puts credentials into the stack's secrets, never by way of a command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from connector.adapters.aws.secrets import KEPT, ORDERFUL_SHAPE, VISMA_SHAPE
from connector.adapters.callback_auth import CALLBACK_SHAPE, CallbackCredentials
from connector.cli.output import WrongInput, json_option, show
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.layout import span


@dataclass(frozen=True, slots=True)
class _Secret:
    """One secret of the stack.

    Attributes:
        output: The output of the stack that holds its ARN.
        shape: What it looks like, as JSON.
        is_sound: Whether a JSON object has that shape.
        ask: Has a person type it, unseen.
    """

    output: str
    shape: str
    is_sound: Callable[[Mapping[str, Any]], bool]
    ask: Callable[[], dict[str, Any]]


@click.group(short_help="The credentials of the stack.")
def secrets() -> None:
    """The credentials of the stack, in AWS Secrets Manager."""


@secrets.command("set", short_help="Replace one secret.")
@click.argument("which", metavar="SECRET", type=click.Choice(["visma", "orderful", "callback"]))
@stack_option
@json_option
def set_secret(*, which: str, stack: Stack, as_json: bool) -> int:
    """Replace one secret: visma, orderful or callback.

    Asks for each value at the terminal and does not show it. Without a terminal it reads the whole secret as a JSON
    object from standard input.
    """
    secret = _SECRETS[which]
    content = secret.ask() if sys.stdin.isatty() else _read(secret)
    if not secret.is_sound(content):
        raise WrongInput(f"The {which} secret looks like {secret.shape}. Nothing was changed.")
    stack.put_secret(secret.output, content)
    show(
        {"secret": which, "stack": stack.name},
        lambda: f"The {which} secret of {stack.title} is set; functions that run take it within {span(KEPT)}.",
        as_json=as_json,
    )
    return 0


def _read(secret: _Secret) -> dict[str, Any]:
    try:
        content = json.loads(sys.stdin.read())
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise WrongInput(f"Standard input is no JSON object like {secret.shape}. Nothing was changed.")
    return content


def _asked(name: str, *, hidden: bool = True, default: str | None = None) -> str:
    answer: str = click.prompt(name, hide_input=hidden, default=default, err=True)
    return answer.strip()


def _ask_visma() -> dict[str, Any]:
    return {"client_id": _asked("Client id", hidden=False), "client_secret": _asked("Client secret")}


def _ask_orderful() -> dict[str, Any]:
    return {"api_key": _asked("API key")}


def _ask_callback() -> dict[str, Any]:
    header = _asked("Name of the header", hidden=False, default="x-connector-secret")
    return {"header": header, "secrets": [_asked("Its value")]}


def _is_visma(content: Mapping[str, Any]) -> bool:
    companies = content.get("companies", {})
    if not isinstance(companies, dict):
        return False
    own = {name: value for name, value in content.items() if name != "companies"}
    pairs = [*companies.values(), *([own] if own or not companies else [])]
    return all(isinstance(pair, dict) and _is_filled(pair, "client_id", "client_secret") for pair in pairs)


def _is_callback(content: Mapping[str, Any]) -> bool:
    try:
        CallbackCredentials.from_content(content)
    except ValueError:
        return False
    return True


def _is_filled(content: Mapping[str, Any], *names: str) -> bool:
    """Whether these names, and no others, have a text."""
    return set(content) == set(names) and all(isinstance(it, str) and it.strip() for it in content.values())


_SECRETS = {
    "visma": _Secret("VismaSecretArn", VISMA_SHAPE, _is_visma, _ask_visma),
    "orderful": _Secret("OrderfulSecretArn", ORDERFUL_SHAPE, lambda it: _is_filled(it, "api_key"), _ask_orderful),
    "callback": _Secret("CallbackSecretArn", CALLBACK_SHAPE, _is_callback, _ask_callback),
}
