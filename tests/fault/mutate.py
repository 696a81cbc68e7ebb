"""Everything one can do to the bytes of a sealed journal without its keys, as (name, bytes)."""
import hashlib
import json
import random
import re
import subprocess
import tempfile


def rechain(lines):
    """prev and seq made right again; signatures cannot be."""
    leaf, out = "0" * 64, []
    for i, line in enumerate(lines):
        line = re.sub(rb'^\{"prev":"[0-9a-f]*","seq":[0-9]+,', b'{"prev":"%s","seq":%d,' % (leaf.encode(), i), line)
        out.append(line)
        leaf = hashlib.sha256(b"\0" + line).hexdigest()
    return b"".join(x + b"\n" for x in out)


def join(lines):
    return b"".join(x + b"\n" for x in lines)


def bytewise(a, every):
    """Per byte: each bit flipped (one, where it is thinned out), cut there, one byte more, one less.
    `every` thins the offsets out."""
    for i in range(0, len(a), every):
        for bit in range(8) if every == 1 else [i // every % 8]:
            yield "bit %d of byte %d" % (bit, i), a[:i] + bytes([a[i] ^ (1 << bit)]) + a[i + 1:]
        yield "cut at %d" % i, a[:i]
        yield "a byte more at %d" % i, a[:i] + b"x" + a[i:]
        yield "a byte less at %d" % i, a[:i] + a[i + 1:]
    for i in range(0, len(a), 8 * every):
        for c in (b"\0", b"\n", b" ", b"\xff", b'"', b"\r"):
            yield "byte %d is %r" % (i, c), a[:i] + c + a[i + 1:]


def linewise(a, b, pairs):
    """Lines removed, repeated, swapped, spliced in from session b."""
    la, lb = a.split(b"\n")[:-1], b.split(b"\n")[:-1]
    n = len(la)
    for i in range(n):
        yield "without line %d" % i, join(la[:i] + la[i + 1:])
        yield "line %d twice" % i, join(la[:i + 1] + la[i:])
        yield "line %d of another" % i, join(la[:i] + [lb[i]] + la[i + 1:])
        yield "line %d of another, chained" % i, rechain(la[:i] + [lb[i]] + la[i + 1:])
        yield "the other from line %d" % i, join(la[:i] + lb[i:])
        if i < n - 1:
            yield "without line %d, chained" % i, rechain(la[:i] + la[i + 1:])
        yield "from line %d" % i, join(la[i:])
        yield "from line %d, chained" % i, rechain(la[i:])
        for at in range(0, n, 5):
            yield "line %d before %d, chained" % (i, at), rechain(la[:at] + [la[i]] + la[at:])
    for i, k in pairs(n):
        swapped = list(la)
        swapped[i], swapped[k] = swapped[k], swapped[i]
        yield "lines %d and %d swapped" % (i, k), join(swapped)
        yield "lines %d and %d swapped, chained" % (i, k), rechain(swapped)


def forms(a):
    """Forms of the same record that are not the format."""
    la = a.split(b"\n")[:-1]
    n = len(la)

    def line(i, f):
        return join(la[:i] + [f(la[i])] + la[i + 1:])

    yield "CRLF", a.replace(b"\n", b"\r\n")
    yield "BOM", b"\xef\xbb\xbf" + a
    yield "no last LF", a[:-1]
    yield "two last LFs", a + b"\n"
    yield "a space at the end", a[:-1] + b" \n"
    yield "empty", b""
    yield "line feeds", b"\n" * 30
    yield "zeros", b"\0" * 4096
    yield "all of it twice", a + a
    yield "a record after the close", rechain(la + [la[1]])
    for i in (0, 1, 4, 8, n - 2, n - 1):
        yield "upper case %d" % i, line(i, lambda x: x[:9] + x[9:73].upper() + x[73:])
        yield "seq 00 %d" % i, line(i, lambda x: x.replace(b'"seq":', b'"seq":0', 1))
        yield "seq e %d" % i, line(i, lambda x: re.sub(rb'"seq":(\d+)', rb'"seq":\1e0', x, 1))
        yield "seq 2^63 %d" % i, line(i, lambda x: re.sub(rb'"seq":(\d+)', b'"seq":9223372036854775808', x, 1))
        yield "seq -0 %d" % i, line(i, lambda x: x.replace(b'"seq":', b'"seq":-', 1))
        yield "other order %d" % i, line(i, lambda x: re.sub(rb'^\{("prev":"[^"]*"),("seq":\d+),', rb'{\2,\1,', x))
        for what, more in (("type twice", b',"type":"note"}'), ("a space", b',"x": 1}'), ("a real", b',"x":1.5}'),
                           ("2^53", b',"x":9007199254740992}'), ("-2^53", b',"x":-9007199254740992}'), ("nan", b',"x":NaN}'),
                           ("true", b',"x":tru}'), ("NUL", b',"x":"a\0b"}'), ("u0000", b',"x":"\\u0000"}'),
                           ("u0000 name", b',"x\\u0000":1}'), ("latin 1", b',"x":"\xe4"}'), ("overlong", b',"x":"\xc0\x80"}'),
                           ("surrogate bytes", b',"x":"\xed\xa0\x80"}'), ("lone surrogate", b',"x":"\\ud800"}'),
                           ("reversed surrogates", b',"x":"\\udc00\\ud800"}'), ("bad escape", b',"x":"\\x41"}'),
                           ("DEL", b',"x":"\x7f"}'), ("tab", b',"x":"\t"}'), ("deep", b',"x":' + b"[" * 100000 + b"]" * 100000 + b"}"),
                           ("64 deep", b',"x":' + b"[" * 63 + b"]" * 63 + b"}"), ("65 deep", b',"x":' + b"[" * 64 + b"]" * 64 + b"}"),
                           ("comma", b",}"), ("twice in it", b',"x":{"a":1,"a":2}}'), ("twice escaped", b',"x":{"a":1,"\\u0061":2}}'),
                           ("another object", b"}{}"), ("leading zero", b',"x":01}'), ("plus", b',"x":+1}'), ("sig null", b',"sig":null}'),
                           ("sig", b',"sig":"AAAA"}'), ("2^53 - 1", b',"x":9007199254740991}'), ("fine", b',"x":"\\ud83d\\ude00"}')):
            yield "%s in %d" % (what, i), line(i, lambda x: x[:-1] + more)
            # The same at the end of an unsealed file, where only the form says what it is.
            yield "%s in a last %d" % (what, i), rechain(la[:i] + [la[i][:-1] + more])
    long = la[1][:-1] + b',"x":"' + b"a" * (1 << 20) + b'"}'
    yield "a line too long", rechain(la[:1] + [long])
    yield "a line too long in the middle", rechain(la[:1] + [long] + la[1:])
    yield "2 MiB without LF", a + b"z" * (2 << 20)
    yield "a tail too long", join(la[:3]) + b"z" * ((1 << 20) + 1)
    yield "the longest tail", join(la[:3]) + b"z" * (1 << 20)


def signatures(a, b):
    """Signatures taken away, moved, exchanged, and people's statements changed."""
    la, lb = a.split(b"\n")[:-1], b.split(b"\n")[:-1]
    strip = [re.sub(rb',"sig":"[^"]*"', b"", x) for x in la]
    yield "no signatures", rechain(strip)
    yield "no close, no signatures", rechain(strip[:-1])
    yield "no cert", rechain([x for x in la if b'"type":"cert"' not in x])
    own = lambda x: re.search(rb'"sig":"([^"]*)"', x)
    signed = [i for i, x in enumerate(la) if own(x)]
    for i in signed:
        for k in signed:
            if i != k:
                s = own(la[k]).group(1)
                x = re.sub(rb'"sig":"[^"]*"', b'"sig":"%s"' % s, la[i])
                yield "the signature of %d in %d" % (k, i), rechain(la[:i] + [x] + la[i + 1:])
                yield "unsealed, the signature of %d in %d" % (k, i), rechain(la[:i] + [x])
        x = re.sub(rb'"sig":"[^"]*"', own(lb[i]).group(0), la[i])
        yield "another session's signature in %d" % i, rechain(la[:i] + [x])
        yield "a signature cut in %d" % i, rechain(la[:i] + [la[i].replace(b'"sig":"', b'"sig":"A', 1)])
    for i, x in enumerate(la):
        for old, new in ((b"person: alice", b"person: bob"), (b"approver: bob", b"approver: eve"), (b'"person":"bob"', b'"person":"eve"'),
                         (b"holdfast-session-v1", b"holdfast-session-v2"), (b"journal: ", b"journal: x")):
            if old in x:
                yield "%s in %d" % (new.decode(), i), rechain(la[:i] + [x.replace(old, new)])
    yield "the other's open", rechain([lb[0]] + la[1:])
    for i in range(len(la)):  # outcomes and begins that do not match
        rec = json.loads(la[i])
        if rec["type"] in ("begin", "outcome"):
            yield "another step in %d" % i, rechain(la[:i] + [la[i].replace(b'"step":', b'"step":1', 1)])
            yield "a later record first, %d" % i, rechain(la[:3] + [la[i]])


class Forger:
    """Somebody with an own key, who signs whatever he changed."""

    def __init__(self):
        self.dir = tempfile.TemporaryDirectory(prefix="hf-forger-")
        self.key = self.dir.name + "/key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self.key], check=True, stdin=subprocess.DEVNULL)
        self.public = b" ".join(open(self.key + ".pub", "rb").read().split()[:2])

    def sign(self, namespace, message):
        armor = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", self.key, "-n", namespace], check=True, input=message,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        return b"".join(armor.split(b"\n")[1:-2])

    def lines(self, lines, every=True):
        """prev, seq and the session's signatures made again; every: all of them, else the last."""
        leaf, out = "0" * 64, []
        for i, line in enumerate(lines):
            line = re.sub(rb'^\{"prev":"[0-9a-f]*","seq":[0-9]+,', b'{"prev":"%s","seq":%d,' % (leaf.encode(), i), line)
            if re.search(rb'"type":"(checkpoint|close)"', line) and (every or i == len(lines) - 1):
                line = line[:line.index(b',"sig":"')]
                line += b',"sig":"%s"}' % self.sign("checkpoint@holdfast", line)
            out.append(line)
            leaf = hashlib.sha256(b"\0" + line).hexdigest()
        return join(out)

    def cert(self, line, key):
        rec = json.loads(line)
        statement = rec["statement"].replace(key.decode(), self.public.decode())
        line = line.replace(json.dumps(rec["statement"]).encode(), json.dumps(statement).encode())
        return re.sub(rb'"sig":"[^"]*"', b'"sig":"%s"' % self.sign("session@holdfast", statement.encode()), line)


def forged(a):
    """Re-signed with another key, as far as somebody without the session's and the people's keys can."""
    f, la = Forger(), a.split(b"\n")[:-1]
    key = re.search(rb'"key":"([^"]*)"', la[0]).group(1)
    own = [la[0].replace(key, f.public)] + la[1:]
    at = next(i for i, x in enumerate(la) if b'"type":"cert"' in x)
    certified = own[:at] + [f.cert(own[at], key)] + own[at + 1:]
    for name, lines in (("", la), ("its own key in the open, ", own), ("and in a certificate of its own, ", certified)):
        yield name + "all signed again", f.lines(lines)
        yield name + "the close signed again", f.lines(lines, False)
        for i in (1, 5, 10, len(la) - 2):
            yield name + "without record %d, all signed again" % i, f.lines(lines[:i] + lines[i + 1:])
            yield name + "without record %d, the close signed again" % i, f.lines(lines[:i] + lines[i + 1:], False)


def noise(a, n, seed):
    """Random damage of several places; deterministic."""
    r = random.Random(seed)
    for k in range(n):
        x = bytearray(a)
        for _ in range(r.randint(1, 4)):
            at, size = r.randrange(len(x)), r.choice((1, 2, 8, 64, 512))
            how = r.randrange(4)
            if how == 0:
                x[at:at + size] = b"\0" * len(x[at:at + size])
            elif how == 1:
                x[at:at + size] = r.randbytes(len(x[at:at + size]))
            elif how == 2:
                del x[at:at + size]
            else:
                x[at:at] = x[:size]
        if bytes(x) != a:
            yield "noise %d" % k, bytes(x)
