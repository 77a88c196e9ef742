"""`connector pause` and `connector resume`: what they say, ask and do."""

from __future__ import annotations

import pytest

from connector.cli import pauses
from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Transient
from connector.domain.pause import Pause, Scope
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from testkit.memory.change_harness import Harness
from testkit.memory.stores import CALLER, FixedRouting
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line
from tests.unit.cli.conftest import NOW, FakeRouting

ACME = Scope(partner="acme")


class Stopped(Harness):
    """Everything of ours."""

    def newest(self, number):
        return self.ledger.revisions(DocumentKey.of_order("nordic", number), limit=1)[0]


@pytest.fixture
def harness(stack):
    """A stack with two orders that a pause of acme keeps."""
    harness = Stopped()
    stack.breaker = stack.ledger = harness.ledger
    stack.outbox, stack.payloads, stack.changes = harness.outbox, harness.payloads, harness.changes
    stack.routing = FakeRouting(routing_data())
    harness.routing = FixedRouting(routing_data())
    harness.ledger.pause(Pause(scope=ACME, since=NOW, by="kari", caller=CALLER, reason="they move"))
    for number in ("1", "2"):
        harness.orders.put_in(a_purchase_order(orderNbr=number, lines=[an_order_line()]))
        harness.poll(number)
    harness.quiesce()
    return harness


class TestPause:
    @pytest.fixture
    def free(self, harness):
        harness.ledger.resume(ACME)
        return harness

    def test_says_what_it_does_and_keeps_who_and_why(self, connector, free):
        result = connector("pause", "--partner", "acme", "--kind", "purchase_order", "--reason", "they move", "--yes")
        assert result.code == 0
        assert "This pauses partner acme, kind purchase_order on stack 'laptop'" in result.err
        assert "connector resume --partner acme --kind purchase_order" in result.out
        (made,) = free.ledger.paused.values()
        assert (made.scope, made.by, made.caller) == (Scope(None, "acme", Kind.PURCHASE_ORDER), "kari", CALLER)
        assert (made.since, made.reason) == (NOW, "they move")

    def test_asks_for_the_reason_at_a_terminal(self, connector, free, asked):
        result = connector("pause", "--partner", "acme", "--yes")
        assert result.err.index("This pauses partner acme") < result.err.index("Why?") < result.err.index("On stack")
        (made,) = free.ledger.paused.values()
        assert made.reason == "told by mail"

    def test_does_nothing_unasked(self, connector, free):
        result = connector("pause", "--all", "--reason", "a wrong price list")
        assert result.code == 2
        assert "This pauses everything on stack 'laptop' (test): no document is sent from now on" in result.err
        assert free.ledger.paused == {}

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ((), "Say what is meant"),
            (("--all", "--partner", "acme"), "Say what is meant"),
            (("--partner", "acmee"), "knows no partner 'acmee'; did you mean acme?"),
            (("--company", "zzz"), "knows no company 'zzz'; it knows nordic."),
            (
                ("--company", "other", "--partner", "acme"),
                "acme has no number in company other; it is of company nordic",
            ),
            (
                ("--partner", "acme", "--kind", "customer_invoice"),
                "acme is no customer: it gets no document of the kind",
            ),
        ],
    )
    def test_of_nothing_or_of_nobody_is_refused(self, connector, stack, free, options, said):
        if "other" in options:
            stack.routing.data = routing_data({"companies.other": routing_data()["companies"]["nordic"]})
        result = connector("pause", *options, "--reason", "x", "--yes")
        assert (result.code, said in result.err) == (2, True)
        assert free.ledger.paused == {}

    def test_with_a_reason_that_fills_the_item_is_refused(self, connector, free):
        result = connector("pause", "--partner", "acme", "--reason", "x" * 501, "--yes")
        assert (result.code, "longer than 500 characters" in result.err) == (2, True)
        assert free.ledger.paused == {}

    def test_of_everything_needs_no_routing(self, connector, stack, free):
        stack.routing.data = None
        assert connector("pause", "--all", "--reason", "x", "--yes").code == 0
        assert Scope() in free.ledger.paused

    def test_of_a_renamed_partner_names_what_is_on_its_way_under_the_former_name(self, connector, stack, free):
        """The deliverer knows no routing: it goes by the name that was in force when a document was translated."""
        acme = routing_data()["partners"]["acme"]
        stack.routing.data = routing_data({"partners.acme": None, "partners.acme-no": acme})
        kept = free.newest("1")
        free.ledger.move(kept, State.TRANSLATED, now=NOW, note="resumed", reason=None, reason_code=None)
        result = connector("pause", "--partner", "acme-no", "--reason", "x", "--yes")
        assert result.code == 0
        assert (
            "On record under the former name acme, which this does not pause: 1 document on the way. To keep them: "
            "connector pause --partner acme\n" in result.err
        )
        former = connector("pause", "--partner", "acme", "--reason", "x", "--yes")
        assert (former.code, Scope(None, "acme") in free.ledger.paused) == (0, True)
        assert "on record under this former name" in former.err

    def test_of_the_same_a_second_time_is_refused_with_the_first(self, connector, harness):
        result = connector("pause", "--partner", "acme", "--reason", "again", "--yes")
        assert result.code == 2
        first, then = result.err.splitlines()
        assert first == "Partner acme is paused since 2026-09-01 06:00 UTC by kari: they move"
        assert then.startswith("It stays as it is, with that reason.")
        assert then.endswith("connector resume --partner acme")


class TestResume:
    def test_says_first_what_would_leave_and_changes_nothing_on_trial(self, connector, harness):
        result = connector("resume", "--partner", "acme", "--dry-run")
        assert (result.code, result.out) == (0, "Nothing was changed (--dry-run).\n")
        assert "Ends on stack 'laptop' (test): Partner acme is paused since" in result.err
        assert "2 documents would leave:" in result.err
        assert "purchase_order  acme     2" in result.err
        assert ACME in harness.ledger.paused
        assert harness.outbox.queued_documents == []

    def test_lets_everything_go_and_keeps_who_did(self, connector, harness):
        result = connector("resume", "--partner", "acme", "--yes", "--json")
        assert [one["document"] for one in result.data["released"]] == [
            "nordic/purchase_order/1",
            "nordic/purchase_order/2",
        ]
        assert harness.ledger.paused == {}
        assert [(one.by, one.what) for one in harness.ledger.done] == [("kari", "resumed partner acme")]
        assert {Cause.of(one.cause) for one in harness.outbox.queued_documents} == {Cause.RESUME}

    def test_does_nothing_unasked(self, connector, harness):
        assert connector("resume", "--partner", "acme").code == 2
        assert ACME in harness.ledger.paused

    def test_all_ends_every_pause(self, connector, harness):
        harness.ledger.pause(Pause(scope=Scope("nordic"), since=NOW, by="ola", caller=CALLER, reason="x"))
        assert connector("resume", "--all", "--yes").out == "Resumed everything: 2 documents and 0 changes let go.\n"
        assert harness.ledger.paused == {}

    def test_of_what_is_not_paused_names_what_is(self, connector, harness):
        result = connector("resume", "--company", "nordic", "--yes")
        assert result.code == 2
        assert "No pause of exactly company nordic is in force." in result.err
        assert "(connector resume --partner acme)" in result.err

    def test_what_was_left_behind_goes_on_without_a_pause(self, connector, harness):
        harness.ledger.resume(ACME)
        result = connector("resume", "--partner", "acme", "--yes")
        assert "what one has left behind goes on" in result.err
        assert "2 documents and 0 changes let go" in result.out

    def test_of_nothing_at_all_says_so(self, connector, harness):
        connector("resume", "--partner", "acme", "--yes")
        harness.quiesce()
        result = connector("resume", "--partner", "acme", "--yes")
        assert (result.code, result.err) == (
            2,
            "Nothing is paused, and no document of partner acme waits for the end of a pause.\n",
        )

    def test_what_the_index_shows_late_goes_along(self, connector, harness, monkeypatch):
        whole, looks = harness.ledger.listed, []

        def late(name, **places):
            looks.append(name)
            return whole(name, **places)[: 1 if len(looks) <= 2 else None]

        monkeypatch.setattr(harness.ledger, "listed", late)
        assert "2 documents" in connector("resume", "--partner", "acme", "--yes").out

    @pytest.mark.parametrize("meanwhile", ["close", "resume"])
    def test_what_a_person_did_while_the_question_stood_counts(self, connector, harness, monkeypatch, meanwhile):
        """It had been released as an original: such a request would send it even though it is closed."""
        connector("documents", "release", "1", "--as", "original", "--yes")
        connector("documents", "close", "2", "--reason", "done", "--yes")
        harness.quiesce()
        assert harness.newest("1").reason_code == Reason.PAUSED
        sent = len(harness.sent)
        others = {
            "close": ("documents", "close", "1", "--reason", "done", "--yes"),
            "resume": ("resume", "--all", "--yes"),
        }

        def another_person(_stack, *, yes):
            monkeypatch.setattr(pauses, "go_on", lambda _stack, *, yes: None)
            assert connector(*others[meanwhile]).code == 0
            harness.quiesce()

        monkeypatch.setattr(pauses, "go_on", another_person)
        result = connector("resume", "--partner", "acme", "--yes")
        harness.quiesce()
        assert result.out == "Resumed partner acme: 0 documents and 0 changes let go.\n"
        assert len(harness.sent) - sent == (meanwhile == "resume")

    def test_waits_for_what_workers_have_read_before_it_looks(self, connector, stack, harness):
        def late(_time):
            """A worker that read the pause just before it ended parks another order."""
            harness.ledger.pause(Pause(scope=ACME, since=NOW, by="kari", caller=CALLER, reason="they move"))
            harness.orders.put_in(a_purchase_order(orderNbr="3", lines=[an_order_line()]))
            harness.poll("3")
            harness.quiesce()
            harness.ledger.resume(ACME)

        stack.wait = late
        assert "3 documents" in connector("resume", "--partner", "acme", "--yes").out

    def test_what_was_worked_out_for_the_question_is_not_worked_out_again(self, connector, harness, monkeypatch):
        whole, read = harness.ledger.sources_of, []

        def sources_of(revisions):
            read.extend(revisions)
            return whole(revisions)

        monkeypatch.setattr(harness.ledger, "sources_of", sources_of)
        connector("resume", "--partner", "acme", "--yes")
        assert len(read) == 4, "once for the question and once to queue them"

    @pytest.mark.parametrize("failure", [Transient("The queue takes no more."), KeyboardInterrupt()])
    def test_interrupted_it_says_that_the_pause_has_ended_and_how_to_go_on(
        self, connector, harness, monkeypatch, failure
    ):
        def documents(_messages):
            raise failure

        with monkeypatch.context() as patched:
            patched.setattr(harness.outbox, "documents", documents)
            result = connector("resume", "--partner", "acme", "--yes")
        assert result.code != 0
        assert "may have ended, and not everything was let go" in result.err
        assert "connector resume --left-behind" in result.err
        assert connector("resume", "--left-behind", "--yes").out.startswith("Resumed what was left behind: 2 documents")

    def test_what_was_left_behind_goes_alone_and_ends_no_pause(self, connector, harness):
        harness.ledger.resume(ACME)
        invoices = Scope(kind=Kind.SUPPLIER_INVOICE)
        harness.ledger.pause(Pause(scope=invoices, since=NOW, by="ola", caller=CALLER, reason="x"))
        result = connector("resume", "--left-behind", "--yes")
        assert (result.code, "No pause ends" in result.err) == (0, True)
        assert "2 documents and 0 changes let go" in result.out
        assert list(harness.ledger.paused) == [invoices]
        harness.quiesce()
        result = connector("resume", "--left-behind")
        assert (result.code, result.out) == (0, "No pause has left anything behind.\n")

    @pytest.mark.parametrize("more", [("--all",), ("--partner", "acme"), ("--kind", "purchase_order")])
    def test_what_was_left_behind_is_named_alone(self, connector, harness, more):
        assert connector("resume", "--left-behind", *more, "--yes").code == 2
        assert ACME in harness.ledger.paused

    @pytest.mark.parametrize("option", ["--partner", "--company"])
    def test_of_an_empty_name_is_refused(self, connector, harness, option):
        result = connector("resume", option, " ", "--yes")
        assert result.code == 2
        assert ACME in harness.ledger.paused

    def test_what_another_pause_keeps_is_named(self, connector, harness):
        harness.ledger.pause(Pause(scope=Scope(), since=NOW, by="ola", caller=CALLER, reason="wrong prices"))
        result = connector("resume", "--partner", "acme", "--yes")
        assert "2 documents more of these stay parked, because of another pause. Everything is paused" in result.err
        assert "(connector resume --all)" in result.err
        assert "0 documents and 0 changes let go" in result.out

    def test_what_cannot_be_read_is_named(self, connector, harness):
        harness.ledger.bodies = {}
        result = connector("resume", "--partner", "acme", "--dry-run")
        assert "nordic/purchase_order/1 cannot be read and stays parked" in result.err

    def test_what_would_not_leave_any_more_is_told(self, connector, stack, harness):
        stack.routing.data = routing_data({"partners.acme.kinds.purchase_order.send": False})
        result = connector("resume", "--partner", "acme", "--dry-run")
        assert "No document would leave." in result.err
        assert "2 documents are not to be sent any more" in result.err
