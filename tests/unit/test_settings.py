"""The environment of the functions: complete, or named before any document is touched."""

from __future__ import annotations

import msgspec
import pytest

from connector.domain.errors import Misconfigured
from connector.domain.transactions import Stream
from connector.settings import (
    ApplyChangeSettings,
    DeliverTransactionSettings,
    PollOrderfulSettings,
    PollVismaSettings,
    ReceiveCallbackSettings,
    ReconcileSettings,
    SendDigestSettings,
    Settings,
    TrackTransactionsSettings,
    TranslateDocumentSettings,
)

ALL = [
    PollVismaSettings,
    TranslateDocumentSettings,
    DeliverTransactionSettings,
    TrackTransactionsSettings,
    ReceiveCallbackSettings,
    PollOrderfulSettings,
    ApplyChangeSettings,
    ReconcileSettings,
    SendDigestSettings,
]


def environment(model: type[Settings], **changes: str | None) -> dict[str, str]:
    """A complete environment; None takes a variable out."""
    usual = {field.name.upper(): "x" for field in msgspec.structs.fields(model) if field.required}
    every = usual | {"STREAM": "test", "PATH": "/usr/bin"} | changes
    return {name: value for name, value in every.items() if value is not None}


@pytest.mark.parametrize("model", ALL)
def test_a_complete_environment_is_read_and_what_is_not_ours_is_passed_over(model):
    settings = model.from_environment(environment(model))
    assert settings.stream is Stream.TEST
    assert not hasattr(settings, "path")


@pytest.mark.parametrize("model", ALL)
def test_every_missing_variable_is_named(model):
    required = sorted(field.name.upper() for field in msgspec.structs.fields(model) if field.required)
    for name in required:
        with pytest.raises(Misconfigured, match=rf"is wrong: {name}\."):
            model.from_environment(environment(model, **{name: None}))
    with pytest.raises(Misconfigured, match=rf"is wrong: {', '.join(required)}\."):
        model.from_environment({})


@pytest.mark.parametrize("stream", ["TEST", "prod", ""])
def test_a_stream_that_does_not_exist_is_refused(stream):
    with pytest.raises(Misconfigured, match="STREAM"):
        PollVismaSettings.from_environment(environment(PollVismaSettings, STREAM=stream))


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (DeliverTransactionSettings, "CLAIM_SECONDS", "0"),
        (DeliverTransactionSettings, "CONFIRM_AFTER_SECONDS", "-1"),
        (DeliverTransactionSettings, "CLAIM_SECONDS", "soon"),
        (DeliverTransactionSettings, "LEDGER_YOUNG_DAYS", "-1"),
        (TrackTransactionsSettings, "RESEND_AFTER_SECONDS", "0"),
        (TrackTransactionsSettings, "RESEND_AFTER_SECONDS", "1.5"),
        (ReceiveCallbackSettings, "CALLBACK_MAX_BYTES", "0"),
        (PollOrderfulSettings, "RESEND_AFTER_SECONDS", "0"),
        (ApplyChangeSettings, "CLAIM_SECONDS", "0"),
    ],
)
def test_a_number_without_sense_is_refused_with_its_name_and_without_its_value(model, name, value):
    with pytest.raises(Misconfigured, match=name) as refused:
        model.from_environment(environment(model, **{name: value}))
    assert refused.value.sentence == f"The environment of this function is wrong: {name}."


def test_numbers_are_read_and_have_sensible_defaults():
    usual = DeliverTransactionSettings.from_environment(environment(DeliverTransactionSettings))
    assert (usual.confirm_after_seconds, usual.claim_seconds, usual.ledger_young_days) == (120, 90, 30)
    changed = environment(DeliverTransactionSettings, CLAIM_SECONDS="100", CONFIRM_AFTER_SECONDS="0")
    settings = DeliverTransactionSettings.from_environment(changed)
    assert (settings.confirm_after_seconds, settings.claim_seconds) == (0, 100)


@pytest.mark.parametrize(
    ("text", "ids"),
    [("", ()), (" ", ()), ("12", ("12",)), ("12,13", ("12", "13")), (" 12 ,, b-1 ,", ("12", "b-1"))],
)
def test_inboxes_and_buckets_are_read_from_comma_separated_text(text, ids):
    given = environment(PollOrderfulSettings, ORDERFUL_INBOX_IDS=text, ORDERFUL_BUCKET_IDS=text)
    settings = PollOrderfulSettings.from_environment(given)
    assert (settings.orderful_inbox_ids, settings.orderful_bucket_ids) == (ids, ids)


def test_without_inboxes_and_buckets_there_are_none():
    settings = PollOrderfulSettings.from_environment(environment(PollOrderfulSettings))
    assert (settings.orderful_inbox_ids, settings.orderful_bucket_ids) == ((), ())


def test_a_callback_of_a_megabyte_is_read():
    assert ReceiveCallbackSettings.from_environment(environment(ReceiveCallbackSettings)).callback_max_bytes == 1 << 20


def test_the_environment_of_the_process_is_the_default(monkeypatch):
    for name, value in environment(TranslateDocumentSettings, STREAM="live").items():
        monkeypatch.setenv(name, value)
    assert TranslateDocumentSettings.from_environment().stream is Stream.LIVE


def test_settings_cannot_be_changed_afterwards():
    settings = PollVismaSettings.from_environment(environment(PollVismaSettings))
    with pytest.raises(AttributeError, match="immutable"):
        settings.stream = Stream.LIVE
