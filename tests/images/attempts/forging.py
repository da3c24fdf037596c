"""Have the listener, or whoever reads what it prints, take one's own words for its."""

from __future__ import annotations

from typing import Final

from tests.images.attempts.attempt import WITNESS, Attempt, python

#: Speaks to the port as a client that is none; prints `done` once it was sent away.
_KNOCK: Final = """
ADDRESS, FROM = os.environ["ADDRESS"], os.environ["FROM"]

def knock(*texts):
    with socket.create_connection((ADDRESS, PORT), 20, (FROM, 0) if FROM else None) as made:
        made.settimeout(5)
        try:
            for text in texts:
                made.sendall(text)
                time.sleep(0.1)
            made.shutdown(socket.SHUT_WR)
            while made.recv(4096):
                pass
        except OSError:
            pass
    print("done", flush=True)

def text(value):
    return len(value).to_bytes(4, "big") + value

def packet(payload):
    filler = 8 - (len(payload) + 5) % 8 + 8
    return (len(payload) + filler + 1).to_bytes(4, "big") + bytes([filler]) + payload + bytes(filler)
"""
#: What sftp-server says of a file that somebody writes, but for its name.
_WRITES: Final = r"""
def tell_of_a_file():
    name = b"/home/swish/not-there"
    tell_of_files(b'open "%b" flags WRITE mode 0666\r\n' % name, b'close "%b" bytes read 0 written 9\r\n' % name)
"""

FORGE: Final = (
    Attempt(
        "print lines of the record, and of sshd's, as a program's output and errors",
        "forge",
        'echo "$FORGED"; echo "$LINE"; echo "$FORGED" >&2; echo "$LINE" >&2; echo done\n',
        "nothing",
    ),
    Attempt(
        "print them into another session's output",
        "forge",
        """
        for pid in $OTHERS; do for below in $(pgrep -P "$pid"); do for program in $(pgrep -P "$below"); do
            for number in 1 2; do echo "$FORGED" > "/proc/$program/fd/$number" && echo done; done
        done; done; done
        """,
        "nothing",
        is_beside=True,
        is_extra=True,
    ),
    Attempt(
        "print them on a terminal of one's own, with a title",
        "forge",
        python(
            r"""
            ours, theirs = os.openpty()
            os.write(theirs, b"\x1b]0;" + FORGED[:-1] + b"\x07\r\n" + FORGED + LINE)
            os.read(ours, 65536)
            print("done")
            """
        ),
        "nothing",
        is_extra=True,
    ),
    Attempt(
        "print them after the log-out, as a program called sshd",
        "forge",
        python(
            """
            out = os.dup(1)
            if apart():
                libc.prctl(15, b"sshd: swish", 0, 0, 0)
                time.sleep(1.5)
                for text in (FORGED, LINE):
                    try:
                        os.write(out, text)
                    except OSError:
                        pass
                os._exit(0)
            os.close(out)
            print("done")
            """
        ),
        "nothing",
        is_extra=True,
    ),
    Attempt(
        "ask for a log-in with a name, a service, a method or a kind of key that has a line of sshd's in it",
        "forge",
        """
        for what in user service method kind; do "$PYTHON" -m tests.images.attempts.raw_client "$what"; done
        """,
        "nothing",
        is_outside=True,
        log_ins=0,
    ),
    Attempt(
        "be a client whose version is a line of sshd's",
        "forge",
        python(
            f"{_KNOCK}\n"
            r"""
for end in (b"\r\n", b"\n", b"\r" + LINE[:-1] + b"\r\n"):
    knock(b"SSH-2.0-x " + LINE[:-1] + end)
    knock(LINE, b"SSH-2.0-x" + end)
    knock(FORGED, b"SSH-2.0-x" + end)
"""
        ),
        "nothing",
        is_outside=True,
        log_ins=0,
        is_extra=True,
    ),
    Attempt(
        "offer an exchange of keys whose names have a line of sshd's in them",
        "forge",
        python(
            f"{_KNOCK}\n"
            r"""
for end in (b"\n", b"\r\n"):
    names = b"x" + end + LINE[:-1] + end + b"y"
    offer = b"\x14" + bytes(16) + text(names) * 10 + bytes(5)
    knock(b"SSH-2.0-x\r\n", packet(offer))
"""
        ),
        "nothing",
        is_outside=True,
        log_ins=0,
    ),
    Attempt(
        "take leave before the log-in with words that have a line of sshd's in them",
        "forge",
        python(
            f"{_KNOCK}\n"
            r"""
words = b"x\n" + LINE + b"y"
knock(b"SSH-2.0-x\r\n", packet(b"\x01" + (2).to_bytes(4, "big") + text(words) + text(b"")))
knock(b"SSH-2.0-x\r\n", packet(b"\x04\x01" + text(words) + text(b"")))
"""
        ),
        "nothing",
        is_outside=True,
        log_ins=0,
    ),
    Attempt(
        "run a command that has lines of the record, and of sshd's, in it",
        "forge",
        """
        $SSH "$HOST" "$(printf 'echo done\\n# x\\n: <<END\\n%s\\n%s\\nEND\\n' "$LINE" "$FORGED")"
        """,
        "nothing",
        is_outside=True,
    ),
    Attempt(
        "send a variable that has lines of the record, and of sshd's, in it",
        "forge",
        """
        COLORTERM=$(printf 'x\\n%s\\n%s\\ny' "$LINE" "$FORGED") $SSH -o SendEnv=COLORTERM "$HOST" 'echo done'
        """,
        "nothing",
        is_outside=True,
        is_extra=True,
    ),
    Attempt(
        "open a tunnel to a host whose name has lines of sshd's in it",
        "forge",
        """
        name=$(printf 'x\\nReceived disconnect from b\\nAccepted none for a from 192.0.2.7 port 1 ssh2\\ny')
        $SSH -W "$name":80 "$HOST" && echo done
        """,
        "refused",
        is_outside=True,
    ),
    Attempt(
        "copy to a file whose name is a part of a line of the record",
        "forge",
        f"""
        name='{WITNESS}","event":"login","fingerprint":"SHA256:forged","x":"'
        echo "put /etc/os-release '$name'" | $SFTP -b - "$HOST" && echo done
        """,
        "nothing",
        is_outside=True,
        is_extra=True,
    ),
    Attempt(
        "have somebody copy a file whose name has lines of sftp-server's in it",
        "forge",
        f"""
        $SSH "$HOST" 'mkdir {WITNESS}; cd {WITNESS}; cat > name; echo x > "$(cat name)"' <<'END'
x
remove name "not-there"
y
END
        copied=$(mktemp -d); echo "get -r {WITNESS} $copied" | $SFTP -b - "$HOST" && echo done; rm -r "$copied"
        """,
        "nothing",
        is_outside=True,
        log_ins=2,
    ),
    Attempt(
        "tell the listener of files that were not copied, in one's own session",
        "forge",
        python(f"{_WRITES}\ntell_of_a_file()\nprint('done')\n"),
        "said",
        is_extra=True,
    ),
    Attempt(
        "tell the listener of files in another's session, by ~/.bashrc",
        "forge",
        r"""
        cat > ~/tell.py <<'END'
import re, socket, time
for name in set(re.findall(r"@(swish-sftp-\w+)", open("/proc/net/unix").read())):
    try:
        log = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        log.connect("\0" + name)
        log.send(b'open "/home/swish/not-there" flags WRITE mode 0666\n')
        time.sleep(0.2)
    except OSError:
        pass
END
        echo 'python3 ~/tell.py' > ~/.bashrc && echo done
        """,
        "said",
    ),
    Attempt(
        "tell the listener of files by a process that nobody started",
        "forge",
        python(
            f"{_WRITES}\n"
            """
if apart():
    time.sleep(0.5)
    tell_of_a_file()
    os._exit(0)
print("done")
"""
        ),
        "nothing",
    ),
    Attempt(
        "do so by a process whose name reads as if another's sshd had started it",
        "forge",
        python(
            f"{_WRITES}\n"
            """
if apart():
    libc.prctl(15, f"x) S {OTHERS[0]} 1".encode(), 0, 0, 0)
    time.sleep(0.3)
    tell_of_a_file()
    os._exit(0)
time.sleep(0.8)
print("done")
"""
        ),
        "nothing",
        is_beside=True,
        is_extra=True,
    ),
    Attempt(
        "tell the listener of a log-in where it wants to hear of files",
        "forge",
        python("tell_of_files(LINE, FORGED, LINE + FORGED)\nprint('done')\n"),
        "nothing",
    ),
    Attempt(
        "tell the listener rubbish: 100 kB without an end of line, NULs, numbers of 5,000 digits",
        "forge",
        python(
            r"""
            tell_of_files(b"A" * 100_000, bytes(100_000), b'\xff\xfe"\n\n\r\n', b"")
            tell_of_files(b'close "x" bytes read ' + b"9" * 5000 + b" written 0\n")
            tell_of_files(b'open "x" flags ' + b"A" * 7000 + b" mode 0\n", b"sent status " + b"A" * 7000)
            print("done")
            """
        ),
        "nothing",
        is_extra=True,
    ),
)
