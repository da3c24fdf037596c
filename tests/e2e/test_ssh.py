"""People enter their environments by ssh, sftp, scp and rsync, and nobody else does."""

import fcntl
import functools
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.processes import free_port
from tests.e2e.conftest import LogIn
from tests.e2e.hub import Person, Server
from tests.e2e.install import Install, wait_until
from tests.e2e.policy import Changed, look_at_volumes
from tests.e2e.servers import server_of_ours
from tests.e2e.ssh import LOGIN, Host, Keys, Laptop, gets_in, host_of
from tests.scale import scaled

#: An address of this machine that the policy's networks do not hold.
OUTSIDE = "10.99.0.1"
SMALL: dict[str, Any] = {"image": "python3", "pool": "entered", "ssh": True}
MIB = 2**20
#: Of the file that is sent and fetched.
LARGE_MIB = scaled(64, 1024)
#: How often sshd is killed.
KILLS = scaled(3, 20)
#: Sessions at once.
SESSIONS = scaled(20, 50)


@dataclass(frozen=True)
class Entered:
    """An environment with ssh, its owner and their computer."""

    install: Install
    person: Person
    server: Server
    keys: Keys
    laptop: Laptop
    host: Host
    #: The fingerprint of a key that was added while the environment ran.
    second: str

    def ssh(self, command: str, *more: str, **how: Any) -> Any:
        """Run a command in it."""
        return self.laptop.ssh(self.host, command, *more, **how)

    def pod(self) -> dict[str, Any]:
        """The pod as it is now."""
        return self.install.environment_pod(self.person.name, self.server.name)


@pytest.fixture(scope="module")
def entered(
    install: Install, changed_policy: Changed, alice: Person, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Entered]:
    """An environment that its owner has entered once, by a policy that has tests/data/policy-ssh.yaml in it."""
    laptop = Laptop(tmp_path_factory.mktemp("laptop"))
    with Keys(alice) as keys, server_of_ours(install) as name:
        keys.add(laptop.make_key().with_suffix(".pub"))
        server = alice.start_and_wait(name, **SMALL)
        host = host_of(install, keys, name)
        wait_until("the key lets in", lambda: gets_in(laptop, host), within_seconds=150)
        second = keys.add(laptop.make_key("second").with_suffix(".pub"))
        look_at_keys(install, alice, name)
        yield Entered(install, alice, server, keys, laptop, host, second)


def look_at_keys(install: Install, person: Person, server: str) -> None:
    """Have changed keys brought to an environment at once; the kubelet alone takes its time."""
    look_at_volumes(install, f"pod/{install.environment_pod(person.name, server)['metadata']['name']}")


@pytest.mark.claim("ssh-reaches", "one-account")
def test_a_command_runs_where_the_files_are(entered: Entered):
    """As the images' user, in the home that JupyterLab has, with the variables of the environment and no secret."""
    done = entered.ssh('echo "$(id -un) $PWD $(env | grep -c JUPYTERHUB_API_TOKEN)"')
    assert done.stdout.split() == ["swish", "/home/swish", "0"]


@pytest.mark.parametrize("code", [0, 3, 255])
def test_exit_codes_come_back(entered: Entered, code: int):
    """Those of the command."""
    assert entered.ssh(f"exit {code}").returncode == code


def test_the_pod_is_guaranteed_and_restricted(entered: Entered):
    """With the sidecar, which is a container of its own."""
    pod = entered.pod()
    assert pod["status"]["qosClass"] == "Guaranteed"
    assert [container["name"] for container in pod["spec"]["initContainers"]] == ["ssh"]


def test_a_session_can_look_into_nothing_that_serves_it(entered: Entered):
    """Neither into sshd's programs and processes nor into the listener's, which have its own user id."""
    programs = "/usr/sbin/sshd /usr/lib/openssh/sshd-session /usr/lib/openssh/sshd-auth"
    assert entered.ssh(f"stat -c %a {programs}").stdout.split() == ["711"] * 3
    look = 'for p in 1 $(pgrep "sshd|swish-sshd"); do ls /proc/$p/fd; done'
    looked = entered.ssh(look)
    assert looked.stdout == ""
    assert looked.stderr.count("Permission denied") > 2


def test_files_are_the_same_on_both_sides(entered: Entered, tmp_path: Path):
    """What sftp writes JupyterLab reads, and the other way round."""
    entered.person.write_file(entered.server, "from-lab.txt", "lab\n")
    assert entered.ssh("cat from-lab.txt").stdout == "lab\n"
    (tmp_path / "mine").write_text("sftp\n")
    assert sftp(entered, f"put {tmp_path}/mine from-sftp.txt", f"get from-lab.txt {tmp_path}/theirs").returncode == 0
    assert entered.person.read_file(entered.server, "from-sftp.txt") == "sftp\n"
    assert (tmp_path / "theirs").read_text() == "lab\n"


@pytest.fixture(scope="module")
def large(entered: Entered) -> Path:
    """A large file that does not compress."""
    place = entered.laptop.folder / "large"
    with place.open("wb") as out:
        for _ in range(LARGE_MIB):
            out.write(os.urandom(MIB))
    return place


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def beginning(path: Path, copy: Path, size: int) -> Path:
    """Copy the first bytes of a file."""
    with copy.open("wb") as out:
        subprocess.run(["head", "-c", str(size), path], stdout=out, check=True)
    return copy


def sftp(entered: Entered, *commands: str) -> Any:
    """Run a batch of sftp commands."""
    argv = ["sftp", *entered.laptop.options(entered.host), "-b", "-", entered.host.address]
    return entered.laptop.run(argv, input="\n".join(commands) + "\n", timeout=300)


@pytest.mark.claim("ssh-reaches")
def test_sftp_puts_resumes_and_gets(entered: Entered, large: Path, tmp_path: Path):
    """A transfer that was cut off in the middle goes on there, and comes back the same."""
    half = beginning(large, tmp_path / "half", LARGE_MIB // 2 * MIB)
    assert sftp(entered, f"put {half} large").returncode == 0
    assert sftp(entered, f"reput {large} large").returncode == 0
    assert entered.ssh("sha256sum large", timeout=120).stdout.split()[0] == sha256(large)
    back = beginning(large, tmp_path / "back", LARGE_MIB // 3 * MIB)
    assert sftp(entered, f"reget large {back}").returncode == 0
    assert sha256(back) == sha256(large)
    entered.ssh("rm large")


@pytest.mark.claim("ssh-reaches")
def test_scp_and_rsync(entered: Entered, tmp_path: Path):
    """Folders go over with both."""
    source = tmp_path / "source"
    source.mkdir()
    for number in range(20):
        (source / f"file {number}").write_text(str(number) * 1000)
    options, address = entered.laptop.options(entered.host), entered.host.address
    assert entered.laptop.run(["scp", *options, "-r", str(source), f"{address}:by-scp"]).returncode == 0
    rsh = " ".join(["ssh", *options])
    assert entered.laptop.run(["rsync", "-a", "-e", rsh, f"{source}/", f"{address}:by-rsync/"]).returncode == 0
    assert entered.ssh("diff -r by-scp by-rsync && ls by-rsync | wc -l").stdout.strip() == "20"


def test_a_tunnel_reaches_what_listens_in_the_environment(entered: Entered):
    """By ssh -L, to JupyterLab's own port."""
    port = free_port()
    # the sidecar shares the pod's network, so JupyterLab is at its localhost
    with entered.laptop.session(entered.host, "cat", "-o", "ExitOnForwardFailure=yes", "-L", f"{port}:localhost:8888"):
        wait_until("JupyterLab answers through the tunnel", lambda: b"HTTP/1.1" in asked(port), within_seconds=30)


def asked(port: int) -> bytes:
    """Return the beginning of what an HTTP server on a port of this machine answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return connection.recv(100)
    except OSError:
        return b""


def test_listening_in_the_environment_is_refused(entered: Entered):
    """By ssh -R, which the policy does not allow."""
    done = entered.ssh("true", "-o", "ExitOnForwardFailure=yes", "-R", "9999:localhost:22")
    assert done.returncode == 255
    assert "remote port forwarding failed" in done.stderr


def test_a_terminal_is_resized(entered: Entered):
    """The window's new size reaches the program in it."""
    script = "stty size; trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.1; done"
    argv = ["ssh", *entered.laptop.options(entered.host), "-tt", entered.host.address, script]
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, start_new_session=True) as ssh:
        try:
            os.close(theirs)
            said = read_until(ours, b"ready")
            assert b"24 80" in said
            fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
            ssh.send_signal(signal.SIGWINCH)
            assert b"50 132" in read_until(ours, b"50 132")
        finally:
            ssh.kill()
            os.close(ours)


def read_until(terminal: int, words: bytes) -> bytes:
    """Read a terminal until it has shown these words."""
    said, end = b"", time.monotonic() + 30
    while words not in said and time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            said += os.read(terminal, 4096)
    return said


def test_many_sessions_at_once(entered: Entered):
    """Each is a connection of its own."""
    patient = ("-o", "ConnectTimeout=100")
    with ThreadPoolExecutor(SESSIONS) as threads:
        done = list(threads.map(lambda number: entered.ssh(f"sleep 5; echo {number}", *patient), range(SESSIONS)))
    printed = [one.stdout.strip() for one in done]
    assert printed == [str(number) for number in range(SESSIONS)], [one.stderr for one in done]


def test_an_editors_server_is_brought_in(entered: Entered):
    """What VS Code does over ssh before it needs the Internet: a script on sh's input, a folder, an archive, a port."""
    script = "set -e; umask 077; mkdir -p ~/.vscode-server/bin; uname -sm; cd ~/.vscode-server; tar -xzf -; sh ./server"
    pack = entered.laptop.folder / "editor"
    pack.mkdir(exist_ok=True)
    (pack / "server").write_text("echo listening on 127.0.0.1\n")
    archive = subprocess.run(["tar", "-czf", "-", "-C", pack, "server"], capture_output=True, check=True).stdout
    done = entered.ssh(f"sh -c '{script}'", "-T", input=archive, text=False)
    assert done.stdout.decode().splitlines() == ["Linux x86_64", "listening on 127.0.0.1"]


@pytest.mark.claim("ssh-reaches")
def test_the_gateway_leads_to_ones_own_environment(entered: Entered):
    """By ssh -J, with nothing that listens outside the cluster but the gateway."""
    config = jump_config(entered)
    jump = ["ssh", "-F", config, "-J", "gateway"]
    target = f"env-{entered.host.name}.{entered.install.namespace}.svc"
    look_at_volumes(entered.install, "deployment/ssh-gateway")
    wait_until(
        "the gateway knows the environment",
        lambda: entered.laptop.run([*jump, target, "true"]).returncode == 0,
        within_seconds=120,
    )
    assert entered.laptop.run([*jump, target, "hostname"]).stdout.strip() == entered.pod()["metadata"]["name"]


@pytest.mark.claim("gateway-passes-on")
def test_the_gateway_leads_nowhere_else(entered: Entered):
    """Neither to the hub nor to a shell of its own."""
    config, run = jump_config(entered), entered.laptop.run
    elsewhere = run(["ssh", "-F", config, "-o", "ConnectTimeout=10", "-W", "hub:8081", "gateway"])
    assert "administratively prohibited" in elsewhere.stderr
    assert run(["ssh", "-F", config, "gateway", "id"]).returncode == 255


def jump_config(entered: Entered) -> str:
    """Return the place of an ssh_config with the gateway in it."""
    gateway = entered.install.get("service", "ssh-gateway")["spec"]["clusterIP"]
    place = entered.laptop.folder / "config"
    place.write_text(
        f"Host gateway\n  HostName {gateway}\nHost *\n  User {LOGIN}\n  BatchMode yes\n  IdentitiesOnly yes\n"
        f"  IdentityAgent none\n  IdentityFile {entered.laptop.folder}/id_ed25519\n"
        f"  StrictHostKeyChecking accept-new\n  UserKnownHostsFile {entered.laptop.folder}/jumped\n"
    )
    return str(place)


@pytest.mark.claim("lines-to-copy")
def test_the_page_shows_lines_that_work(entered: Entered):
    """The name is not in the DNS here, so no line has it; the gateway's line names the environment in the cluster."""
    ssh = entered.keys.environment(entered.server.name)["ssh"]
    ready = [way for way in ssh["ways"] if way["ready"]]
    assert ready
    assert "dev.swish.test" not in str([way["lines"] for way in ready if "gateway" not in way["title"].lower()])
    assert ssh["fingerprint"].startswith("SHA256:")


@dataclass(frozen=True)
class Bobs:
    """An environment of somebody else, in which sshd runs beside JupyterLab; their key is `bobs`."""

    pod: dict[str, Any]
    host: Host


@pytest.fixture(scope="module")
def bobs(install: Install, entered: Entered, log_in: LogIn) -> Iterator[Bobs]:
    """One that its owner has entered once."""
    bob = log_in("bob")
    with Keys(bob) as keys, server_of_ours(install) as name:
        keys.add(entered.laptop.make_key("bobs").with_suffix(".pub"))
        bob.start_and_wait(name, image="python3", pool="beside", ssh=True)
        host = host_of(install, keys, name)
        wait_until("the key lets in", lambda: gets_in(entered.laptop, host, key="bobs"), within_seconds=150)
        yield Bobs(install.environment_pod(bob.name, name), host)


def test_beside_jupyterlab_a_session_sees_all_of_it(entered: Entered, bobs: Bobs):
    """There sshd runs in the environment's own container, with its memory and its processes."""
    assert bobs.pod["status"]["qosClass"] == "Guaranteed"
    assert "initContainers" not in bobs.pod["spec"]
    limit = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null"
    assert entered.laptop.ssh(bobs.host, limit, key="bobs").stdout.strip() == str(512 * MIB)
    assert entered.laptop.ssh(bobs.host, "pgrep -c -f jupyterhub-singleuser", key="bobs").stdout.strip() != "0"


# Refusals.


def refusal(entered: Entered, *more: str, key: str = "id_ed25519") -> str:
    """Return what ssh says when it is not let in."""
    done = entered.ssh("true", *more, key=key)
    assert done.returncode == 255, done.stdout
    return str(done.stderr)


@pytest.mark.claim("key-opens")
def test_another_key_is_refused(entered: Entered):
    """Nobody gets in with a key that the owner did not add."""
    entered.laptop.make_key("another")
    assert "Permission denied" in refusal(entered, key="another")


@pytest.mark.claim("one-account", "sshd-logs-in-its-user")
def test_root_is_refused(entered: Entered):
    """And every other name."""
    for name in ("root", "jovyan"):
        assert "Permission denied" in refusal(entered, "-o", f"User={name}")


def test_passwords_are_refused(entered: Entered):
    """The policy does not say otherwise, so none is even asked for."""
    said = refusal(entered, "-o", "PreferredAuthentications=password,keyboard-interactive", key="none")
    assert re.search(r"Permission denied \(publickey\)", said)


@pytest.mark.claim("key-opens")
def test_a_key_opens_no_other_persons_environment(entered: Entered, bobs: Bobs):
    """Another person's key, which opens their own, does not open this one."""
    assert gets_in(entered.laptop, bobs.host, key="bobs")
    assert "Permission denied" in refusal(entered, key="bobs")
    assert "Permission denied" in entered.laptop.ssh(bobs.host, "true").stderr


def test_a_weak_key_is_not_taken(entered: Entered):
    """With the reason."""
    place = entered.laptop.folder / "weak"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(place)], check=True)
    answer = entered.keys.http.post("keys", json={"key": place.with_suffix(".pub").read_text(), "name": "weak"})
    assert answer.status_code == 400
    assert "3072" in answer.json()["message"]


@contextmanager
def address(text: str) -> Iterator[None]:
    """An address of this machine for as long as the block runs."""
    subprocess.run(["ip", "address", "add", f"{text}/32", "dev", "lo"], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "address", "del", f"{text}/32", "dev", "lo"], check=True)


@pytest.mark.claim("networks-by-sshd")
def test_other_networks_are_refused(entered: Entered):
    """By sshd itself, whether or not the cluster's network enforces policies."""
    with address(OUTSIDE):
        pod = Host(entered.host.name, entered.pod()["status"]["podIP"], entered.host.known_hosts)
        assert gets_in(entered.laptop, pod, "-p", "2222")
        assert not gets_in(entered.laptop, pod, "-p", "2222", "-b", OUTSIDE)


@pytest.mark.claim("removed-key")
def test_a_removed_key_ends_its_session(entered: Entered, record_property: Any):
    """As soon as the kubelet has renewed the mounted Secret; others go on."""
    laptop = entered.laptop
    wait_until("the second key lets in", lambda: gets_in(laptop, entered.host, key="second"), within_seconds=150)
    argv = ["ssh", *laptop.options(entered.host, "second"), entered.host.address, "cat"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        began = time.monotonic()
        entered.keys.remove(entered.second)
        look_at_keys(entered.install, entered.person, entered.server.name)
        session.wait(timeout=180)
        record_property("seconds", round(time.monotonic() - began))
    assert "Permission denied" in refusal(entered, key="second")
    assert gets_in(laptop, entered.host)


def test_a_sidecar_that_dies_comes_back(entered: Entered):
    """Time after time, and the notebook does not notice."""
    before = restarts(entered, "containerStatuses", "notebook")
    for number in range(KILLS):
        told = restarts(entered, "initContainerStatuses", "ssh")
        end_process(entered, "kill 1")
        is_back = functools.partial(came_back, entered, told)
        wait_until(f"sshd is back, time {number + 1}", is_back, within_seconds=120)
    assert restarts(entered, "containerStatuses", "notebook") == before
    assert entered.person.ask(entered.server, "GET", "status")


def test_a_listener_that_is_killed_comes_back_at_once(entered: Entered):
    """Without a restart of the container."""
    told = restarts(entered, "initContainerStatuses", "ssh")
    for number in range(3):
        end_process(entered, "pkill -KILL -P 1 -f swish-sshd")
        wait_until(f"sshd is back, time {number + 1}", lambda: gets_in(entered.laptop, entered.host))
    assert restarts(entered, "initContainerStatuses", "ssh") == told


def end_process(entered: Entered, command: str) -> None:
    """Run a command in the sidecar, as an administrator can."""
    pod = entered.pod()["metadata"]["name"]
    entered.install.kubectl("exec", pod, "--container=ssh", "--", "sh", "-c", command)


def came_back(entered: Entered, restarted: int) -> bool:
    """Say whether the sidecar was started once more, and lets in."""
    return restarts(entered, "initContainerStatuses", "ssh") > restarted and gets_in(entered.laptop, entered.host)


def restarts(entered: Entered, kind: str, name: str) -> int:
    """Return how often a container was started again."""
    statuses = entered.pod()["status"][kind]
    return int(next(one["restartCount"] for one in statuses if one["name"] == name))


# The record.

SECRET = "a-word-of-a-command"
#: Changes the entry of a number in a copy of the log, as whoever has the volume could; the log itself stays as it is.
TAMPER = """
import pathlib, sqlite3, sys, tempfile
place = pathlib.Path(tempfile.mkdtemp())
(log,) = pathlib.Path("/var/lib/swish/ssh-log").glob("*.sqlite")
copy = sqlite3.connect(place / log.name, isolation_level=None)
sqlite3.connect(log).backup(copy)
guards = copy.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
for name, _ in guards:
    copy.execute(f"DROP TRIGGER {name}")
copy.execute("UPDATE entries SET body = replace(body, '10.231.0.1', '10.231.0.2') WHERE number = ?", sys.argv[1:])
for _, sql in guards:
    copy.execute(sql)
print(place)
"""


@pytest.fixture(scope="module")
def recorded(entered: Entered) -> dict[str, Any]:
    """The log-in of a session that was just there, once it is in the log."""
    before = max((entry["number"] for entry in told(entered.keys, entered)), default=0)
    assert entered.ssh(f"echo {SECRET}").stdout.split() == [SECRET]

    def newest() -> dict[str, Any] | None:
        entries = [entry for entry in told(entered.keys, entered) if entry["number"] > before]
        return next((entry for entry in entries if entry["event"] == "login"), None)

    return wait_until("the log-in is in the log", newest, within_seconds=60)


def told(reader: Keys, entered: Entered) -> list[dict[str, Any]]:
    """Return what somebody may read of the log of an environment, the newest first."""
    answer = reader.http.get("log", params={"environment": entered.host.name, "limit": "1000"}).raise_for_status()
    entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


@pytest.mark.claim("address-in-the-log")
def test_the_owner_reads_who_entered(entered: Entered, recorded: dict[str, Any]):
    """From where and with which key; and what else was done there, or refused."""
    known = {key["fingerprint"] for key in entered.keys.http.get("keys").json()["keys"]}
    assert recorded["fingerprint"] in known
    assert (recorded["user"], recorded["team"], recorded["address"]) == ("alice", "imaging", "10.231.0.1")
    seen = {entry["event"] for entry in told(entered.keys, entered)}
    assert seen >= {"started", "login", "logout", "refused", "session", "tunnel", "file"}


def test_restarts_leave_no_gap(entered: Entered, recorded: dict[str, Any]):
    """Though sshd was started time after time in this log, each with its first line."""
    entries = told(entered.keys, entered)
    assert not [entry for entry in entries if entry["event"] in ("gap", "unread")]
    assert sum(entry["event"] == "started" for entry in entries) > restarts(entered, "initContainerStatuses", "ssh")


def test_a_lead_and_an_administrator_read_it_too(entered: Entered, recorded: dict[str, Any], log_in: LogIn):
    """A member of one of the groups that lead the team here."""
    for name in ("bob", entered.install.admin_username):
        with Keys(log_in(name)) as reader:
            assert recorded in told(reader, entered)


@pytest.mark.claim("log-no-commands")
def test_the_log_is_taken_out_without_commands(entered: Entered, recorded: dict[str, Any]):
    """By whoever has the web service's volume; that a command ran is told, and nothing of it."""
    text = in_web(entered, "swish", "audit", "export")
    assert f'"number":{recorded["number"]},' in text
    assert SECRET not in text


@pytest.mark.claim("log-change-is-found")
def test_a_changed_line_is_found(entered: Entered, recorded: dict[str, Any]):
    """In a copy; the log itself is as it was written."""
    assert "are as they were written" in in_web(entered, "swish", "audit", "verify")
    copy = in_web(entered, "python3", "-c", TAMPER, str(recorded["number"])).strip()
    with pytest.raises(AssertionError, match=f"entry {recorded['number']} "):
        in_web(entered, "swish", "audit", "verify", "--directory", copy)


@pytest.mark.claim("ssh-counts-as-use")
def test_the_hub_knows_who_works_by_ssh(entered: Entered, recorded: dict[str, Any]):
    """So that nobody who does is taken for idle; JupyterLab knows nothing of the session."""
    entered_at = datetime.fromisoformat(recorded["time"])
    wait_until("the hub knows", lambda: last_activity(entered) >= entered_at, within_seconds=120)


def in_web(entered: Entered, *command: str) -> str:
    """Run a command in the web service's pod."""
    return entered.install.kubectl("exec", "deployment/web", "--container=web", "--", *command)


def last_activity(entered: Entered) -> datetime:
    """Return when the hub believes that somebody last used the environment."""
    model = entered.person.model(entered.server.name) or {}
    return datetime.fromisoformat(model["last_activity"])
