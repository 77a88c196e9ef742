"""The ledger: the same cases against the fake and against the adapter over DynamoDB."""

from __future__ import annotations

import random
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from connector.adapters.aws import clients
from connector.adapters.aws import ledger as ledger_module
from connector.adapters.aws.ledger import DynamoLedger, read_revision, revision_item
from connector.adapters.aws.payloads import S3Payloads
from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Conflict, Misconfigured, Parked, Transient
from connector.domain.note_forms import NO_PLACE
from connector.domain.revision.record import (
    CAPTURED,
    NOTHING_NEW,
    NOTHING_NEW_IN_VISMA,
    PAUSED_LIST,
    ChangeResult,
    Event,
    Owner,
    Posted,
    Revision,
    State,
    place_at,
    place_of,
)
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Dialect, Purpose, Stream, TransactionType
from connector.services.listing import Selection, find
from connector.services.ports import Acknowledger, TrackerProgress, Waiting
from testkit.aws import BUCKET, DOCUMENTS, Calls, aws_in_memory, make_ledger_resources
from testkit.memory.stores import MemoryLedger

NOW = datetime(2026, 11, 2, 8, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=90)
KEY = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")
BODY = {"type": "850_PURCHASE_ORDER", "message": {"note": "Blåbærsyltetøy, 5 €", "quantity": "0.10", "lines": [{}]}}


@pytest.fixture
def in_aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_ledger_resources()
        yield


@pytest.fixture
def dynamo(in_aws) -> DynamoLedger:
    return DynamoLedger(DOCUMENTS, S3Payloads(BUCKET))


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request):
    return MemoryLedger() if request.param == "memory" else request.getfixturevalue("dynamo")


def a_revision(sequence=1, *, key=KEY, state=State.TRANSLATED, **changes) -> Revision:
    revision = Revision(
        key=key,
        sequence=sequence,
        revision_id=f"{sequence:x}" * 64,
        state=state,
        created_at=NOW,
        updated_at=NOW,
        modified_at=NOW - timedelta(minutes=3),
        seen_at=NOW - timedelta(minutes=1),
        visma_status="Open",
        partner="acme",
        transaction_type=TransactionType.PURCHASE_ORDER,
        dialect=Dialect.X12,
        purpose=Purpose.REPLACE,
        stream=Stream.TEST,
        sender_id="NORDICFOODT",
        receiver_id="ACMEPRODUCET",
        business_number=key.number,
        history=(Event(NOW, CAPTURED, "seen"), Event(NOW, state, "translated: x12")),
    )
    return replace(revision, **changes)


def put(ledger, revision=None, *, source=b'{"orderNbr": "500123"}', request=BODY) -> Revision:
    revision = revision or a_revision()
    ledger.add(revision, source=source, request=request)
    return revision


class TestKeeping:
    def test_a_revision_comes_back_as_it_was_written(self, ledger):
        revision = put(
            ledger,
            a_revision(reason="Because “æøå”.", reason_code="no-lines", attention="look", asked_since=NOW, attempts=0),
        )
        assert ledger.get(KEY, 1) == revision
        assert list(ledger.revisions(KEY)) == [revision]

    def test_what_a_person_chose_and_what_is_withdrawn_come_back(self, ledger):
        named = {"counterparty": "50012", "counterparty_id": "101", "document_type": "DropShip"}
        revision = a_revision(released=True, look_up_first=True, withdraws=3, listed_since=NOW, **named)
        put(ledger, revision)
        assert ledger.get(KEY, 1) == revision

    def test_the_documents_of_many_revisions_are_read_together(self, ledger):
        """Small ones from the table, a large one from the bucket; what is gone is left out."""
        noise = random.Random(1).randbytes(150_000)
        kept = [
            put(ledger, a_revision(number, key=replace(KEY, number=str(number))), source=b"%d" % number)
            for number in range(1, 251)
        ]
        large = put(ledger, a_revision(key=replace(KEY, number="999")), source=noise)
        large = ledger.get(large.key, 1)
        gone = a_revision(key=replace(KEY, number="1000"))
        found = {one.key.number: source for one, source in ledger.sources_of([*kept, large, gone])}
        assert found == {str(number): b"%d" % number for number in range(1, 251)} | {"999": noise}

    def test_fields_without_a_value_come_back_without_one(self, ledger):
        bare = Revision(key=KEY, sequence=1, revision_id="a" * 64, state=State.PARKED, created_at=NOW, updated_at=NOW)
        put(ledger, bare, request=None)
        assert ledger.get(KEY, 1) == bare

    def test_the_newest_revision_comes_first_and_no_more_than_asked_for(self, ledger):
        for sequence in range(1, 13):
            put(ledger, a_revision(sequence))
        assert [revision.sequence for revision in ledger.revisions(KEY, limit=3)] == [12, 11, 10]
        assert len(ledger.revisions(KEY)) == 10
        assert len(ledger.revisions(KEY, limit=100)) == 12

    def test_documents_whose_keys_begin_alike_are_kept_apart(self, ledger):
        longer = DocumentKey("nordic", Kind.PURCHASE_ORDER, "5001234")
        odd = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "CreditNote:9#1/2 æ")
        for key in (KEY, longer, odd):
            put(ledger, a_revision(key=key))
        assert [revision.key for revision in ledger.revisions(KEY)] == [KEY]
        assert ledger.get(odd, 1).key == odd

    def test_what_is_not_there_is_none(self, ledger):
        assert ledger.get(KEY, 1) is None
        assert list(ledger.revisions(KEY)) == []

    def test_a_sequence_is_given_once(self, ledger):
        first = put(ledger)
        with pytest.raises(Conflict):
            put(ledger, a_revision(revision_id="b" * 64), source=b"other", request={"other": "body"})
        assert ledger.get(KEY, 1) == first
        assert ledger.request_of(first) == BODY, "the loser's bodies do not replace the winner's"
        assert ledger.source_of(first) == b'{"orderNbr": "500123"}'

    @pytest.mark.parametrize("size", [1_000, 300_000])
    def test_both_bodies_come_back_to_the_byte(self, ledger, size):
        noise = random.Random(7).randbytes(size).hex()
        source, request = f'{{"note": "{noise}"}}'.encode(), {"message": noise[::-1]}
        put(ledger, source=source, request=request)
        revision = ledger.get(KEY, 1)
        assert ledger.source_of(revision) == source
        assert ledger.request_of(revision) == request

    def test_a_body_that_is_not_there_is_no_longer_kept(self, ledger):
        """It is written before its revision, so waiting for it would be in vain."""
        revision = put(ledger, request=None)
        with pytest.raises(Parked, match="request of revision 1 is no longer kept") as lost:
            ledger.request_of(revision)
        assert "If it waits for a person, then: connector documents close" in lost.value.next_step, (
            "only such are closed"
        )
        with pytest.raises(Parked, match="source of revision 2 is no longer kept"):
            ledger.source_of(a_revision(2))


class TestTranslatingAgain:
    def test_a_parked_revision_is_replaced_with_its_bodies(self, ledger):
        parked = put(
            ledger, a_revision(state=State.PARKED, reason="no unit", waits_for="defaults.units.KRT"), request=None
        )
        after = replace(parked, state=State.TRANSLATED, reason=None, waits_for=None, updated_at=NOW + SECOND)
        ledger.retranslated(after, was=State.PARKED, source=b'{"orderNbr": "500123", "hold": false}', request=BODY)
        assert ledger.get(KEY, 1) == after
        assert ledger.request_of(ledger.get(KEY, 1)) == BODY
        assert ledger.source_of(ledger.get(KEY, 1)) == b'{"orderNbr": "500123", "hold": false}'
        assert list(ledger.in_state(State.PARKED)) == []
        assert [revision.sequence for revision in ledger.in_state(State.TRANSLATED)] == [1]

    def test_what_a_pause_has_parked_has_a_list_of_its_own(self, ledger):
        paused = put(ledger, a_revision(1, state=State.PARKED, reason_code="paused"))
        parked = put(ledger, a_revision(2, state=State.PARKED, reason_code="unmapped-unit"))
        assert [one.sequence for one in ledger.listed(PAUSED_LIST, after="", before="~", limit=9)] == [paused.sequence]
        assert ledger.waiting(State.PARKED).count == 1
        assert {one.sequence for one in ledger.in_state(State.PARKED)} == {paused.sequence, parked.sequence}
        ledger.move(paused, State.PARKED, now=NOW + timedelta(minutes=1), note="again", reason_code="unmapped-unit")
        assert list(ledger.listed(PAUSED_LIST, after="", before="~", limit=9)) == []

    def test_one_that_left_the_state_meanwhile_is_not_replaced(self, ledger):
        parked = put(ledger, a_revision(state=State.PARKED))
        ledger.move(parked, State.SUPERSEDED, now=NOW + SECOND, note="newer")
        with pytest.raises(Conflict):
            ledger.retranslated(replace(parked, state=State.TRANSLATED), was=State.PARKED, source=b"{}", request=BODY)
        assert ledger.get(KEY, 1).state is State.SUPERSEDED

    def test_one_that_does_not_exist_is_not_made(self, ledger):
        with pytest.raises(Conflict):
            ledger.retranslated(a_revision(), was=State.PARKED, source=b"{}", request=None)
        assert ledger.get(KEY, 1) is None


class TestSeenAgain:
    def test_only_the_time_and_the_row_version_change(self, ledger):
        sent = put(ledger, a_revision(state=State.PARKED))
        ledger.seen_again(sent, seen_at=NOW + SECOND, version="AAAAAE0YIiM=")
        assert ledger.get(KEY, 1) == replace(sent, seen_at=NOW + SECOND, visma_version="AAAAAE0YIiM=")

    def test_one_that_was_moved_meanwhile_is_left_alone(self, ledger):
        read = put(ledger, a_revision(state=State.PARKED))
        moved = ledger.move(read, State.SUPERSEDED, now=NOW + SECOND, note="newer")
        with pytest.raises(Conflict):
            ledger.seen_again(read, seen_at=NOW + SECOND, version=None)
        assert ledger.get(KEY, 1) == moved

    def test_of_two_workers_that_read_the_same_only_one_notes_what_it_saw(self, ledger):
        read = put(ledger, a_revision(seen_at=NOW))
        ledger.seen_again(read, seen_at=NOW + 2 * SECOND, version="AAAAAE0YIiM=")
        with pytest.raises(Conflict):
            ledger.seen_again(read, seen_at=NOW + SECOND, version="AAAAAE0YIiI=")
        assert ledger.get(KEY, 1).visma_version == "AAAAAE0YIiM="
        ledger.seen_again(ledger.get(KEY, 1), seen_at=NOW + 3 * SECOND, version="AAAAAE0YIiQ=")
        assert ledger.get(KEY, 1).seen_at == NOW + 3 * SECOND

    @pytest.mark.parametrize("seen_at", [None, NOW])
    @pytest.mark.parametrize("transaction_id", ["8412", "5d9d0d2e-3f9b-4c26-b1d3-8f5b6f1a2c3d"])
    def test_a_worker_that_has_read_the_revision_before_writes_it_with_the_sighting(
        self, ledger, seen_at, transaction_id
    ):
        put(ledger, a_revision(seen_at=seen_at))
        claimed = ledger.claim(KEY, 1, now=NOW + SECOND, lease=LEASE)
        ledger.seen_again(claimed, seen_at=NOW + 2 * SECOND, version="AAAAAE0YIiM=")
        owned = ledger.own(claimed, State.SENT, transaction_id=transaction_id, now=NOW + 3 * SECOND, note="sent")
        assert ledger.get(KEY, 1) == owned
        assert (owned.seen_at, owned.visma_version) == (NOW + 2 * SECOND, "AAAAAE0YIiM=")

        ledger.seen_again(owned, seen_at=NOW + 4 * SECOND, version="AAAAAE0YIiQ=")
        moved = ledger.move(owned, State.VALID, now=NOW + 5 * SECOND, note="valid")
        assert ledger.get(KEY, 1) == moved
        assert (moved.state, moved.seen_at, moved.visma_version) == (State.VALID, NOW + 4 * SECOND, "AAAAAE0YIiQ=")
        assert ledger.owners([transaction_id])[transaction_id].sequence == 1

    def test_a_sighting_with_the_same_time_is_kept_as_well(self, ledger):
        """Where Visma's clock was set back, only the row version moves on."""
        read = put(ledger, a_revision(seen_at=NOW, visma_version="AAAAAE0YIiI="))
        ledger.seen_again(read, seen_at=NOW, version="AAAAAE0YIiM=")
        with pytest.raises(Conflict):
            ledger.seen_again(read, seen_at=NOW, version="AAAAAE0YIiQ=")
        moved = ledger.move(read, State.PARKED, now=NOW + SECOND, note="asked")
        assert ledger.get(KEY, 1) == moved
        assert moved.visma_version == "AAAAAE0YIiM="

    def test_another_change_is_a_conflict_although_it_was_seen_again_besides(self, ledger):
        read = put(ledger, a_revision(state=State.PARKED, seen_at=NOW))
        ledger.seen_again(read, seen_at=NOW + SECOND, version=None)
        ledger.move(ledger.get(KEY, 1), State.PARKED, now=NOW + SECOND, note="asked again")
        with pytest.raises(Conflict, match="was changed meanwhile"):
            ledger.move(read, State.SUPERSEDED, now=NOW + 2 * SECOND, note="newer")


class TestSuperseding:
    @pytest.mark.parametrize("anew", [False, True])
    def test_a_revision_takes_the_place_of_others_in_one_write(self, ledger, anew):
        old = [put(ledger, a_revision(1, state=State.BASELINE)), put(ledger, a_revision(2, state=State.PARKED))]
        self._decide(ledger, anew=anew, supersedes=old)
        states = [(one.state, one.updated_at) for one in ledger.revisions(KEY)]
        assert states == [(State.TRANSLATED, NOW + SECOND), *[(State.SUPERSEDED, NOW + SECOND)] * 2]
        assert ledger.get(KEY, 1).history[-1].note == "a newer revision took its place"
        assert list(ledger.in_state(State.PARKED)) == []

    @pytest.mark.parametrize("anew", [False, True])
    def test_nothing_is_written_when_one_of_them_is_claimed_meanwhile(self, ledger, anew):
        old = [put(ledger, a_revision(1, state=State.PARKED)), put(ledger, a_revision(2))]
        ledger.claim(KEY, 2, now=NOW + SECOND, lease=LEASE)
        with pytest.raises(Conflict, match="Revision 2 was changed"):
            self._decide(ledger, anew=anew, supersedes=old)
        assert [one.state for one in ledger.revisions(KEY)][-2:] == [State.SENDING, State.PARKED]
        assert ledger.get(KEY, 3) is None or ledger.get(KEY, 3).state is State.SKIPPED

    @pytest.mark.parametrize("anew", [False, True])
    def test_nothing_is_superseded_when_the_revision_cannot_be_written(self, ledger, anew):
        old = put(ledger, a_revision(1, state=State.PARKED))
        put(ledger, a_revision(3, state=State.PARKED))
        with pytest.raises(Conflict, match="Revision 3 was changed"):
            self._written(ledger, anew=anew, supersedes=[old])
        assert [one.state for one in ledger.revisions(KEY)] == [State.PARKED, State.PARKED]

    def _decide(self, ledger, *, anew, supersedes):
        if anew:
            put(ledger, a_revision(3, state=State.SKIPPED))
        self._written(ledger, anew=anew, supersedes=supersedes)

    def _written(self, ledger, *, anew, supersedes):
        after = a_revision(3, updated_at=NOW + SECOND)
        how = (lambda *a, **k: ledger.retranslated(*a, was=State.SKIPPED, **k)) if anew else ledger.add
        how(after, source=b"{}", request=BODY, supersedes=supersedes)


class TestClaiming:
    def test_a_claim_says_who_may_send_and_until_when(self, ledger):
        put(ledger)
        claimed = ledger.claim(KEY, 1, now=NOW + SECOND, lease=LEASE)
        assert claimed == ledger.get(KEY, 1)
        assert (claimed.state, claimed.attempts) == (State.SENDING, 1)
        assert claimed.claim_until == NOW + SECOND + LEASE
        assert claimed.first_attempt_at == NOW + SECOND
        assert claimed.updated_at == NOW + SECOND
        assert claimed.history[-1] == Event(NOW + SECOND, State.SENDING, "claimed for sending")
        assert ledger.request_of(claimed) == BODY

    def test_while_it_runs_nobody_else_gets_it(self, ledger):
        put(ledger)
        ledger.claim(KEY, 1, now=NOW, lease=LEASE)
        for later in (timedelta(0), LEASE):
            with pytest.raises(Conflict, match="Another worker"):
                ledger.claim(KEY, 1, now=NOW + later, lease=LEASE)

    def test_once_it_ran_out_the_next_one_gets_it_and_knows_of_the_first(self, ledger):
        put(ledger)
        ledger.claim(KEY, 1, now=NOW, lease=LEASE)
        later = NOW + LEASE + timedelta(microseconds=1)
        claimed = ledger.claim(KEY, 1, now=later, lease=LEASE)
        assert (claimed.attempts, claimed.first_attempt_at) == (2, NOW)

    @pytest.mark.parametrize("state", [State.TRANSLATED, State.UNCONFIRMED])
    def test_what_is_due_can_be_claimed(self, ledger, state):
        put(ledger, a_revision(state=state))
        assert ledger.claim(KEY, 1, now=NOW, lease=LEASE).state is State.SENDING

    @pytest.mark.parametrize("state", sorted(set(State) - {State.TRANSLATED, State.UNCONFIRMED, State.SENDING}))
    def test_what_is_not_due_cannot(self, ledger, state):
        put(ledger, a_revision(state=state))
        assert ledger.claim(KEY, 1, now=NOW, lease=LEASE) is None
        assert ledger.get(KEY, 1).state is state

    def test_what_does_not_exist_cannot_and_is_not_made(self, ledger):
        assert ledger.claim(KEY, 9, now=NOW, lease=LEASE) is None
        assert ledger.get(KEY, 9) is None

    def test_of_many_workers_at_the_same_instant_one_gets_it(self, ledger):
        put(ledger)
        claims = []
        for _ in range(8):
            with suppress(Conflict):
                claims.append(ledger.claim(KEY, 1, now=NOW, lease=LEASE))
        assert [claim.attempts for claim in claims] == [1]
        assert ledger.get(KEY, 1).attempts == 1


class TestMoving:
    def test_a_move_changes_what_is_named_and_ends_the_claim(self, ledger):
        put(ledger)
        claimed = ledger.claim(KEY, 1, now=NOW, lease=LEASE)
        moved = ledger.move(
            claimed, State.SENT, now=NOW + SECOND, note="sent as 7", transaction_id="7", sent_at=NOW + SECOND
        )
        assert moved == ledger.get(KEY, 1)
        assert (moved.state, moved.transaction_id, moved.claim_until) == (State.SENT, "7", None)
        assert moved.history[-1] == Event(NOW + SECOND, State.SENT, "sent as 7")
        assert moved.sender_id == claimed.sender_id

    def test_a_value_can_be_taken_away(self, ledger):
        revision = put(ledger, a_revision(state=State.REJECTED, reason="bad"))
        ledger.move(revision, State.VALID, now=NOW + SECOND, note="well again", reason=None)
        assert ledger.get(KEY, 1).reason is None

    def test_a_revision_that_changed_since_it_was_read_is_not_moved(self, ledger):
        seen = put(ledger)
        ledger.claim(KEY, 1, now=NOW + SECOND, lease=LEASE)
        with pytest.raises(Conflict):
            ledger.move(seen, State.SUPERSEDED, now=NOW + 2 * SECOND, note="newer")
        assert ledger.get(KEY, 1).state is State.SENDING

    def test_the_same_state_at_another_time_is_a_change_as_well(self, ledger):
        """A claim that ran out and was taken over: the first worker comes back to life and must not write."""
        put(ledger)
        first = ledger.claim(KEY, 1, now=NOW, lease=LEASE)
        second = ledger.claim(KEY, 1, now=NOW + 2 * LEASE, lease=LEASE)
        with pytest.raises(Conflict):
            ledger.move(first, State.REJECTED, now=NOW + 2 * LEASE, note="late")
        assert ledger.move(second, State.SENT, now=NOW + 3 * LEASE, note="sent").state is State.SENT

    def test_a_move_that_does_not_exist_is_refused(self, ledger):
        revision = put(ledger, a_revision(state=State.ACKNOWLEDGED))
        with pytest.raises(Conflict, match="cannot become TRANSLATED"):
            ledger.move(revision, State.TRANSLATED, now=NOW + SECOND, note="again")

    def test_a_note_may_be_added_without_a_move(self, ledger):
        revision = put(ledger, a_revision(state=State.VALID))
        assert ledger.move(revision, State.VALID, now=NOW + SECOND, note="still", attention="look").state is State.VALID
        assert ledger.get(KEY, 1).attention == "look"

    def test_a_frequent_note_is_stored_short_and_read_whole(self, dynamo):
        note = f"translated; {NO_PLACE.of()}"
        dynamo.move(put(dynamo, a_revision(state=State.VALID)), State.VALID, now=NOW + SECOND, note=note)
        assert dynamo.get(KEY, 1).history[-1].note == note
        items = clients.dynamodb().scan(TableName=DOCUMENTS)["Items"]
        (packed,) = [one["packed"]["B"] for one in items if "packed" in one]
        assert b"translated; ~no-place~" in zlib.decompress(packed)


class TestOwning:
    """A transaction has one owner; it is written with the revision that records it, or neither is."""

    OTHER = DocumentKey("elsewhere", Kind.PURCHASE_ORDER, "500123")

    def own(self, ledger, revision, transaction_id="1001", **changes):
        return ledger.own(
            revision, State.SENT, transaction_id=transaction_id, now=NOW + SECOND, note="sent", sent_at=NOW, **changes
        )

    def claimed(self, ledger, **changes):
        revision = put(ledger, a_revision(**changes))
        return ledger.claim(revision.key, revision.sequence, now=NOW, lease=LEASE)

    def test_the_revision_that_records_a_transaction_owns_it(self, ledger):
        sent = self.own(ledger, self.claimed(ledger))
        assert sent == ledger.get(KEY, 1)
        assert (sent.state, sent.transaction_id, sent.claim_until) == (State.SENT, "1001", None)
        assert dict(ledger.owners(["1001", "1002", "1001"])) == {"1001": Owner(KEY, 1)}

    def test_a_transaction_of_another_document_is_not_recorded(self, ledger):
        self.own(ledger, self.claimed(ledger, key=self.OTHER))
        claimed = self.claimed(ledger)
        assert self.own(ledger, claimed) is None
        assert ledger.get(KEY, 1) == claimed
        assert dict(ledger.owners(["1001"])) == {"1001": Owner(self.OTHER, 1)}

    def test_a_transaction_passes_to_a_later_revision_of_the_same_document(self, ledger):
        self.own(ledger, self.claimed(ledger))
        assert self.own(ledger, self.claimed(ledger, sequence=2)).transaction_id == "1001"
        assert dict(ledger.owners(["1001"])) == {"1001": Owner(KEY, 2)}

    def test_a_revision_that_was_moved_meanwhile_owns_nothing(self, ledger):
        claimed = self.claimed(ledger)
        ledger.move(claimed, State.UNCONFIRMED, now=NOW + SECOND, note="lost")
        with pytest.raises(Conflict):
            self.own(ledger, claimed)
        assert not ledger.owners(["1001"])

    def test_the_id_of_the_list_is_owned_as_well(self, ledger):
        sent = self.own(ledger, self.claimed(ledger), "a-uuid", listed_as="1001")
        assert ledger.get(KEY, 1).listed_as == sent.listed_as == "1001"
        assert set(ledger.owners(["1001", "a-uuid"])) == {"1001", "a-uuid"}

    def test_what_is_known_by_a_uuid_only_is_found_by_its_number_until_its_listed_id_is_known(self, ledger):
        first = self.own(ledger, self.claimed(ledger, key=self.OTHER), "a-uuid")
        self.own(ledger, self.claimed(ledger), "1001")
        for asked in (a_revision(3), first):
            assert ledger.posted(asked) == [Posted("a-uuid", Owner(self.OTHER, 1), NOW, NOW + SECOND)]
        for other in ({"business_number": "7"}, {"receiver_id": "B"}, {"transaction_type": TransactionType.INVOICE}):
            assert ledger.posted(a_revision(3, **other)) == []
        ledger.own(first, State.SENT, transaction_id="a-uuid", listed_as="1000", now=NOW + 2 * SECOND, note="listed")
        assert ledger.posted(a_revision(3)) == []

    def test_of_more_than_a_call_takes_the_owners_are_found_and_none_is_no_question(self, ledger):
        self.own(ledger, self.claimed(ledger), "250")
        assert dict(ledger.owners([str(number) for number in range(260)])) == {"250": Owner(KEY, 1)}
        assert not ledger.owners([])

    def test_what_a_person_decided_comes_back(self, ledger):
        put(ledger, a_revision(released=True, look_up_first=True))
        claimed = ledger.claim(KEY, 1, now=NOW, lease=LEASE)
        assert (claimed.released, claimed.look_up_first) == (True, True)

    def test_an_owner_is_no_revision(self, ledger):
        self.own(ledger, self.claimed(ledger))
        assert [one.transaction_id for one in ledger.in_state(State.SENT)] == ["1001"]
        assert list(ledger.in_state(State.SUPERSEDED)) == []


class TestLists:
    def test_open_revisions_are_listed_by_state_the_oldest_first(self, ledger):
        for number, age in (("1", 5), ("2", 9), ("3", 1)):
            key = DocumentKey("nordic", Kind.PURCHASE_ORDER, number)
            put(ledger, a_revision(key=key, created_at=NOW - timedelta(minutes=age)))
        put(ledger, a_revision(key=DocumentKey("nordic", Kind.PURCHASE_ORDER, "4"), state=State.PARKED))
        assert [revision.key.number for revision in ledger.in_state(State.TRANSLATED)] == ["2", "1", "3"]
        assert [revision.key.number for revision in ledger.in_state(State.PARKED)] == ["4"]

    def test_a_moved_revision_changes_its_list(self, ledger):
        put(ledger)
        claimed = ledger.claim(KEY, 1, now=NOW, lease=LEASE)
        assert [revision.state for revision in ledger.in_state(State.SENDING)] == [State.SENDING]
        ledger.move(claimed, State.SENT, now=NOW + SECOND, note="sent")
        assert list(ledger.in_state(State.SENDING)) == []
        assert len(list(ledger.in_state(State.SENT))) == 1

    @pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.SUPERSEDED, State.SKIPPED])
    def test_finished_revisions_are_found_by_reading_everything(self, ledger, state):
        put(ledger, a_revision(1))
        put(ledger, a_revision(2, state=state))
        assert [revision.sequence for revision in ledger.in_state(state)] == [2]

    def test_what_is_followed_is_listed_by_its_age_and_read_on_from_a_place(self, ledger):
        """A look that finds no new status writes nothing, so its place must not depend on the last change."""
        for number, age in (("1", 5), ("2", 9), ("3", 1), ("4", 5)):
            key = DocumentKey("nordic", Kind.PURCHASE_ORDER, number)
            sent_at = NOW - timedelta(minutes=age)
            put(ledger, a_revision(key=key, state=State.SENT, sent_at=sent_at, first_attempt_at=None))

        def listed(after="", before=NOW, limit=9):
            found = ledger.listed("SENT", after=after, before=place_at(before), limit=limit)
            return [one.key.number for one in found]

        assert listed() == ["2", "1", "4", "3"]
        assert listed(limit=2) == ["2", "1"]
        first = ledger.listed("SENT", after="", before=place_at(NOW), limit=2)
        assert listed(after=place_of(first[-1])) == ["4", "3"], "two of one moment are distinguished"
        assert listed(after=place_at(NOW - timedelta(minutes=5))) == ["1", "4", "3"]
        assert listed(before=NOW - timedelta(minutes=5)) == ["2"]
        ledger.move(ledger.get(first[0].key, 1), State.SENT, now=NOW + SECOND, note="status")
        assert listed() == ["2", "1", "4", "3"]

    @pytest.mark.parametrize("state", [State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED])
    def test_what_needs_attention_stands_in_a_list_of_its_own_until_it_needs_none(self, ledger, state):
        revision = put(ledger, a_revision(state=state))
        assert ledger.in_attention(limit=5) == []
        needs = ledger.move(
            revision, state, now=NOW + SECOND, note="late", attention="late", attention_at=NOW, concern="OVERDUE"
        )
        assert ledger.in_attention(limit=5) == [needs]
        assert list(ledger.in_state(state)) == [needs]
        closed = ledger.move(
            needs, state, now=NOW + 2 * SECOND, note="closed", attention=None, closed_concern="OVERDUE"
        )
        assert ledger.in_attention() == []
        assert list(ledger.in_state(state)) == [closed]

    def test_a_row_that_left_its_list_since_the_index_was_read_does_not_end_the_list(self, dynamo, monkeypatch):
        """A list shorter than its limit is read to the end: what is missing must be made up for."""
        for number in ("1", "2", "3"):
            key = DocumentKey("nordic", Kind.PURCHASE_ORDER, number)
            sent_at = NOW - timedelta(hours=1) + int(number) * SECOND
            put(dynamo, a_revision(key=key, state=State.SENT, sent_at=sent_at))
        read = ledger_module.items_of

        def read_later(client, table, keys):
            for item in read(client, table, keys):
                yield item if item["pk"]["S"][-1] != "1" else {**item, "open_state": {"S": "REJECTED"}}

        monkeypatch.setattr(ledger_module, "items_of", read_later)
        found = dynamo.listed("SENT", after="", before=place_at(NOW), limit=2)
        assert [one.key.number for one in found] == ["2", "3"]

    @pytest.mark.parametrize("state", [State.SENDING, State.UNCONFIRMED, State.VALID, State.DELIVERED])
    def test_what_an_earlier_release_listed_under_its_own_state_is_found(self, dynamo, state):
        revision = put(dynamo, a_revision(state=state))
        boto3.client("dynamodb").update_item(
            TableName=DOCUMENTS,
            Key={"pk": {"S": KEY.stored}, "sk": {"S": "rev#00000001"}},
            UpdateExpression="SET open_state = :state",
            ExpressionAttributeValues={":state": {"S": state.value}},
        )
        assert list(dynamo.in_state(state)) == [revision]
        moved = dynamo.move(revision, state, now=NOW + SECOND, note="status")
        assert list(dynamo.in_state(state)) == [moved]

    @pytest.mark.parametrize("state", [State.PARKED, State.REJECTED])
    def test_what_waits_for_a_person_is_counted_from_the_index(self, ledger, state):
        assert ledger.waiting(state) == Waiting(0, None)
        for number in ("1", "2"):
            key = DocumentKey("nordic", Kind.PURCHASE_ORDER, number)
            put(ledger, a_revision(key=key, state=state, created_at=NOW - int(number) * SECOND, sent_at=None))
        assert ledger.waiting(state) == Waiting(2, NOW - 2 * SECOND)

    @pytest.mark.parametrize("state", [State.PARKED, State.REJECTED])
    def test_what_waits_for_its_person_anyway_stands_with_its_state(self, ledger, state):
        put(ledger, a_revision(state=state, attention="look"))
        assert ledger.in_attention() == []
        assert len(list(ledger.in_state(state))) == 1

    def test_a_revision_that_is_over_keeps_its_state_and_leaves_the_lists_until_it_moves(self, ledger):
        revision = put(ledger, a_revision(state=State.DELIVERED))
        over = ledger.move(revision, State.DELIVERED, now=NOW + SECOND, note="over", over=True)
        assert ledger.get(KEY, 1) == over
        assert list(ledger.in_state(State.DELIVERED)) == []
        ledger.move(over, State.REJECTED, now=NOW + 2 * SECOND, note="status")
        assert len(list(ledger.in_state(State.REJECTED))) == 1

    def test_how_far_the_tracker_came_is_kept(self, ledger):
        assert ledger.progress() == TrackerProgress()
        ledger.keep_progress(TrackerProgress({"young": "2026-11-02T08:00:00.000000Z nordic#purchase_order#1#1"}))
        ledger.keep_progress(TrackerProgress({"next": "1800"}))
        assert ledger.progress() == TrackerProgress({"next": "1800"})

    def test_what_was_acknowledged_on_a_day_is_kept_with_it(self, ledger):
        acme = a_revision(partner="acme", counterparty="50012")
        progress = TrackerProgress({"next": "1800"}).counting([acme, acme, replace(acme, partner=None)], NOW.date())
        ledger.keep_progress(progress)
        assert ledger.progress() == progress
        assert ledger.progress().acknowledged_on(NOW.date()) == {
            Acknowledger(KEY.company, KEY.kind, "50012", "acme"): 2,
            Acknowledger(KEY.company, KEY.kind, "50012", None): 1,
        }


class TestLookingThrough:
    def test_entries_tell_what_is_in_a_list_and_are_read_in_their_order(self, ledger):
        for number in range(1, 131):
            put(ledger, a_revision(key=replace(KEY, number=f"{number:03}"), state=State.PARKED, **at(number)))
        put(ledger, a_revision(state=State.TRANSLATED))
        entries = list(ledger.entries("PARKED"))
        assert [one.key.number for one in entries] == [f"{number:03}" for number in range(1, 131)]
        assert {(one.name, one.sequence) for one in entries} == {("PARKED", 1)}
        assert [one.key for one in ledger.read(entries)] == [one.key for one in entries]

    def test_what_left_its_list_is_not_read(self, ledger):
        parked = put(ledger, a_revision(state=State.PARKED))
        (entry,) = ledger.entries("PARKED")
        ledger.move(parked, State.CLOSED, now=NOW + SECOND, note="done")
        assert list(ledger.read([entry])) == []

    def test_what_moves_on_in_its_list_while_that_is_read_is_read_once(self, ledger):
        """It stands on two pages of the index then, and DynamoDB refuses a call that names a key twice."""
        put(ledger, a_revision(state=State.PARKED))
        (entry,) = ledger.entries("PARKED")
        assert [one.key for one in ledger.read([entry, entry])] == [KEY]

    def test_everything_has_what_is_in_no_list(self, ledger):
        over = put(ledger, a_revision(state=State.DELIVERED, over=True))
        skipped = put(ledger, a_revision(key=replace(KEY, number="2"), state=State.SKIPPED))
        put(ledger, a_revision(key=replace(KEY, number="3"), state=State.PARKED))
        found = [one for page in ledger.everything({State.DELIVERED, State.SKIPPED}) for one in page]
        assert sorted(found, key=lambda one: one.key) == sorted([over, skipped], key=lambda one: one.key)


def at(second):
    return {"created_at": NOW + second * SECOND, "updated_at": NOW + second * SECOND}


class TestWhatThePartnerAskedFor:
    """A number is reserved while a change of the partner's is written, and holds what came of it afterwards."""

    def test_a_reservation_takes_the_next_number_and_stands_open(self, ledger):
        put(ledger, a_revision(state=State.ACKNOWLEDGED))
        reserved = reserve(ledger)
        assert ledger.get(KEY, 2) == reserved
        assert [one.state for one in ledger.revisions(KEY)] == [State.CHANGING, State.ACKNOWLEDGED]
        assert list(ledger.in_state(State.CHANGING)) == [reserved]

    def test_a_number_is_reserved_once(self, ledger):
        reserved = reserve(ledger)
        with pytest.raises(Conflict):
            reserve(ledger, change_id="802210972")
        with pytest.raises(Conflict):
            put(ledger, a_revision(2))
        assert ledger.get(KEY, 2) == reserved

    def test_a_number_that_was_captured_is_not_reserved(self, ledger):
        captured = put(ledger, a_revision(2))
        with pytest.raises(Conflict):
            reserve(ledger)
        assert ledger.get(KEY, 2) == captured

    def test_a_reservation_has_no_content_yet_and_cannot_be_sent(self, ledger):
        reserved = reserve(ledger)
        with pytest.raises(Transient, match="source of revision 2 is still to come"):
            ledger.source_of(reserved)
        assert ledger.claim(KEY, 2, now=NOW, lease=LEASE) is None

    def test_agreed_content_takes_the_place_of_its_reservation(self, ledger):
        agreed = agree(ledger, reserve(ledger), was=State.CHANGING)
        found = ledger.get(KEY, 2)
        assert found == agreed
        assert (found.visma_version, found.change_id, found.state) == ("AAAAAE0YIiI=", "802210971", State.AGREED)
        assert ledger.source_of(found) == b'{"orderNbr": "500123", "timeStamp": "AAAAAE0YIiI="}'
        assert list(ledger.in_state(State.CHANGING)) == []
        assert list(ledger.in_state(State.AGREED)) == [agreed]

    def test_agreed_content_may_be_a_revision_of_its_own(self, ledger):
        captured = put(ledger)
        agreed = agree(ledger, a_reservation(), was=None)
        assert list(ledger.revisions(KEY)) == [agreed, captured]
        assert ledger.source_of(agreed) == b'{"orderNbr": "500123", "timeStamp": "AAAAAE0YIiI="}'

    def test_a_reservation_that_is_gone_takes_nothing(self, ledger):
        reserved = reserve(ledger)
        dropped = ledger.move(reserved, State.SUPERSEDED, now=NOW + SECOND, note="not written", visma_version="AAAA")
        with pytest.raises(Conflict):
            agree(ledger, reserved, was=State.CHANGING)
        assert ledger.get(KEY, 2) == dropped
        assert ledger.get(KEY, 2).visma_version == "AAAA"

    @pytest.mark.parametrize("was", [None, State.CHANGING])
    def test_content_of_a_revision_of_another_state_is_not_replaced(self, ledger, was):
        captured = put(ledger, a_revision(2, state=State.SENT))
        with pytest.raises(Conflict):
            agree(ledger, a_reservation(), was=was)
        assert ledger.get(KEY, 2) == captured
        assert ledger.source_of(captured) == b'{"orderNbr": "500123"}'
        assert ledger.request_of(captured) == BODY

    def test_content_for_a_reservation_that_never_was_is_not_written(self, ledger):
        with pytest.raises(Conflict):
            agree(ledger, a_reservation(), was=State.CHANGING)
        assert ledger.get(KEY, 2) is None

    @pytest.mark.parametrize("size", [1_000, 300_000])
    def test_the_content_comes_back_to_the_byte(self, ledger, size):
        source = b'{"note": "' + random.Random(7).randbytes(size).hex().encode() + b'"}'
        agree(ledger, reserve(ledger), was=State.CHANGING, source=source)
        assert ledger.source_of(ledger.get(KEY, 2)) == source


WRITTEN = {"revision_id": "c" * 64, "visma_version": "AAAAAE0YIiI="}


@pytest.mark.parametrize(
    ("state", "stored", "result"),
    [
        (State.CHANGING, {}, None),
        (State.AGREED, WRITTEN, None),
        (State.SUPERSEDED, {}, ChangeResult.NOT_WRITTEN),
        (State.SUPERSEDED, {"visma_version": "AAAAAE0YIiI="}, ChangeResult.KNOWN_ALREADY),
        (State.SUPERSEDED, WRITTEN, ChangeResult.FULL_RESEND),
        (State.REJECTED, WRITTEN, ChangeResult.FULL_RESEND),
        (State.CLOSED, WRITTEN, ChangeResult.FULL_RESEND),
    ],
)
def test_what_an_earlier_release_stored_of_a_change_is_read_with_its_result(state, stored, result):
    """It wrote the id of the 860 as that of the transaction, and no result."""
    old = revision_item(a_reservation(state=state, change_id=None, transaction_id="802210971", **stored))
    found = read_revision(old)
    assert (found.change_id, found.transaction_id, found.change_result) == ("802210971", None, result)
    assert read_revision(revision_item(found)) == found


@pytest.mark.parametrize("state", [State.SENT, State.REJECTED, State.SUPERSEDED])
def test_what_was_sent_is_no_change_of_the_partners(state):
    sent = a_revision(state=state, transaction_id="802210971")
    assert read_revision(revision_item(sent)) == sent


@pytest.mark.parametrize(("reason", "reads"), [(NOTHING_NEW, True), (NOTHING_NEW_IN_VISMA, False), (None, False)])
def test_what_an_earlier_release_skipped_as_nothing_new_reads_as_what_was_sent(reason, reads):
    """It told it by its sentence alone."""
    old = revision_item(a_revision(state=State.SKIPPED, reason=reason))
    assert read_revision(old).reads_as_sent is reads


def a_reservation(**changes) -> Revision:
    """The second revision of the order, as a change of the partner's reserves it."""
    revision = Revision(
        key=KEY,
        sequence=2,
        revision_id="",
        state=State.CHANGING,
        created_at=NOW,
        updated_at=NOW,
        partner="acme",
        stream=Stream.TEST,
    )
    history = (Event(NOW, State.CHANGING, "the partner's change is written (802210971)"),)
    return replace(
        revision, **({"change_id": "802210971", "business_number": KEY.number, "history": history} | changes)
    )


def reserve(ledger, **changes) -> Revision:
    revision = a_reservation(**changes)
    ledger.reserve(revision)
    return revision


def agree(ledger, reserved, *, was, source=b'{"orderNbr": "500123", "timeStamp": "AAAAAE0YIiI="}') -> Revision:
    """Write the content of a reservation down; gives the revision as it is stored."""
    agreed = replace(
        reserved,
        revision_id="c" * 64,
        state=State.AGREED,
        updated_at=NOW + SECOND,
        visma_version="AAAAAE0YIiI=",
        history=(*reserved.history, Event(NOW + SECOND, State.AGREED, "the partner asked for this content")),
    )
    ledger.agreed(agreed, was=was, source=source)
    return replace(agreed, source_at=ledger.get(KEY, 2).source_at)


class TestOverDynamo:
    def test_large_bodies_lie_in_the_bucket_and_small_ones_in_the_table(self, dynamo):
        noise = random.Random(7).randbytes(300_000).hex()
        put(dynamo, source=f'"{noise}"'.encode(), request={"small": "one"})
        revision = dynamo.get(KEY, 1)
        assert revision.source_at.startswith("sources/nordic#purchase_order#500123/")
        assert revision.request_at is None
        listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
        assert [entry["Key"] for entry in listed] == [revision.source_at]

    def test_a_document_with_more_revisions_than_an_answer_holds_is_read_to_the_number_asked_for(self, dynamo):
        """DynamoDB: an answer ends at 1 MB."""
        for sequence in range(1, 41):
            history = tuple(Event(NOW, State.PARKED, "x" * 900) for _ in range(60))
            put(dynamo, a_revision(sequence, history=history), source=b"{}", request=None)
        assert [revision.sequence for revision in dynamo.revisions(KEY, limit=100)] == list(range(40, 0, -1))

    def test_the_history_of_a_revision_is_bounded(self, dynamo):
        revision = put(dynamo)
        for step in range(100):
            revision = dynamo.move(revision, State.TRANSLATED, now=NOW + step * SECOND, note=f"step {step}")
        assert len(dynamo.get(KEY, 1).history) == 60
        assert dynamo.get(KEY, 1).history[-1].note == "step 99"

    def test_a_table_that_is_not_there_is_a_matter_of_configuration(self, in_aws):
        ledger = DynamoLedger("nowhere", S3Payloads(BUCKET))
        for ask in (
            lambda: ledger.get(KEY, 1),
            lambda: ledger.revisions(KEY),
            lambda: list(ledger.in_state(State.SENT)),
            lambda: put(ledger),
            lambda: ledger.claim(KEY, 1, now=NOW, lease=LEASE),
        ):
            with pytest.raises(Misconfigured, match="ledger does not exist"):
                ask()

    def test_the_documents_of_many_revisions_take_a_call_for_a_hundred(self, dynamo):
        revisions = [put(dynamo, a_revision(key=replace(KEY, number=str(number)))) for number in range(250)]
        calls = Calls(clients.dynamodb())
        assert len(list(dynamo.sources_of(revisions))) == 250
        assert calls.made == {"BatchGetItem": 3}

    def test_a_list_is_one_read_of_keys_and_one_of_what_is_shown(self, dynamo):
        """The others are counted by their keys. What a pause has parked is a list of its own, empty here."""
        for number in range(120):
            put(dynamo, a_revision(key=replace(KEY, number=f"{number:03}"), state=State.PARKED, **at(number)))
        calls = Calls(clients.dynamodb())
        found = find(dynamo, Routing({"companies": {}}), Selection(states=frozenset({State.PARKED})), limit=50)
        assert ([one.key.number for one in found.rows][:2], len(found.rows), found.more) == (["000", "001"], 50, 70)
        assert calls.made == {"Query": 2, "BatchGetItem": 1}

    def test_recording_a_transaction_is_one_call(self, dynamo):
        put(dynamo)
        claimed = dynamo.claim(KEY, 1, now=NOW, lease=LEASE)
        calls = Calls(clients.dynamodb())
        dynamo.own(claimed, State.SENT, transaction_id="1001", now=NOW + SECOND, note="sent")
        assert calls.made == {"TransactWriteItems": 1}
        assert calls.writes == 1

    def test_the_age_of_the_table_is_asked_for_now_and_then(self, dynamo):
        calls = Calls(clients.dynamodb())
        born = dynamo.created_at(now=NOW)
        assert born == dynamo.created_at(now=NOW + 59 * SECOND)
        assert calls.made == {"DescribeTable": 1}
        dynamo.created_at(now=NOW + 60 * SECOND)
        assert calls.made == {"DescribeTable": 2}
        assert (calls.reads, calls.writes) == (0, 0)
        assert abs(born - datetime.now(UTC)) < timedelta(minutes=5)

    def test_a_claim_is_one_call(self, dynamo):
        put(dynamo)
        calls = Calls(clients.dynamodb())
        dynamo.claim(KEY, 1, now=NOW, lease=LEASE)
        assert calls.made == {"UpdateItem": 1}
