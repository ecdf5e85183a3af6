"""No request reaches a private address: by any spelling, by name, by redirect, by a name that changes its mind."""

import socket

import pytest

from integrations import egress
from integrations.egress import Guard, Refused, guard_for, read_allow
from integrations.http import fetch
from integrations.web_addresses import normal_url
from runtime.engine.errors import StepError
from tests.peers import Answer, Peer

# Addresses as a resolver would answer them.
FORBIDDEN = """
0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1
127.0.0.53 127.1.2.3 127.255.255.255 169.254.0.1 169.254.169.254 169.254.170.2 169.254.255.255 172.16.0.1 172.17.0.1
172.31.255.255 192.0.0.1 192.0.0.8 192.0.0.170 192.0.0.171 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 192.168.1.1
192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 224.0.0.251 239.255.255.250 240.0.0.1
250.1.2.3 255.255.255.254 255.255.255.255 168.63.129.16 :: ::1 ::127.0.0.1 ::10.0.0.1 ::a9fe:a9fe ::ffff:127.0.0.1
::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:7f00:1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 ::ffff:0:a00:1 64:ff9b::1
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:0:53aa:64c:0:0:80ff:fefe 2001:2::1 2001:10::1
2001:20::1 2001:db8::1 2001:db8:ffff::1 2002:7f00:1:: 2002:a00:1::1 2002:a9fe:a9fe::1 3fff::1 3fff:fff::1 5f00::1
fc00::1 fd00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%1 febf::1 fec0::1 feff::1 ff00::1 ff02::1 ff05::2 ffff::1
4000::1 1::1
""".split()  # noqa: SIM905
PUBLIC = """
1.1.1.1 8.8.8.8 9.9.9.9 11.0.0.1 93.184.216.34 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 169.253.255.255
169.255.0.1 172.15.255.255 172.32.0.1 191.255.255.255 192.0.1.1 192.167.255.255 192.169.0.1 198.17.255.255 198.20.0.1
223.255.255.255 2001:4860:4860::8888 2606:4700:4700::1111 2a00:1450:4001::200e 2400:cb00::1 2620:fe::fe
""".split()  # noqa: SIM905
# URLs that must not get anywhere, whatever this machine's resolver makes of them.
URLS = """
http://127.0.0.1/ http://127.1/ http://127.0.1/ http://2130706433/ http://0x7f000001/ http://0x7f.0.0.1/
http://0x7f.1/ http://017700000001/ http://0177.0.0.1/ http://0177.1/ http://127.000.000.001/ http://0/ http://0.0/
http://0.0.0.0/ http://00.0.0.0/ http://127.0.0.1./ http://localhost/ http://LOCALHOST/ http://localhost./
http://[::1]/ http://[::]/ http://[0:0:0:0:0:0:0:1]/ http://[0000::0001]/ http://[::ffff:127.0.0.1]/
http://[::ffff:7f00:1]/ http://[::127.0.0.1]/ http://[64:ff9b::127.0.0.1]/ http://[fe80::1]/ http://[fe80::1%25lo]/
http://[fd00:ec2::254]/ http://10.0.0.1/ http://10.1/ http://167772161/ http://0xa.0.0.1/ http://012.0.0.1/
http://192.168.1.1/ http://3232235777/ http://172.16.0.1/ http://169.254.169.254/latest/meta-data/ http://2852039166/
http://0xa9fea9fe/ http://0251.0376.0251.0376/ http://[::a9fe:a9fe]/ http://169.254.43518/ http://100.100.100.200/
http://168.63.129.16/ http://192.0.0.192/ http://255.255.255.255/ http://224.0.0.1/ http://1.1.1.1:22/
http://1.1.1.1:25/ http://1.1.1.1:6379/ http://1.1.1.1:5432/ http://1.1.1.1:0/ http://1.1.1.1:99999/
http://1.1.1.1:-1/ http://1.1.1.1:8081/ https://1.1.1.1:22/ http://user@1.1.1.1/ http://user:pass@1.1.1.1/
http://1.1.1.1@127.0.0.1/ http://127.0.0.1#@1.1.1.1/ http://127.0.0.1\\@1.1.1.1/ http://1.1.1.1\\@127.0.0.1/
http:\\\\127.0.0.1/ http:/\\127.0.0.1/ http:127.0.0.1 http:///127.0.0.1/ http:// http://:80/ //127.0.0.1/ 127.0.0.1
ftp://127.0.0.1/ file:///etc/passwd gopher://127.0.0.1:6379/_x dict://127.0.0.1:6379/ data:text/plain,x
javascript:alert(1) unix:///run/x.sock ldap://127.0.0.1/ http+unix://%2Frun%2Fx.sock/ ws://127.0.0.1/
http://ⓛocalhost/ http://①②⑦.0.0.1/ http://127。0。0。1/ http://%6c%6f%63%61%6c%68%6f%73%74/ http://%31%32%37.0.0.1/
http://[::1/ http://]/ http://[1.1.1.1]/ http://a..b/ http://-/ http://*/ http://.../
""".split()  # noqa: SIM905
CONTROLS = ["http://127.0.0.1/\r\nX: 1", "http://1.1.1.1/ x", "http://1.1.1.1\t/", "http://\x00127.0.0.1/", "", " ",
            "http://1.1.1.1/\x7f", "\nhttp://1.1.1.1/", "http://1.1.1.1 .example.com/"]  # fmt: skip


@pytest.fixture
def dialled(monkeypatch):
    """Every address that a socket was really connected to."""
    reached = []
    connect = socket.socket.connect

    def recording(line, where):
        reached.append(where)
        if where[0] != "127.0.0.1":
            raise OSError("tests stay on this machine")
        return connect(line, where)

    monkeypatch.setattr(socket.socket, "connect", recording)
    return reached


def answers(*addresses, port=80):
    return [(socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in addresses]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_name_that_leads_to_a_private_address_is_refused(address, monkeypatch):
    monkeypatch.setattr(egress, "resolve", lambda *_: answers(address))
    with pytest.raises(Refused, match="private or reserved"):
        Guard().addresses("innocent.example", 80, 1)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called(address, monkeypatch):
    monkeypatch.setattr(egress, "resolve", lambda *_: answers(address))
    assert Guard().addresses("api.example", 443, 1)


@pytest.mark.parametrize("url", URLS + CONTROLS)
def test_no_spelling_of_a_url_gets_anywhere(url, dialled, settings):
    settings.EGRESS_ALLOW = ""
    with pytest.raises(StepError):
        fetch("GET", url, timeout=2)
    assert not dialled


def test_one_private_answer_among_public_ones_spoils_the_name(monkeypatch):
    monkeypatch.setattr(egress, "resolve", lambda *_: answers("1.1.1.1", "10.0.0.1", "8.8.8.8"))
    with pytest.raises(Refused):
        Guard().addresses("rebinding.example", 80, 1)


def test_the_address_that_was_judged_is_the_one_that_is_dialled(monkeypatch, dialled, peer):
    """The name answers with loopback only when it is asked a second time; nobody asks a second time."""
    asked = []

    def resolver(host, port, seconds):
        asked.append(host)
        return answers("127.0.0.1", port=port)

    guard = Guard({("rebinding.example", peer.port): egress.read_allow(peer.allow)[("127.0.0.1", peer.port)]})
    monkeypatch.setattr(egress, "resolve", resolver)
    monkeypatch.setattr("integrations.lines.guard_for", lambda _: guard)
    monkeypatch.setattr("integrations.lines._doors", {})
    peer.answers["/"] = "hello"
    assert fetch("GET", f"http://rebinding.example:{peer.port}/").body == b"hello"
    assert asked == ["rebinding.example"]
    assert dialled == [("127.0.0.1", peer.port)]


def test_the_other_end_is_judged_again_after_connecting(monkeypatch, peer):
    class Diverted(socket.socket):
        def getpeername(self):
            return ("10.0.0.1", peer.port)

    guard = Guard(read_allow(peer.allow))
    with pytest.raises(Refused):
        guard.dial("127.0.0.1", peer.port, egress.time.monotonic() + 2, Diverted)


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/", "http://10.0.0.1/", "http://[::1]/", "//127.0.0.2/", "http://localhost:6379/",
     "ftp://1.1.1.1/", "http://user:pass@1.1.1.1/", "http://2130706433/"],
)  # fmt: skip
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leads_nowhere_that_a_url_may_not(location, status, peer, dialled):
    peer.answers["/"] = Answer(status, b"", {"Location": location})
    with pytest.raises(StepError) as caught:
        fetch("GET", f"{peer.url}/", timeout=3)
    assert caught.value.code in ("address_refused", "port_refused", "bad_url")
    assert set(dialled) == {("127.0.0.1", peer.port)}


def test_an_operator_opens_host_port_and_network_together(monkeypatch):
    guard = guard_for("crm.internal:8081=10.1.2.0/24, CRM.internal:9000=fd00::/64, [fd00::5]:8443=fd00::/64")
    monkeypatch.setattr(egress, "resolve", lambda *_: answers("10.1.2.9"))
    assert guard.addresses("crm.internal", 8081, 1)
    assert guard.addresses("CRM.Internal.", 8081, 1)
    for host, port in (
        ("crm.internal", 8082),
        ("crm.internal", 80),
        ("other.internal", 8081),
        ("x.crm.internal", 8081),
    ):
        with pytest.raises(Refused):
            guard.addresses(host, port, 1)
    monkeypatch.setattr(egress, "resolve", lambda *_: answers("10.1.3.9"))
    with pytest.raises(Refused):
        guard.addresses("crm.internal", 8081, 1)
    monkeypatch.setattr(egress, "resolve", lambda *_: answers("1.1.1.1"))
    with pytest.raises(Refused):  # an odd port is open for the network alone
        guard.addresses("crm.internal", 8081, 1)


@pytest.mark.parametrize(
    "setting",
    ["crm", "crm:80", "crm:80=", "crm:x=10.0.0.0/8", "crm:80=10.0.0.0/99", "=1.1.1.1/32", "crm:0=10.0.0.0/8",
     ":80=10.0.0.0/8"],
)  # fmt: skip
def test_a_mistake_in_the_setting_is_named(setting):
    with pytest.raises(ValueError, match="EGRESS_ALLOW"):
        read_allow(setting)


def test_nothing_of_the_environment_is_used(peer, monkeypatch, settings):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    peer.answers["/"] = "direct"
    assert fetch("GET", f"{peer.url}/").body == b"direct"
    assert "authorization" not in peer.requests[0].headers


def test_the_operators_proxy_is_used_and_private_targets_are_still_refused(settings):
    with Peer({"http://api.example/x": "through the proxy"}) as proxy:
        settings.EGRESS_PROXY = proxy.url
        assert fetch("GET", "http://api.example/x").body == b"through the proxy"
        assert proxy.requests[0].headers["host"] == "api.example"
        for url in (
            "http://127.0.0.1/",
            "http://0x7f.1/",
            "http://localhost/",
            "http://[::1]/",
            "http://x.example:22/",
        ):
            with pytest.raises(Refused):
                fetch("GET", url)
        assert len(proxy.requests) == 1


def test_a_name_without_an_answer_ends_in_time(monkeypatch, settings):
    import threading
    import time

    settings.EGRESS_ALLOW = ""
    over = threading.Event()
    monkeypatch.setattr(egress, "_lookup", lambda host, port, flags: _hang(over, flags))
    started = time.monotonic()
    with pytest.raises(StepError) as caught:
        fetch("GET", "http://slow-name.example/", timeout=0.3)
    over.set()
    assert caught.value.code == "timeout"
    assert time.monotonic() - started < 0.8


def _hang(over, flags):
    if not flags:
        over.wait(5)
    raise socket.gaierror(socket.EAI_NONAME, "unknown")


def test_urls_are_understood_in_one_way_only():
    assert normal_url("HTTP://Example.COM:80/a?b#c")[1] == ("http", "example.com", 80)
    assert normal_url("https://bücher.example/ü")[0] == "https://xn--bcher-kva.example/%C3%BC"


def test_the_table_is_as_long_as_it_was_promised():
    assert len(FORBIDDEN) + len(PUBLIC) + len(URLS) + len(CONTROLS) >= 150
