"""Webhooks and Splunk's collector against servers that behave, and that don't."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
import trustme

from flows.delivery.errors import Refused, Unavailable
from flows.delivery.http import UntrustedError
from flows.delivery.message import ALERT, Message
from flows.delivery.splunk import Collector, collector
from flows.delivery.webhook import Webhook, webhook
from flows.receivers import alert_receivers, lane_receivers, probe
from flows.settings import Http, Secret, Settings, SettingsError, Splunk, load

if TYPE_CHECKING:
    from tests.delivery.conftest import Reply, Server

    Serve = Callable[..., Server]

SECRET = "s3cret-t0ken"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TEST_TOKEN", SECRET)


def hook(server: Server, kind: str = ALERT, **more: object) -> Webhook:
    settings = Http(**{"token": Secret(env="TEST_TOKEN"), "timeout": 2, **more})  # type: ignore[arg-type]
    return webhook(f"{server.url}/hook?key=query-s3cret", settings, "setting alerts_webhook", kind)


def splunk(server: Server, **more: object) -> Collector:
    settings = Splunk(**{"token": Secret(env="TEST_TOKEN"), "timeout": 2, **more})  # type: ignore[arg-type]
    return collector(server.url, settings, "setting alerts_splunk")


def test_an_alert_is_the_body_and_says_which_revision_it_is(serve: Serve) -> None:
    server = serve()
    hook(server, headers={"X-Team": "soc"}).deliver([Message(ALERT, b'{"a":1}', "acme", "uid1", 3)])
    (request,) = server.requests
    assert (request.path, request.body) == ("/hook?key=query-s3cret", b'{"a":1}')
    expected = {
        "Content-Type": "application/json",
        "Anput-Uid": "uid1",
        "Anput-Revision": "3",
        "Authorization": f"Bearer {SECRET}",
        "X-Team": "soc",
    }
    assert request.headers.items() >= expected.items()
    assert request.headers["User-Agent"].startswith("anput/")


def test_records_of_a_lane_are_json_lines(serve: Serve) -> None:
    server = serve()
    hook(server, "late").deliver([Message("late", b'{"n":%d}' % number) for number in range(3)])
    (request,) = server.requests
    assert request.body == b'{"n":0}\n{"n":1}\n{"n":2}\n'
    assert request.headers["Anput-Lane"] == "late"
    assert request.headers["Content-Type"] == "application/x-ndjson"


def test_events_of_splunk_have_time_source_type_and_index(serve: Serve, ok: Reply) -> None:
    server = serve(lambda _: ok)
    splunk(server, index="security").deliver([Message(ALERT, b'{"a":"\xc3\xa9"}', "t", "u", 1, 1_770_000_000_123)])
    splunk(server, sourcetype="mine").deliver([Message("rejected", b"{}")])
    first, second = server.requests
    assert first.path == "/services/collector/event"
    assert first.headers["Authorization"] == f"Splunk {SECRET}"
    assert first.headers["X-Splunk-Request-Channel"]
    assert first.events() == [
        {
            "source": "anput",
            "sourcetype": "anput:alert",
            "index": "security",
            "time": 1_770_000_000.123,
            "event": {"a": "é"},
        }
    ]
    assert second.events() == [{"source": "anput", "sourcetype": "mine", "event": {}}]


def test_large_events_are_spread_over_requests(serve: Serve, ok: Reply) -> None:
    server = serve(lambda _: ok)
    body = json.dumps({"x": "y" * 300_000}).encode()
    splunk(server).deliver([Message(ALERT, body)] * 5)
    assert [len(request.events()) for request in server.requests] == [2, 2, 1]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, Unavailable) for status in (408, 429, 500, 502, 503, 504, 599)),
        *((status, Refused) for status in (300, 301, 302, 307, 308, 400, 401, 403, 404, 409, 410, 413, 422, 451)),
    ],
)
@pytest.mark.parametrize("make", [hook, splunk])
def test_what_may_pass_is_tried_again_and_what_will_not_is_refused(
    serve: Serve, reply: type[Reply], make: Callable[[Server], Webhook | Collector], status: int, kind: type[Exception]
) -> None:
    elsewhere = serve()
    server = serve(lambda _: reply(status, b"why\nnot", {"Location": elsewhere.url}))
    with pytest.raises(kind, match=f"HTTP {status}: why not"):
        make(server).deliver([Message(ALERT, b"{}")])
    assert not elsewhere.requests


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_webhook_takes_by_any_2xx(serve: Serve, reply: type[Reply], status: int) -> None:
    hook(serve(lambda _: reply(status))).deliver([Message(ALERT, b"{}")])


@pytest.mark.parametrize(
    "body", [b"", b"<html>log in</html>", b"{}", b"[]", b'{"code":"0"}', b'{"code":9,"text":"busy"}', b"\xff\xfe"]
)
def test_splunk_takes_by_code_0_alone(serve: Serve, reply: type[Reply], body: bytes) -> None:
    with pytest.raises(Unavailable, match="expected an acknowledgement with code 0, found HTTP 200"):
        splunk(serve(lambda _: reply(200, body))).deliver([Message(ALERT, b"{}")])


@pytest.mark.parametrize(
    "misbehaviour",
    [
        {"drop": True},
        {"raw": b"nonsense\r\n\r\n"},
        {"raw": b"HTTP/1.1 999999 what\r\n\r\n"},
        {"raw": b"HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nshort"},
        {"raw": b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
        {"hang": 1.0},
    ],
    ids=["drops", "nonsense", "no status", "cut off", "bad chunks", "hangs"],
)
def test_servers_that_break_are_tried_again(serve: Serve, reply: type[Reply], misbehaviour: dict[str, object]) -> None:
    server = serve(lambda _: reply(**misbehaviour))  # type: ignore[arg-type]
    began = time.monotonic()
    with pytest.raises(Unavailable):
        hook(server, timeout=0.3).deliver([Message(ALERT, b"{}")])
    assert time.monotonic() - began < 30


def test_an_answer_without_end_is_cut(serve: Serve, reply: type[Reply]) -> None:
    server = serve(lambda _: reply(400, b"x" * 5_000_000))
    with pytest.raises(Refused) as caught:
        hook(server).deliver([Message(ALERT, b"{}")])
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [("7", 7, 7), (" 7 ", 7, 7), ("soon", 0, 0), ("-5", 0, 0), ("9" * 400, 0, 1e9), ("date", 15, 30), ("1.5", 0, 0)],
)
def test_retry_after_is_seconds_or_a_date(
    serve: Serve, reply: type[Reply], value: str, least: float, most: float
) -> None:
    value = formatdate(time.time() + 30, usegmt=True) if value == "date" else value
    with pytest.raises(Unavailable) as caught:
        hook(serve(lambda _: reply(503, b"", {"Retry-After": value}))).deliver([Message(ALERT, b"{}")])
    assert least <= caught.value.after <= most


def test_nobody_there_is_tried_again() -> None:
    for url in ("http://127.0.0.1:1", "http://nosuch.invalid", "https://127.0.0.1:1"):
        with pytest.raises(Unavailable):
            webhook(url, Http(timeout=2), "setting alerts_webhook", ALERT).deliver([Message(ALERT, b"{}")])


def test_certificates_are_verified(serve: Serve, authority: trustme.CA, ca_file: str) -> None:
    server = serve(certificate=authority.issue_cert("127.0.0.1"))
    trusting = hook(server, ca_file=ca_file)
    probe(trusting)
    trusting.deliver([Message(ALERT, b"{}")])
    assert len(server.requests) == 1
    with pytest.raises(UntrustedError):
        hook(server).deliver([Message(ALERT, b"{}")])
    with pytest.raises(SettingsError, match=r"certificate of https://127.0.0.1:\d+ is not trusted.*ca_file"):
        probe(hook(server))
    with pytest.raises(SettingsError, match="is not trusted"):
        probe(splunk(server))
    other = serve(certificate=authority.issue_cert("elsewhere.example"))
    with pytest.raises(SettingsError, match="is not trusted"):
        probe(hook(other, ca_file=ca_file))
    assert len(server.requests) == 1
    assert not other.requests


def test_a_token_that_splunk_does_not_know_is_refused_at_the_start(serve: Serve, reply: type[Reply]) -> None:
    server = serve(lambda _: reply(403, b'{"text":"Invalid token","code":4}'))
    with pytest.raises(SettingsError, match=r"setting splunk.token: expected a token .* HTTP 403: .*Invalid token"):
        probe(splunk(server))
    server.behave = lambda _: reply(400, b'{"text":"No data","code":5}')
    probe(splunk(server))
    server.behave = lambda _: reply(503, b'{"text":"Server is busy","code":9}')
    probe(splunk(server))
    assert all(request.body == b"" for request in server.requests)


def test_a_receiver_that_is_away_does_not_keep_the_run_from_starting() -> None:
    probe(webhook("http://127.0.0.1:1", Http(), "w", ALERT))
    probe(collector("http://127.0.0.1:1", Splunk(token=Secret(env="TEST_TOKEN")), "s"))


def test_a_proxy_of_the_environment_is_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve()
    monkeypatch.setenv("http_proxy", f"http://me:pass@127.0.0.1:{proxy.port}")
    webhook("http://siem.example/hook", Http(), "w", ALERT).deliver([Message(ALERT, b"{}")])
    (request,) = proxy.requests
    assert request.path == "http://siem.example/hook"
    assert request.headers["proxy-authorization"] == "Basic bWU6cGFzcw=="
    direct = serve()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    hook(direct).deliver([Message(ALERT, b"{}")])
    assert len(direct.requests) == 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"alerts_webhook": "ftp://host/x"}, "setting alerts_webhook: expected https://HOST/PATH"),
        ({"alerts_webhook": "https://"}, "setting alerts_webhook: expected https://HOST/PATH"),
        ({"alerts_webhook": "host.example/s3cret"}, "setting alerts_webhook: expected https://HOST/PATH"),
        ({"alerts_webhook": "https://me:s3cret@h/"}, "with a user or password in it"),
        ({"alerts_webhook": "https://h/a\nb"}, "setting alerts_webhook: expected https://HOST/PATH"),
        ({"alerts_webhook": "https://h:99999999/"}, "setting alerts_webhook: expected https://HOST/PATH"),
        ({"alerts_webhook": {"env": "UNSET"}}, "setting alerts_webhook: expected a secret in variable UNSET"),
        ({"alerts_webhook": "https://h", "webhook": {"token": {"env": "UNSET"}}}, "setting webhook.token: expected a"),
        ({"alerts_webhook": "https://h", "webhook": {"ca_file": "nowhere.pem"}}, "ca_file, nowhere.pem: No such"),
        ({"alerts_webhook": "https://h", "webhook": {"ca_file": __file__}}, "no certificates in PEM form"),
        ({"alerts_webhook": "https://h", "webhook": {"headers": {"a b": "c"}}}, "setting webhook.headers: expected a"),
        ({"alerts_webhook": "https://h", "webhook": {"headers": {"A": "b\r\nC: s3cret"}}}, "setting webhook.headers"),
        ({"alerts_splunk": "https://h:8088"}, "setting splunk.token: expected .* or variable ANPUT_SPLUNK_TOKEN"),
        ({"lanes": {"late": "s3://bucket/x"}}, "setting lanes.late: expected one of .*found the scheme s3://"),
        ({"lanes": {"late": "splunk-hec://"}}, "setting lanes.late: expected https://HOST:8088 or splunk-hec"),
    ],
)
def test_what_is_wrong_with_settings_is_said_without_secrets(values: dict[str, object], expected: str) -> None:
    settings = load({}, values)
    with pytest.raises(SettingsError, match=expected) as caught:
        (alert_receivers(settings), lane_receivers(settings))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("values", [{"webhook": {"timeout": 0}}, {"splunk": {"batch": 0}}, {"webhook": {"token": "t"}}])
def test_numbers_out_of_range_and_secrets_written_out_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        load({}, values)


def test_the_settings_name_receivers_for_alerts_and_for_each_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANPUT_SPLUNK_TOKEN", SECRET)
    settings = Settings(alerts_webhook=Secret(env="TEST_URL"), alerts_splunk="splunk-hec://a.example:8088")
    monkeypatch.setenv("TEST_URL", "https://hooks.example/T0/s3cret")
    assert {name: receiver.name for name, receiver in alert_receivers(settings).items()} == {
        "alerts_webhook": "webhook https://hooks.example",
        "alerts_splunk": "splunk https://a.example:8088",
    }
    one = load({"ANPUT_LANES": "https://h.example/x"})
    assert sorted(lane_receivers(one)) == ["late", "rejected", "suppressed"]
    several = load({}, {"lanes": {"late": "splunk-hec://h:8088", "rejected": "folder"}})
    assert list(lane_receivers(several)) == ["late"]
    folders = {lane: str(several.lane_folder(lane)) for lane in ("late", "rejected", "suppressed")}
    assert folders == {"late": "None", "rejected": "folder", "suppressed": "anput-state/lanes"}


def test_a_port_that_takes_connections_and_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unavailable, match=r"[Tt]imed out"):
            webhook(url, Http(timeout=0.3), "w", ALERT).deliver([Message(ALERT, b"{}")])
