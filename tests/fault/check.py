#!/usr/bin/env python3
"""check.py [--operators FILE] FILE...: a second verifier of journals, written from
holdfast-journal(5) alone. Python's standard library and ssh-keygen; nothing of holdfast's.
Prints "FILE: CODE SENTENCE"; exits with the worst code as `holdfast journal verify` does."""
import base64
import binascii
import calendar
import fcntl
import functools
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

LINE_MAX = 1 << 20
INT_MAX = 2**53 - 1
HEAD = re.compile(
    rb'\{"prev":"([0-9a-f]{64})","seq":(0|[1-9][0-9]{0,15}),"t":"'
    rb'([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)","boot":"([0-9]{1,20})","type":"([a-z-]{1,32})"(?=[,}])')
SIGNED = re.compile(rb'^(.*),"sig":"([A-Za-z0-9+/=]+)"\}$', re.S)
SIG = b',"sig":"'
SEALED, TAMPERED, CRASH, OPEN, UNTRUSTED, IO = range(6)
RANK = [SEALED, OPEN, CRASH, UNTRUSTED, IO, TAMPERED]


class Wrong(Exception):
    pass


def time_of(text):
    """Seconds since the epoch of an RFC 3339 time in UTC, or None."""
    m = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{6})?Z", text)
    if not m:
        return None
    y, mo, d, h, mi, s = map(int, m.groups()[:6])
    try:
        if y < 1970 or h > 23 or mi > 59 or s > 59 or d > calendar.monthrange(y, mo)[1] or d < 1:
            return None
    except (calendar.IllegalMonthError, ValueError):
        return None
    return calendar.timegm((y, mo, d, h, mi, s))


def head_of(line):
    m = HEAD.match(line)
    if not m or int(m.group(2)) > INT_MAX or time_of(m.group(3).decode()) is None:
        return None
    return m.group(5).decode()


def no_twice(pairs):
    out = dict(pairs)
    if len(out) != len(pairs):
        raise Wrong("names a member twice")
    return out


def no_real(text):
    raise Wrong("has a number with a fraction or exponent")


def whole(text):
    if abs(int(text)) > INT_MAX:
        raise Wrong("has a number beyond 2^53 - 1")
    return int(text)


def check_value(v, depth):
    if depth > 64:
        raise Wrong("is nested too deep")
    if isinstance(v, str):
        if "\0" in v:
            raise Wrong("has a NUL")
        v.encode("utf-8")  # a lone surrogate is no character
    elif isinstance(v, dict):
        for k, m in v.items():
            check_value(k, 0)
            check_value(m, depth + 1)
    elif isinstance(v, list):
        for m in v:
            check_value(m, depth + 1)


@functools.lru_cache(maxsize=4096)
def parse(line):
    """The record, and its type; raises Wrong."""
    if len(line) > LINE_MAX:
        raise Wrong("is longer than a record may be")
    in_string, skip, depth = False, False, 0
    for c in line:
        if c < 0x20 or c == 0x7F:
            raise Wrong("has a control byte")
        if skip:
            skip = False
        elif in_string and c == 0x5C:
            skip = True
        elif c == 0x22:
            in_string = not in_string
        elif not in_string and c == 0x20:
            raise Wrong("has a space between tokens")
        elif not in_string and c in b"[{":
            depth += 1
            if depth > 64:
                raise Wrong("is nested too deep")
        elif not in_string and c in b"]}":
            depth -= 1
    kind = head_of(line)
    if kind is None:
        raise Wrong("does not start as a record does")
    try:
        rec = json.loads(line.decode("utf-8"), object_pairs_hook=no_twice, parse_float=no_real,
                         parse_int=whole, parse_constant=no_real)
        check_value(rec, 1)
    except (ValueError, RecursionError) as e:
        raise Wrong("is not one JSON object: %s" % e)
    if not isinstance(rec, dict):
        raise Wrong("is not an object")
    return kind, rec


def text(rec, name):
    return rec[name] if isinstance(rec.get(name), str) else ""


def wire(blob, n):
    """n strings of the SSH wire format, and nothing after them; or None."""
    out = []
    for _ in range(n):
        if len(blob) < 4:
            return None
        size = struct.unpack(">I", blob[:4])[0]
        if len(blob) < 4 + size:
            return None
        out.append(blob[4:4 + size])
        blob = blob[4 + size:]
    return out if blob == b"" else None


@functools.lru_cache(maxsize=65536)
def signer(sig, namespace, message):
    """The public key blob whose SSHSIG signature over message this is, or None."""
    try:
        raw = base64.b64decode(sig, validate=True)
    except binascii.Error:
        return None
    if base64.b64encode(raw).decode() != sig or raw[:10] != b"SSHSIG\0\0\0\1":
        return None
    parts = wire(raw[10:], 5)
    if parts is None or parts[1:4] != [namespace.encode(), b"", b"sha512"]:
        return None
    armor = "-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n" % "\n".join(
        sig[i:i + 70] for i in range(0, len(sig), 70))
    with tempfile.NamedTemporaryFile("w", suffix=".sig") as f:
        f.write(armor)
        f.flush()
        done = subprocess.run(["ssh-keygen", "-Y", "check-novalidate", "-n", namespace, "-s", f.name],
                              input=message, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return parts[0] if done.returncode == 0 else None


def key_blob(public):
    words = public.split(" ")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (IndexError, binascii.Error):
        return None
    if base64.b64encode(blob).decode() != words[1]:
        return None
    parts = wire(blob, 2)
    if words[0] != "ssh-ed25519" or parts is None or parts[0] != b"ssh-ed25519" or len(parts[1]) != 32:
        return None
    return blob


def operators(file):
    """[(person, namespaces, key blob, after, before)]."""
    if file is None:
        return None
    out = []
    for line in open(file, encoding="utf-8"):
        m = re.match(r'([^ \t#]+)[ \t]+([^ \t]+)[ \t]+([a-z0-9@.-]+) ([A-Za-z0-9+/=]+)', line)
        if not m:
            continue
        opts = dict(re.findall(r'([a-z-]+)="([^"]*)"', m.group(2)))
        when = [calendar.timegm(tuple(int(x) for x in (t[:4], t[4:6], t[6:8], t[8:10] or 0, t[10:12] or 0, t[12:14] or 0)))
                if t else None for t in (opts.get(k, "").rstrip("Z") for k in ("valid-after", "valid-before"))]
        out.append((m.group(1), opts["namespaces"].split(","), base64.b64decode(m.group(4)), when[0], when[1]))
    return out


def person_of(who, sig, namespace, message, at):
    """Whose signature it is by the operators file, or None."""
    blob = signer(sig, namespace, message.encode())
    for person, namespaces, key, after, before in who:
        if key == blob and namespace in namespaces and (after is None or at >= after) and (before is None or at < before):
            return person
    return None


class Journal:
    def __init__(self, who):
        self.who = who
        self.session = self.key = self.person = self.distrust = None
        self.part = self.begun_count = 0
        self.closed = self.has_cert = False
        self.begun, self.claims, self.leaves = {}, [], []
        self.signed = None  # the last record that is, and its number

    def doubt(self, why):
        self.distrust = self.distrust or why

    def open(self, rec):
        self.session, self.part = text(rec, "session"), rec.get("part")
        self.part = self.part if isinstance(self.part, int) and not isinstance(self.part, bool) else 0
        self.public = text(rec, "key")
        self.key = key_blob(self.public)
        if rec.get("format") is True or rec.get("format") != 1:
            raise Wrong("is of another format")
        if not re.fullmatch(r"[a-z2-7]{26}", self.session):
            raise Wrong("has no session id")
        if self.key is None:
            raise Wrong("has no session key")

    def cert(self, rec):
        self.has_cert = True
        names = ["session", "key", "person", "host", "issued"]
        m = re.fullmatch("holdfast-session-v1\n" + "".join("%s: ([^\n]*)\n" % n for n in names), text(rec, "statement"))
        at = time_of(m.group(5)) if m else None
        if at is None:
            return self.doubt("the certificate is none")
        if m.group(1) != self.session or m.group(2) != self.public:
            return self.doubt("the certificate is of another session or key")
        if self.who is None:
            return None
        person = person_of(self.who, text(rec, "sig"), "session@holdfast", text(rec, "statement"), at)
        if person is None or person != m.group(3):
            return self.doubt("the certificate does not hold")
        self.person = person
        return None

    def answer(self, rec, seq):
        statement, sig = text(rec, "statement"), text(rec, "sig")
        if statement == "" or sig == "" or self.who is None:
            return None
        got = {}
        for name in ("issued", "journal", "approver"):
            found = re.findall("^%s: ([^\n]*)\n" % name, statement, re.M)
            got[name] = found[0] if len(found) == 1 else None
        at = time_of(got["issued"]) if got["issued"] else None
        if None in got.values() or at is None:
            return self.doubt("an answer's statement is none")
        person = person_of(self.who, sig, "approval@holdfast", statement, at)
        if person is None or person != got["approver"] or person != text(rec, "person"):
            return self.doubt("an answer does not hold")
        if person == self.person:
            return self.doubt("an answer is by the person who ran the session")
        m = re.fullmatch(r"(.{26}):([0-9]{1,16}):([0-9a-f]{64})", got["journal"])
        if not m or m.group(1) != self.session:
            raise Wrong("holds an answer to another journal")
        self.claims.append((int(m.group(2)), m.group(3), seq, person))
        return None

    def handover(self, rec, seq):
        statement = text(rec, "statement")
        if self.who is None:
            return None
        got = {}
        for name in ("incident", "journal", "from", "to", "held", "issued"):
            found = re.findall("^%s: ([^\n]*)\n" % name, statement, re.M)
            got[name] = found[0] if len(found) == 1 else None
        at = time_of(got["issued"]) if got["issued"] else None
        if None in got.values() or at is None or not statement.startswith("holdfast-handover-v1\n"):
            return self.doubt("a handover's statement is none")
        if [got[n] for n in ("incident", "from", "to", "held")] != [text(rec, n) for n in ("name", "person", "to", "held")]:
            return self.doubt("a handover's record says something else")
        person = person_of(self.who, text(rec, "signature"), "handover@holdfast", statement, at)
        if person is None or person != got["to"]:
            return self.doubt("a handover does not hold")
        if person == self.person:
            return self.doubt("a handover is by the person who ran the session")
        m = re.fullmatch(r"(.{26}):([0-9]{1,16}):([0-9a-f]{64})", got["journal"])
        if not m or m.group(1) != self.session:
            raise Wrong("holds a handover of another journal")
        self.claims.append((int(m.group(2)), m.group(3), seq, person))
        return None

    def signature(self, line, seq):
        """Its form; whether it holds is asked of the last one, which covers every byte before it."""
        if not SIGNED.match(line):
            raise Wrong("is not signed by the session's key")
        self.signed = (line, seq)

    def last_signature_holds(self):
        m = SIGNED.match(self.signed[0]) if self.signed else None
        return not m or signer(m.group(2).decode(), "checkpoint@holdfast", m.group(1)) == self.key

    def record(self, line, seq):
        kind, rec = parse(line)
        if self.closed:
            raise Wrong("stands after the close")
        if (kind == "open") != (seq == 0):
            raise Wrong("is an open" if seq else "is no open")
        step = json.dumps([rec[k] for k in ("plan", "step") if k in rec], sort_keys=True)
        if kind == "open":
            self.open(rec)
        elif kind == "cert":
            self.cert(rec)
        elif kind in ("approval", "denial"):
            self.answer(rec, seq)
        elif kind == "incident" and text(rec, "action") == "handover" and rec.get("sig", self) is self:
            self.handover(rec, seq)
        elif kind in ("close", "checkpoint") or rec.get("sig", self) is not self:
            self.closed = kind == "close"
            self.signature(line, seq)
        elif kind == "begin":
            self.begun[step] = self.begun.get(step, 0) + 1
        elif kind == "outcome":
            if self.begun.get(step, 0) < 1:
                raise Wrong("is an outcome without a begin")
            self.begun[step] -= 1
        elif kind == "degraded":
            if self.part <= 0:
                raise Wrong("says degraded, but its file continues none")
            for pair in rec.get("begun") if isinstance(rec.get("begun"), list) else []:
                key = json.dumps(pair, sort_keys=True)
                self.begun[key] = self.begun.get(key, 0) + 1


def is_damage(line):
    """What a crash, and nobody's signature, can explain."""
    if b"\0" in line:
        return True
    if SIG in line or head_of(line) == "close":
        return False
    try:
        parse(line)
    except Wrong:
        return True
    return False


def judge(data, who, live=False):
    """(code, number of the record it is about, sentence)."""
    parts = data.split(b"\n")
    lines, tail = parts[:-1], parts[-1]
    j, leaf = Journal(who), "0" * 64
    chain = damage = None
    for i, line in enumerate(lines):  # the chain first, over bytes alone
        start = b'{"prev":"%s","seq":%d,' % (leaf.encode(), i)
        if len(line) > LINE_MAX or len(line) <= len(start) or not line.startswith(start):
            chain = i
            damage = len(line) <= LINE_MAX and i == len(lines) - 1 and not tail and i > 0 and is_damage(line) and head_of(lines[i - 1]) != "close"
            break
        leaf = hashlib.sha256(b"\0" + line).hexdigest()
        j.leaves.append(leaf)
    if chain is not None:
        if damage and not live:
            return CRASH, chain, "the last line is damaged"
        return TAMPERED, chain, "the chain breaks"
    if len(tail) > LINE_MAX:
        return TAMPERED, len(lines), "a line is too long"
    for i, line in enumerate(lines):
        try:
            j.record(line, i)
        except Wrong as e:
            last = i == len(lines) - 1 and not tail and i > 0 and not j.closed
            try:
                parse(line)
            except Wrong:
                if last and is_damage(line) and j.last_signature_holds():
                    return CRASH, i, "the last line is damaged: it %s" % e
            return TAMPERED, i, "record %d %s" % (i, e)
    if not j.last_signature_holds():
        return TAMPERED, j.signed[1], "record %d is not signed by the session's key" % j.signed[1]
    if tail and j.closed:
        return TAMPERED, len(lines), "bytes stand after the close"
    for seq, want, at, person in j.claims:
        if j.part == 0 and (seq >= at or j.leaves[seq] != want):
            return TAMPERED, seq, "%s signed another record" % person
    unknown = sum(j.begun.values())
    if not j.closed:
        if live:
            return OPEN, 0, "live"
        if not lines or tail or unknown:
            return CRASH, 0, "crash tail"
        return OPEN, 0, "never sealed"
    if j.distrust or who is None or not j.has_cert:
        return UNTRUSTED, 0, "trust not met: %s" % (j.distrust or "nobody vouches for the key")
    return SEALED, 0, "sealed and trusted by %s" % j.person


def main(argv):
    who = None
    if len(argv) > 1 and argv[0] == "--operators":
        who, argv = operators(argv[1]), argv[2:]
    worst = SEALED
    for file in argv:
        try:
            with open(file, "rb") as f:
                try:
                    fcntl.flock(f, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    live = False
                except BlockingIOError:
                    live = True
                code, at, sentence = judge(f.read(os.fstat(f.fileno()).st_size), who, live)
        except OSError as e:
            code, at, sentence = IO, 0, str(e)
        print("%s: %d [%d] %s" % (file, code, at, sentence))
        if RANK.index(code) > RANK.index(worst):
            worst = code
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
