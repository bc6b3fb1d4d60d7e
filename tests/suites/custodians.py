"""custodians.py ROOTWARD WORKSPACE

People at a terminal of 24 lines and 80 columns: a root whose key three
custodians share, two of whom are needed, is made; its key is tested with what
they wrote down; then custodian after custodian errs.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

CLEAR, OPEN, CLOSE = "\x1b[2J\x1b[H", "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    def __init__(self, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(sys.argv[1], [sys.argv[1], "-C", sys.argv[2], *arguments])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.all = self.unread = ""

    def read(self):
        try:
            data = os.read(self.fd, 65536).decode()
        except OSError:
            data = ""
        self.all += data
        self.unread += data
        return bool(data)

    def until(self, pattern):
        end = time.time() + 60
        while not (match := re.search(pattern, self.unread)):
            if time.time() > end or (
                select.select([self.fd], [], [], 1)[0] and not self.read()
            ):
                sys.exit(f"expected {pattern!r}, got {self.unread!r} after {self.all!r}")
        seen, self.unread = self.unread[: match.end()], self.unread[match.end() :]
        return seen

    def type(self, line, end="\n"):
        # Echo is switched off just after the prompt is written.
        time.sleep(0.2)
        os.write(self.fd, (line + end).encode())

    def end(self):
        while self.read():
            pass
        return self.unread, os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def page(seen):
    lines = seen.split(CLEAR)[-1].replace("\r", "").split("\n")
    assert len(lines) <= 24 and all(len(line) <= 80 for line in lines), lines
    return "\n".join(lines)


def words_on(seen):
    words = dict(re.findall(r" (\d+) ([a-z]{4})\b", page(seen).split("unlock the key")[1]))
    assert sorted(map(int, words)) == list(range(1, 47)), words
    return [words[str(place + 1)] for place in range(46)]


def write_down(terminal, errs=False):
    terminal.until(r"when ready: ")
    terminal.type("")
    words = words_on(terminal.until(r"when written: "))
    terminal.type("")
    if errs:
        terminal.until(r"word +\d+: ")
        terminal.type("zzzz")
        again = terminal.until(r"when written: ")
        assert "A word was not the one shown" in page(again) and words_on(again) == words
        terminal.type("")
    for _ in range(3):
        asked = terminal.until(r"word +\d+: ")
        terminal.type(words[int(re.findall(r"word +(\d+): ", asked)[-1]) - 1].upper())
    return words


def bring(terminal, words, step=46):
    for start in range(0, 46, step):
        terminal.until(rf"words from {start + 1} on[^:]*: ")
        terminal.type(" ".join(words[start : start + step]))


# Ctrl-C while a share is shown: the page goes, and nothing was made.
terminal = Terminal("root", "create")
terminal.until(r"when ready: ")
terminal.type("")
terminal.until(r"when written: ")
terminal.type("\x03")
said, code = terminal.end()
assert code == 1 and CLEAR + CLOSE in said and "nothing was made" in said, said
assert not os.path.exists(f"{sys.argv[2]}/ca/root/g1"), "something was made"

terminal = Terminal("root", "create")
shares = [write_down(terminal, errs=number == 1) for number in range(3)]
said, code = terminal.end()
assert code == 0 and "made root@g1" in said, said
# Whatever is not on a page of its own is without any word of a share.
outside = re.sub(re.escape(OPEN) + ".*?" + re.escape(CLEAR + CLOSE), "", terminal.all, flags=re.S)
assert terminal.all.count(OPEN) == terminal.all.count(CLEAR + CLOSE) == 3
assert not re.search(r" \d+ [a-z]{4} ", outside), outside
for folder, _, names in os.walk(sys.argv[2]):
    for name in names:
        text = open(os.path.join(folder, name), "rb").read()
        assert " ".join(shares[0][4:7]).encode() not in text, name

terminal = Terminal("custody", "test")
terminal.until(r"words from 1 on")
terminal.type("tuna next kexp")
assert 'did you mean "keep"?' in terminal.until(r"type the line again\r")
bring(terminal, shares[0], step=7)
bring(terminal, shares[0])
assert "SHARE-REPEATED" in terminal.until(r"ask the next custodian")
swapped = shares[2][:-6] + shares[2][-5:-4] + shares[2][-6:-5] + shares[2][-4:]
if swapped != shares[2]:
    bring(terminal, swapped)
    assert "SHARE-MISTYPED" in terminal.until(r"doubled or swapped")
terminal.until(r"words from 1 on")
terminal.type(" ".join(shares[2][:10]))
terminal.until(r"words from 11 on")
terminal.type("")
assert "begun again" in terminal.until(r"first word")
bring(terminal, shares[2])
said, code = terminal.end()
assert code == 0 and "opened with shares 1, 3 (2 of 3, set" in said, said
assert not any(" ".join(share[5:7]) in terminal.all for share in shares), terminal.all

terminal = Terminal("custody", "test")
for _ in range(4):
    bring(terminal, shares[1])
said, code = terminal.end()
assert code == 3 and "SHARE-REPEATED" in said, said

terminal = Terminal("custody", "test")
bring(terminal, shares[1])
terminal.until(r"words from 1 on[^:]*: ")
terminal.type("")
said, code = terminal.end()
assert code == 3 and "SHARES-TOO-FEW: got 1, expected 2" in said, said

# In a ceremony that ends too early, what was refused on the way is in the transcript, too.
plan = f"{sys.argv[2]}/plan.toml"
waivers = [f"--waive={rule}=a test" for rule in ("NETWORK-UP", "SWAP-ON", "SANDBOX-MISSING")]
planned = subprocess.check_output(
    [sys.argv[1], "-C", sys.argv[2], "ceremony", "plan", "--crl", "--json", "-o", plan]
    + [*waivers, "--until", time.strftime("%Y-%m-%d", time.gmtime(time.time() + 172800))]
)
terminal = Terminal("ceremony", "run", plan)
terminal.until(r"10:05\): ")
terminal.type(time.strftime("%Y-%m-%d %H:%M", time.gmtime()))
terminal.until(r"from the paper: ")
terminal.type(" ".join(json.loads(planned)["words"][:3]))
bring(terminal, shares[1])
bring(terminal, shares[1])
terminal.until(r"words from 1 on[^:]*: ")
terminal.type("")
said, code = terminal.end()
assert code == 3 and "SHARES-TOO-FEW" in said, said
folder = f"{sys.argv[2]}/ca/ceremonies/0002"
(draft,) = [name for name in os.listdir(folder) if name.startswith("draft-")]
entries = open(os.path.join(folder, draft)).read().split("\n")
assert any("custody   refused: SHARE-REPEATED: got share 2" in entry for entry in entries), entries
