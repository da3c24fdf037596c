"""swish-sshd with a real OpenSSH behind it and real clients in front, as the unprivileged user of an environment."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.processes import free_port
from tests.images import ssh_lab
from tests.images.ssh_lab import Lab, lab
from tests.scale import scaled

#: Sessions at once.
SESSIONS = scaled(20, 50)

pytestmark = pytest.mark.skipif(bool(ssh_lab.missing()), reason=ssh_lab.missing() or "all is here")
needs_root = pytest.mark.skipif(not ssh_lab.ROOT, reason="only root gives the listener a passwd file and terminals")


@pytest.fixture(scope="module")
def box() -> Iterator[Lab]:
    """A listener that all tests share which change nothing about it."""
    with lab() as made:
        made.variables = {"JUPYTERHUB_API_TOKEN": "the-hubs-token", "MODEL": 'a "b" \\ #c', "PIP_NO_INPUT": "1"}
        made.start()
        yield made


def test_a_command_runs_and_its_status_comes_back(box: Lab) -> None:
    """Output, input and exit status are the command's own."""
    done = box.ssh("cat; exit 7", input="over there")
    assert (done.returncode, done.stdout, done.stderr) == (7, "over there", "")


def test_a_session_has_the_environments_variables_and_not_the_hubs(box: Lab) -> None:
    """What the notebook sees a session sees, whatever is in it, but for the hub's tokens."""
    found = box.ssh("env").stdout
    assert 'MODEL=a "b" \\ #c\n' in found
    assert "PIP_NO_INPUT=1\n" in found
    assert "JUPYTERHUB" not in found
    assert "the-hubs-token" not in found


@pytest.mark.claim("address-in-the-log", "log-no-commands")
def test_a_log_in_is_told(box: Lab) -> None:
    """Who, with which key, from where, what for and until when, all with one connection number, and no command."""
    box.clear()
    box.ssh("echo secret-word")
    found = [box.wait_event(event) for event in ("login", "session", "session-end", "logout")]
    public = subprocess.run(["ssh-keygen", "-lf", box.folder / "ada.pub"], capture_output=True, text=True, check=True)
    assert {event["fingerprint"] for event in found} == {public.stdout.split()[1]}
    assert {event["address"] for event in found} == {"127.0.0.1"}
    assert len({event["connection"] for event in found}) == 1
    assert {(event["environment"], event["team"], event["user"]) for event in found} == {
        ("lab", "imaging", "ada@example.org")
    }
    assert (found[0]["method"], found[1]["kind"], found[1]["pty"]) == ("publickey", "exec", False)
    assert "secret-word" not in str(box.events)
    numbers = [event["n"] for event in box.events]
    assert numbers == sorted(set(numbers))


@pytest.mark.claim("key-opens", "sshd-logs-in-its-user")
@pytest.mark.parametrize(
    ("key", "user", "reason"), [("stranger", ssh_lab.USER, "key"), ("ada", "root", "user"), ("ada", "hunter2", "user")]
)
def test_who_may_not_come_in_is_refused_and_told(box: Lab, key: str, user: str, reason: str) -> None:
    """Another key and another account are refused; the reason is told, and never the name that was tried."""
    box.clear()
    done = box.ssh("true", key=key, user=user)
    assert done.returncode == 255
    assert "Permission denied" in done.stderr
    refused = box.wait_event("refused", reason=reason)
    assert ("fingerprint" in refused) == (reason == "key")
    assert "hunter2" not in str(box.events)
    assert not box.find("login")


def test_a_probe_is_not_told(box: Lab) -> None:
    """Who connects and closes, as a load balancer does all the time, leaves no line."""
    before = len(box.events)
    for _ in range(20):
        socket.create_connection(("127.0.0.1", box.port)).close()
    box.ssh("true")
    box.wait_for(lambda: len(box.events) >= before + 4)
    assert not [event for event in box.events[before:] if event["event"] == "refused"]


def sha(path: Path) -> str:
    """Hash a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def far(box: Lab) -> Iterator[Path]:
    """A folder in the person's home."""
    path = box.home / "swish-lab-far"
    assert box.ssh(f"rm -rf {path}; mkdir {path}").returncode == 0
    yield path
    box.ssh(f"rm -rf {path}")


@pytest.fixture
def near(tmp_path: Path) -> Path:
    """A file of a few mebibytes on the person's own machine."""
    path = tmp_path / "near"
    path.write_bytes(os.urandom(3 << 20))
    return path


def test_scp_both_ways(box: Lab, far: Path, near: Path) -> None:
    """A file goes there and back and is the same."""
    options = box.options(capital=True)
    assert box.run(["scp", *options, str(near), f"{ssh_lab.USER}@127.0.0.1:{far}/a"]).returncode == 0
    assert box.run(["scp", *options, f"{ssh_lab.USER}@127.0.0.1:{far}/a", f"{near}.back"]).returncode == 0
    assert sha(near) == sha(Path(f"{near}.back"))


def test_sftp_goes_on_where_it_was_interrupted(box: Lab, far: Path, near: Path) -> None:
    """Put and get, each of a file half of which is there."""
    (far / "a").write_bytes(near.read_bytes()[: 1 << 20])
    if ssh_lab.ROOT:
        os.chown(far / "a", 1000, 100)
    back = Path(f"{near}.back")
    back.write_bytes(near.read_bytes()[: 1 << 20])
    batch = f"reput {near} {far}/a\nreget {far}/a {back}\n"
    done = box.run(["sftp", "-b", "-", *box.options(capital=True), f"{ssh_lab.USER}@127.0.0.1"], input=batch)
    assert done.returncode == 0
    assert sha(far / "a") == sha(back) == sha(near)


def test_rsync_both_ways(box: Lab, far: Path, near: Path) -> None:
    """Rsync runs over it, there and back."""
    shell = " ".join(["ssh", *box.options()])
    for source, target in (
        (str(near), f"{ssh_lab.USER}@127.0.0.1:{far}/a"),
        (f"{ssh_lab.USER}@127.0.0.1:{far}/a", f"{near}.back"),
    ):
        assert box.run(["rsync", "-e", shell, source, target]).returncode == 0
    assert sha(near) == sha(Path(f"{near}.back"))


def test_what_sftp_does_with_files_is_told(box: Lab, far: Path, near: Path) -> None:
    """Each file opened, read, written, renamed or removed is an event with the key that did it, and how it went."""
    box.clear()
    batch = f"put {near} {far}/a\nget {far}/a {near}.b\nrename {far}/a {far}/b\nrm {far}/b\n-rm {far}/none\n"
    box.run(["sftp", "-b", "-", *box.options(capital=True), f"{ssh_lab.USER}@127.0.0.1"], input=batch)
    box.wait_event("file", op="remove", outcome="no such file")
    size = near.stat().st_size
    found = {(event["op"], Path(event["path"]).name, event.get("bytes")) for event in box.find("file", outcome="ok")}
    assert {("write", "a", size), ("read", "a", size), ("rename", "a", None), ("remove", "b", None)} <= found
    assert all(event["fingerprint"] for event in box.find("file"))


def echo_server() -> tuple[socket.socket, int]:
    """Serve one line to whoever connects."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                accepted, _ = server.accept()
            except OSError:
                return
            with accepted:
                accepted.sendall(b"here\n")

    Thread(target=serve, daemon=True).start()
    return server, server.getsockname()[1]


def test_a_tunnel_leads_to_what_listens_in_the_environment(box: Lab) -> None:
    """`ssh -L` reaches a port of the environment, and the tunnel is told."""
    server, port = echo_server()
    local = free_port()
    box.clear()
    with server, box.open("-N", "-L", f"{local}:localhost:{port}") as client:
        box.wait_event("login")
        assert box.wait_for(lambda: read_from(local)) == b"here\n"
        # OpenSSH 9.2 may overlook SIGTERM until the server's next keep-alive
        client.kill()
        client.communicate()
    tunnel = box.wait_event("tunnel", direction="local", outcome="opened")
    assert (tunnel["host"], tunnel["port"]) == ("localhost", port)


def read_from(port: int) -> bytes:
    """Return what a port says; nothing while nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as made:
            return made.recv(100)
    except OSError:
        return b""


def test_who_is_silent_stays_and_who_is_gone_without_a_word_is_noticed() -> None:
    """By sshd's own questions, which come every minute in an environment, and every second here."""
    with lab() as box:
        config = box.folder / "lib" / "swish_sshd" / "config.py"
        usual = config.read_text()
        assert "ClientAliveInterval 60" in usual
        config.write_text(usual.replace("ClientAliveInterval 60", "ClientAliveInterval 1"))
        box.start()
        with box.open("cat") as client:
            box.wait_event("session")
            time.sleep(5)
            assert not box.find("logout")
            client.send_signal(signal.SIGSTOP)
            try:
                assert box.wait_event("logout")["reason"] == "lost"
            finally:
                client.kill()


@pytest.mark.claim("tunnels-stay-inside")
def test_a_tunnel_to_elsewhere_is_refused_and_told(box: Lab) -> None:
    """Sshd is no way into the cluster's network."""
    assert box.ssh("-W", "example.com:80").returncode == 255
    tunnel = box.wait_event("tunnel", outcome="refused")
    assert (tunnel["host"], tunnel["port"]) == ("example.com", 80)


def test_a_port_that_leads_back_is_refused(box: Lab) -> None:
    """`ssh -R` is refused where the policy does not allow it, and that is told."""
    done = box.ssh("-o", "ExitOnForwardFailure=yes", "-R", f"{free_port()}:localhost:1", "true")
    assert done.returncode == 255
    box.wait_event("tunnel", direction="remote", outcome="refused")


def test_a_port_that_leads_back_where_the_policy_allows_it() -> None:
    """`ssh -R` works, on loopback alone."""
    server, port = echo_server()
    back = free_port()
    with server, lab(remote_forwarding=True) as box:
        box.start()
        with box.open("-N", "-o", "ExitOnForwardFailure=yes", "-R", f"*:{back}:127.0.0.1:{port}") as client:
            assert box.wait_for(lambda: read_from(back)) == b"here\n"
            listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
            places = re.findall(rf"(\w+):{back:04X} \w+:0000 0A", listening)
            assert places
            assert set(places) <= {"0100007F", "0" * 24 + "01000000"}
            client.kill()
            client.communicate()
        box.wait_event("tunnel", direction="remote", outcome="opened")


def hear(terminal: int, words: bytes) -> None:
    """Wait until a terminal has these words."""
    said = b""
    while words not in said:
        assert select.select([terminal], [], [], ssh_lab.TIMEOUT)[0], said
        said += os.read(terminal, 1000)


@needs_root
def test_a_terminal_and_its_size(box: Lab) -> None:
    """A session has a terminal with the window's size, and hears when that changes."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 30, 90, 0, 0))
    command = [
        "ssh",
        *box.options(),
        "-tt",
        f"{ssh_lab.USER}@127.0.0.1",
        # the trap comes first: what a shell that has said nothing yet is told is lost
        "trap 'stty size; exit 3' WINCH; stty size; while :; do sleep 0.1; done",
    ]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as client:
        hear(ours, b"30 90")
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("4H", 50, 120, 0, 0))
        client.send_signal(28)
        hear(ours, b"50 120")
        assert client.wait(ssh_lab.TIMEOUT) == 3
    os.close(ours)
    os.close(theirs)
    assert box.wait_event("session", pty=True)


def test_many_sessions_at_once(box: Lab) -> None:
    """Many people's worth of connections from one address all get in; those that come too fast wait their turn."""
    clients = [box.open("echo in; cat") for _ in range(SESSIONS)]
    assert [client.stdout.readline() if client.stdout else "" for client in clients] == ["in\n"] * SESSIONS
    for client in clients:
        client.communicate("")
    assert [client.returncode for client in clients] == [0] * SESSIONS


def test_many_sessions_over_one_connection(box: Lab) -> None:
    """An editor, which opens many sessions over its one connection, may."""
    control = str(box.folder / "control")
    with box.open("-M", "-N", "-S", control) as master:
        box.wait_for(lambda: Path(control).exists())
        words = ["ssh", "-F", "none", "-S", control, "x", "echo in; sleep 0.5"]
        many = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(40)]
        assert [client.communicate()[0] for client in many] == ["in\n"] * 40
        master.kill()
        master.communicate()


def runs(pid: int) -> bool:
    """Whether a process does anything; what nobody has collected yet does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.claim("removed-key")
def test_a_removed_key_ends_its_session_and_no_other() -> None:
    """Once a key is gone from the file its connections end, with their programs; another key's go on; no restart."""
    with lab() as box:
        keys = box.folder / "keys" / "authorized_keys"
        second = (box.folder / "ada-second.pub").read_text()
        keys.write_text(keys.read_text() + second)
        box.start()
        with box.open("echo $$; sleep 300 & wait") as gone, box.open("echo in; cat", key="ada-second") as stays:
            assert gone.stdout
            assert stays.stdout
            pid = int(gone.stdout.readline())
            assert stays.stdout.readline() == "in\n"
            new = keys.with_name("new")
            new.write_text(second)
            new.chmod(0o644)
            new.replace(keys)
            assert gone.wait(ssh_lab.TIMEOUT) == 255
            box.wait_event("logout", reason="key-removed")
            box.wait_for(lambda: not runs(pid))
            assert stays.communicate("still\n")[0] == "still\n"
        assert box.ssh("true").returncode == 255


def test_nothing_is_there_yet_and_then_comes() -> None:
    """Without settings, host key or keys it waits and says what for; each takes effect when it comes."""
    with lab() as box:
        start, keys = box.folder / "start", box.folder / "keys"
        for path in (start, keys):
            path.rename(path.with_suffix(".later"))
        box.start(wait=False)
        box.wait_for(lambda: [line for line in box.said if "waiting: " in line and "settings.json" in line])
        start.with_suffix(".later").rename(start)
        box.wait_event("started")
        box.wait_for(lambda: [line for line in box.said if "there is no key" in line])
        assert box.ssh("true").returncode == 255
        keys.with_suffix(".later").rename(keys)
        assert box.ssh("true").returncode == 0


def test_a_host_key_that_is_none_is_waited_for() -> None:
    """A file that makes no sense is said, and ends nothing."""
    with lab() as box:
        good = (box.folder / "start" / "host_key").read_text()
        (box.folder / "start" / "host_key").write_text("rubbish")
        box.start(wait=False)
        box.wait_for(lambda: [line for line in box.said if "waiting: " in line])
        (box.folder / "start" / "host_key").write_text(good)
        box.wait_event("started")
        assert box.ssh("true").returncode == 0


def test_a_port_that_another_program_has_is_in_the_record() -> None:
    """In the pod's network that may be any; once, and sshd begins when the port is free."""
    with lab() as box, socket.create_server(("127.0.0.1", box.port)) as theirs:
        box.start(wait=False)
        assert box.wait_event("blocked")["port"] == box.port
        time.sleep(1.5)
        theirs.close()
        box.wait_event("started")
        assert [event["event"] for event in box.events] == ["blocked", "started"]
        assert box.ssh("true").returncode == 0


def worker_of(box: Lab) -> int:
    """Return the process of the listener's worker."""
    assert box.process
    pid = box.process.pid
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def test_a_killed_worker_comes_back() -> None:
    """Killed, it ends its sessions, and another one lets people in again; the first process stays."""
    with lab() as box:
        box.start()
        with box.open("echo in; cat") as client:
            assert client.stdout
            assert client.stdout.readline() == "in\n"
            os.kill(worker_of(box), 9)
            assert client.wait(ssh_lab.TIMEOUT) == 255
        box.wait_for(lambda: len(box.find("started")) == 2)
        assert box.ssh("true").returncode == 0
        assert box.process
        assert box.process.poll() is None


def test_nobody_else_gets_the_port_of_workers_that_end() -> None:
    """It stays open, also while no worker is there, however often that is; who comes then is let in by the next one."""
    with lab() as box:
        box.start()
        for count, number in enumerate((signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL), start=2):
            os.kill(worker_of(box), number)
            with box.open("echo in") as client:
                while len(box.find("started")) < count:
                    with socket.socket(socket.AF_INET6) as other:
                        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        with pytest.raises(OSError, match="Address already in use"):
                            other.bind(("::", box.port))
                    time.sleep(0.005)
                assert client.communicate(timeout=ssh_lab.TIMEOUT)[0] == "in\n"
        assert not box.find("blocked")


def test_a_stop_ends_sessions_and_tells_so() -> None:
    """Asked to stop, it ends what is open, writes that down, and ends with status 0."""
    with lab() as box:
        box.start()
        with box.open("echo in; cat") as client:
            assert client.stdout
            assert client.stdout.readline() == "in\n"
            assert box.stop() == 0
            assert client.wait(ssh_lab.TIMEOUT) == 255
        assert box.find("logout", reason="stopped")


@pytest.mark.claim("networks-by-sshd")
def test_from_another_network_nobody_gets_in() -> None:
    """Outside the networks of the policy there is no answer at all, and it is told."""
    with lab(allow_cidrs=["10.0.0.0/8"]) as box:
        box.start()
        assert box.ssh("true").returncode == 255
        assert box.wait_event("refused", reason="network")["address"] == "127.0.0.1"


@pytest.mark.claim("password-opens")
@needs_root
@pytest.mark.parametrize(("allowed", "status"), [(True, 0), (False, 255)])
def test_a_password_only_where_the_policy_says_so(tmp_path: Path, allowed: bool, status: int) -> None:
    """The hash that lies in /etc/passwd does for a listener without rights; no event has the password."""
    digest = subprocess.run(["openssl", "passwd", "-6", "correct horse"], capture_output=True, text=True, check=True)
    ask = tmp_path / "ask"
    ask.write_text("#!/bin/sh\necho correct horse\n")
    ask.chmod(0o755)
    with lab(password=allowed) as box:
        box.write_accounts(digest.stdout.strip())
        box.start()
        words = ["-o", "BatchMode=no", "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]
        environment = {**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
        command = ["ssh", *words, *box.options(), f"{ssh_lab.USER}@127.0.0.1", "true"]
        assert box.run(command, env=environment).returncode == status
        if allowed:
            assert box.wait_event("login")["method"] == "password"
        assert "correct horse" not in str(box.events) + str(box.said)


@pytest.mark.claim("certificate-opens")
def test_a_certificate_of_the_policys_authority() -> None:
    """A certificate with the person's name lets in, and is told with its number; one with another name does not."""
    with lab() as box:
        box.make_key("authority")
        (box.folder / "start" / "user_ca").write_text((box.folder / "authority.pub").read_text())
        (box.folder / "start" / "principals").write_text("ada@example.org\n")
        for key, name in (("ada-second", "ada@example.org"), ("stranger", "bob")):
            words = [
                "ssh-keygen",
                "-q",
                "-s",
                str(box.folder / "authority"),
                "-I",
                f"id of {name}",
                "-n",
                name,
                "-z",
                "7",
            ]
            subprocess.run([*words, str(box.folder / f"{key}.pub")], check=True)
        box.own()
        box.start()
        assert box.ssh("true", key="ada-second").returncode == 0
        login = box.wait_event("login")
        assert (login["certificate"], login["serial"], login["key_type"]) == (
            "id of ada@example.org",
            "7",
            "ED25519-CERT",
        )
        assert box.ssh("true", key="stranger").returncode == 255
        box.wait_event("refused")


@pytest.mark.claim("certificate-opens")
def test_a_certificate_that_has_expired_is_refused() -> None:
    """Whatever name it has."""
    with lab() as box:
        box.make_key("authority")
        (box.folder / "start" / "user_ca").write_text((box.folder / "authority.pub").read_text())
        (box.folder / "start" / "principals").write_text("ada@example.org\n")
        words = ["ssh-keygen", "-q", "-s", str(box.folder / "authority"), "-I", "ada", "-n", "ada@example.org"]
        key = str(box.folder / "ada-second.pub")
        subprocess.run([*words, "-V", "20200101:20200102", key], check=True)
        box.own()
        box.start()
        assert box.ssh("true", key="ada-second").returncode == 255
        assert box.wait_event("refused")["reason"] in ("certificate", "key")


@pytest.mark.claim("algorithms")
def test_a_weak_key_is_refused() -> None:
    """A key of RSA with 2048 bits does not let in, even where the file has it."""
    with lab() as box:
        box.make_key("weak", "rsa", "-b", "2048")
        (box.folder / "keys" / "authorized_keys").write_text((box.folder / "weak.pub").read_text())
        box.own()
        box.start()
        assert box.ssh("true", key="weak").returncode == 255
        box.wait_event("refused")


class _Web(BaseHTTPRequestHandler):
    """Answers as the web service does: a line for each key that is known."""

    known: dict[str, str] = {}  # noqa: RUF012 - one server, one test
    target = ""
    broken = False

    def do_GET(self) -> None:
        """Answer."""
        from urllib.parse import parse_qs, urlsplit

        asked = parse_qs(urlsplit(self.path).query)["fingerprint"][0]
        allowed = self.headers.get("Authorization") == "Bearer a-token"
        key = self.known.get(asked)
        line = f'"restrict,port-forwarding,permitopen=\\"{self.target}\\" {key}"' if key else ""
        status = 503 if self.broken else 200 if allowed else 403
        body = f'{{"lines": [{line}], "users": ["ada@example.org"]}}'.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.claim("gateway-passes-on", "gateway-hour")
def test_the_gateway_passes_people_on_and_lets_nobody_in(box: Lab) -> None:
    """By `ssh -J` a key reaches its own environment alone; there is no shell, no other target, no way for another key.

    While the web service does not answer, who was let in within the last hour is let in.
    """
    public = subprocess.run(["ssh-keygen", "-lf", box.folder / "ada.pub"], capture_output=True, text=True, check=True)
    _Web.known = {public.stdout.split()[1]: (box.folder / "ada.pub").read_text().strip()}
    _Web.target, _Web.broken = f"127.0.0.1:{box.port}", False
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Web)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with lab(mode="gateway", environment="", team="", user="") as gateway:
            (gateway.folder / "token").write_text("a-token\n")
            gateway.more = [
                "--web",
                f"http://127.0.0.1:{server.server_port}/services/swish/",
                "--token-file",
                f"{gateway.folder}/token",
            ]
            gateway.start()
            jump = " ".join(
                ["ssh", *gateway.options(str(box.folder / "ada")), "-W", "%h:%p", f"{ssh_lab.USER}@127.0.0.1"]
            )
            assert box.ssh("-o", f"ProxyCommand={jump}", "echo in").stdout == "in\n"
            assert gateway.wait_event("login")["users"] == ["ada@example.org"]
            own = str(box.folder / "ada")
            assert gateway.ssh("true", key=own).returncode == 255
            assert gateway.ssh("-W", f"127.0.0.1:{server.server_port}", key=own).returncode == 255
            assert gateway.ssh("-W", _Web.target, key=str(box.folder / "stranger")).returncode == 255
            _Web.broken = True
            assert box.ssh("-o", f"ProxyCommand={jump}", "echo in").stdout == "in\n"
            assert not any("a-token" in line for line in gateway.said)
            assert "a-token" not in str(gateway.events)
    finally:
        server.shutdown()
        server.server_close()
