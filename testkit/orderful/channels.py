"""The inbound channels of the sandbox Orderful: inboxes, polling buckets and a webhook."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from testkit.orderful.push import RETRY_SECONDS, Webhook

CHANNELS: Final = ("inbox", "bucket", "webhook")


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of inbound documents.

    Attributes:
        inboxes: Ids of v4 inboxes.
        buckets: Ids of v3 polling buckets.
        webhook: The URL of pushes; None for no pushes.
        message_as_href: Whether the message in the v3 shape is a link.
        types_in_inbox: Whether inbox items have the two type fields and the UUID of the transaction, as in the
            documentation of late 2026; the published structure has none.
        retry_seconds: Waits between the attempts of a push.
    """

    inboxes: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()
    webhook: Webhook | None = None
    message_as_href: bool = False
    types_in_inbox: bool = True
    retry_seconds: tuple[float, ...] = RETRY_SECONDS

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Channels:
        """Read `{"inboxes": [...], "buckets": [...], "webhook": {...} or null, ...}`; a missing key has its default.

        Raises:
            ValueError: a key is unknown or a value is wrong.
        """
        try:
            options = dict(body)
            for name in {"inboxes", "buckets"} & options.keys():
                options[name] = frozenset(str(one) for one in options[name])
            if options.get("webhook") is not None:
                options["webhook"] = Webhook.parse(options["webhook"])
            if "retry_seconds" in options:
                options["retry_seconds"] = tuple(float(one) for one in options["retry_seconds"])
            return cls(**options)
        except TypeError as error:
            raise ValueError(f"These are no channels: {error}.") from None

    def places(
        self, channels: Collection[str] | None, inbox: int | str | None, bucket: int | str | None
    ) -> frozenset[tuple[str, str]]:
        """The places of a new document: `("inbox", "4711")`; the arguments are those of `Inbound.receive`.

        Raises:
            ValueError: there is no such channel.
        """
        unknown = set(channels or ()) - set(CHANNELS)
        if unknown:
            raise ValueError(f"A channel is {', '.join(CHANNELS)}, not {', '.join(sorted(unknown))}.")
        if channels is not None and "webhook" in channels and self.webhook is None:
            raise ValueError("The sandbox Orderful has no webhook: set its channels first.")
        found: set[tuple[str, str]] = set()
        for kind, named, known in (("inbox", inbox, self.inboxes), ("bucket", bucket, self.buckets)):
            if named is not None and str(named) not in known:
                raise ValueError(f"The sandbox Orderful has no {kind} {named}: set its channels first.")
            if channels is not None and kind in channels and not known:
                raise ValueError(f"The sandbox Orderful has no {kind}: set its channels first.")
            if channels is None or kind in channels:
                found |= {(kind, number) for number in (known if named is None else {str(named)})}
        return frozenset(found)
