"""The HTTP wrapper against a real socket."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connector.adapters.http import Call, Http, NoAnswer, NotSent, TimedOut, TooLarge
from connector.domain.errors import Misconfigured, Transient, UnknownOutcome
from testkit.scripted_server import (
    CLIENT_SECRET,
    Deadline,
    answer,
    html,
    reset,
    reset_after_headers,
    silence,
    slow_body,
    truncated,
)

LONG = Deadline(300)


def a_call(url: str, method: str = "GET", **more) -> Call:
    return Call("Visma", method, url, {"Authorization": f"Bearer {CLIENT_SECRET}"}, secrets=(CLIENT_SECRET,), **more)


def test_a_refused_connection_means_nothing_was_sent(http, refused_url):
    with pytest.raises(NotSent):
        http.once(a_call(refused_url), LONG)


@pytest.fixture
def tls_url(tmp_path):
    """A server that shows a certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "both.pem").write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def shake_hands() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=shake_hands, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


def test_a_certificate_that_does_not_hold_means_nothing_was_sent(http, tls_url):
    with pytest.raises(NotSent):
        http.once(a_call(tls_url), LONG)


def test_an_unknown_host_means_nothing_was_sent(http):
    with pytest.raises(NotSent):
        http.once(a_call("http://no-such-host.invalid/"), LONG)


@pytest.mark.parametrize("step", [reset(), reset_after_headers(), truncated()], ids=["reset", "after headers", "short"])
def test_a_connection_lost_after_sending_leaves_the_outcome_open(http, server, step):
    server.play(step)
    with pytest.raises(NoAnswer) as caught:
        http.once(a_call(server.url), LONG)
    assert not isinstance(caught.value, TimedOut | TooLarge)
    assert len(server.seen) == 1


@pytest.mark.parametrize("step", [silence(), slow_body()], ids=["silence", "drip"])
def test_an_answer_slower_than_allowed_is_given_up_in_time(http, server, step):
    server.play(step)
    with pytest.raises(TimedOut):
        http.once(a_call(server.url, read_seconds=0.2), LONG)


def test_the_deadline_shortens_the_time_an_answer_may_take(http, server):
    server.play(silence())
    with pytest.raises(TimedOut):
        http.once(a_call(server.url, read_seconds=60), Deadline(2.2))


def test_nothing_is_sent_when_no_time_is_left(http, server):
    server.play(answer())
    with pytest.raises(NotSent):
        http.once(a_call(server.url), Deadline(2.0))
    assert server.seen == []


def test_a_timed_out_call_is_not_repeated_inside_the_handler(http, server, pauses):
    server.play(silence())
    with pytest.raises(Transient, match="did not answer within"):
        http.ask(a_call(server.url, read_seconds=0.2), LONG)
    assert server.the_only_one().method == "GET"
    assert pauses == []


def test_busy_answers_are_repeated_twice_at_most_with_growing_waits(http, server, pauses):
    server.play(html(502))
    assert http.ask(a_call(server.url), LONG).status == 502
    assert len(server.seen) == 3
    assert 0.5 <= pauses[0] <= 1.0 <= pauses[1] <= 1.5


def test_lost_connections_are_repeated_and_then_transient(http, server):
    server.play(reset())
    with pytest.raises(Transient):
        http.ask(a_call(server.url), LONG)
    assert len(server.seen) == 3


def test_a_connection_lost_once_does_not_matter(http, server):
    server.play(reset(), answer(json_body=[]))
    assert http.ask(a_call(server.url), LONG).json() == []


@pytest.mark.parametrize(("method", "requests"), [("GET", 2), ("POST", 1)])
def test_an_internal_error_is_repeated_once_and_only_for_reading(http, server, method, requests):
    server.play(answer(500, json_body={"message": "boom"}))
    assert http.ask(a_call(server.url, method), LONG).status == 500
    assert len(server.seen) == requests


def test_an_internal_error_after_a_busy_answer_is_not_repeated(http, server):
    server.play(answer(503), answer(500), answer(200, json_body=[]))
    assert http.ask(a_call(server.url), LONG).status == 500


def test_definite_refusals_are_not_repeated(http, server):
    server.play(answer(400, json_body={"Message": "no"}))
    assert http.ask(a_call(server.url), LONG).status == 400
    assert len(server.seen) == 1


def test_retry_after_in_seconds_goes_before_our_own_back_off(http, server, pauses):
    server.play(answer(429, headers={"Retry-After": "7"}), answer(json_body=[]))
    assert http.ask(a_call(server.url), LONG).ok
    assert pauses == [7.0]


def test_retry_after_as_a_date_is_read_against_the_servers_own_clock(http, server, pauses):
    server.play(answer(429, headers={"Retry-After": "Sun, 01 Mar 2026 10:00:41 GMT"}), answer(json_body=[]))
    assert http.ask(a_call(server.url), LONG).ok
    assert pauses == [11.0]


@pytest.mark.parametrize(("wanted", "left"), [("30", 300), ("10", 11)], ids=["too long for a handler", "deadline"])
def test_a_wait_that_does_not_fit_is_left_to_the_caller(http, server, pauses, wanted, left):
    server.play(answer(429, headers={"Retry-After": wanted}))
    got = http.ask(a_call(server.url), Deadline(left))
    assert (got.status, got.retry_after, pauses) == (429, timedelta(seconds=int(wanted)), [])


@pytest.mark.parametrize(
    "step",
    [reset(), reset_after_headers(), truncated(), silence(), slow_body()],
    ids=["reset", "after headers", "short", "silence", "drip"],
)
def test_a_call_that_may_not_be_repeated_is_made_once_when_its_answer_is_lost(http, server, pauses, step):
    server.play(step)
    with pytest.raises(UnknownOutcome):
        http.ask(a_call(server.url, "PUT", repeatable=False, read_seconds=0.2), LONG)
    assert server.the_only_one().method == "PUT"
    assert pauses == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_call_that_is_not_repeatable_is_made_once_whatever_the_answer(http, server, method, status):
    server.play(answer(status))
    assert http.ask(a_call(server.url, method, repeatable=False), LONG).status == status
    assert len(server.seen) == 1


def test_even_such_a_call_is_repeated_when_the_other_side_was_too_busy_to_do_anything(http, server, pauses):
    server.play(answer(429, headers={"Retry-After": "7"}), answer(429), answer(204))
    assert http.ask(a_call(server.url, "PUT", repeatable=False), LONG).status == 204
    assert (len(server.seen), pauses[0], len(pauses)) == (3, 7.0, 2)


def test_even_such_a_call_is_tried_again_while_no_connection_stands(http, refused_url, pauses):
    with pytest.raises(Transient, match="could not be reached"):
        http.ask(a_call(refused_url, "PUT", repeatable=False), LONG)
    assert len(pauses) == 2


def test_such_a_call_whose_answer_is_too_large_may_have_been_carried_out(clock, server):
    http = Http(clock, pause=lambda _: None, max_bytes=1000)
    server.play(answer(body=b" " * 2000))
    with pytest.raises(UnknownOutcome):
        http.ask(a_call(server.url, "PUT", repeatable=False), LONG)
    assert len(server.seen) == 1
    http.close()


def test_redirects_are_reported_not_followed(http, server, second_server):
    second_server.play(answer(json_body=[]))
    server.play(answer(302, headers={"Location": second_server.url}))
    got = http.ask(a_call(server.url), LONG)
    assert isinstance(got.failure("a list"), Misconfigured)
    assert second_server.seen == []


def test_connections_are_kept_while_in_use_and_replaced_when_they_were_idle(http, server, clock):
    server.play(answer(json_body=[]))
    http.ask(a_call(server.url), LONG)
    clock.forward(seconds=20)
    http.ask(a_call(server.url), LONG)
    clock.forward(seconds=31)
    http.ask(a_call(server.url), LONG)
    assert [seen.connection for seen in server.seen] == [1, 1, 2]


def test_cookies_of_one_answer_do_not_travel_with_the_next_request(http, server):
    server.play(answer(json_body=[], headers={"Set-Cookie": "company=1; Path=/"}))
    http.ask(a_call(server.url), LONG)
    http.ask(a_call(server.url), LONG)
    assert "Cookie" not in server.seen[1].headers


def test_a_netrc_file_does_not_replace_our_credentials(http, server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.play(answer(json_body=[]))
    http.ask(a_call(server.url), LONG)
    assert server.seen[0].headers["Authorization"] == f"Bearer {CLIENT_SECRET}"


@pytest.mark.parametrize(
    ("variable", "value"), [("HTTPS_PROXY", "http://127.0.0.1:9"), ("REQUESTS_CA_BUNDLE", "/no/such/file")]
)
def test_proxies_and_certificates_of_the_environment_are_used(http, monkeypatch, variable, value):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    assert not Http(http._clock)._open().trust_env
    monkeypatch.setenv(variable, value)
    assert http._open().trust_env


@pytest.mark.parametrize("zipped", [False, True])
def test_an_answer_larger_than_the_cap_is_not_held(clock, server, zipped):
    http = Http(clock, pause=lambda _: None, max_bytes=1000)
    body = b"[" + b" " * 2000 + b"]"
    server.play(
        answer(body=gzip.compress(body) if zipped else body, headers={"Content-Encoding": "gzip"} if zipped else {})
    )
    with pytest.raises(TooLarge):
        http.once(a_call(server.url), LONG)
    with pytest.raises(Misconfigured, match="page_size"):
        http.ask(a_call(server.url), LONG)
    http.close()


def test_a_compressed_answer_is_read_whole(http, server):
    body = b'["' + b"x" * 200_000 + b'"]'
    server.play(answer(body=gzip.compress(body), headers={"Content-Encoding": "gzip"}))
    assert http.ask(a_call(server.url), LONG).body == body


@pytest.mark.parametrize("url", ["not a url", "http://", "ftp://example.invalid/"])
def test_an_address_that_is_none_is_a_misconfiguration(http, url):
    with pytest.raises(Misconfigured):
        http.ask(a_call(url), LONG)


@pytest.mark.parametrize("value", [f"{CLIENT_SECRET}\n", f"{CLIENT_SECRET}€"], ids=["line break", "not latin-1"])
def test_a_credential_that_fits_in_no_header_is_refused_without_being_repeated(http, server, value):
    server.play(answer())
    with pytest.raises(Misconfigured) as caught:
        http.ask(Call("Visma", "GET", server.url, {"Authorization": value}), LONG)
    assert CLIENT_SECRET not in repr(caught.value) + str(caught.value)
    assert server.seen == []


def test_a_secret_in_a_remote_error_is_redacted(http, server):
    server.play(answer(403, json_body={"message": f"Application with key {CLIENT_SECRET} not found"}))
    failure = http.ask(a_call(server.url), LONG).failure("a list")
    assert failure.sentence == "Visma answered 403 to a list: Application with key *** not found."


def test_a_call_and_its_answer_show_no_secret_when_printed(http, server):
    server.play(answer(json_body={"access_token": CLIENT_SECRET}))
    call = a_call(server.url, body=CLIENT_SECRET.encode())
    assert CLIENT_SECRET not in repr(call) + repr(http.ask(call, LONG))
