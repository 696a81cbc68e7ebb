#!/usr/bin/env python3
"""fault.py [--quick]: injects faults into the journal's real writer and mutates what it wrote. After
each fault these hold:
  O1 every record that was acknowledged is in a file, also after a power cut
  O2 nothing was sent whose begin was not durable at that moment
  O3 no modified file verifies as sealed and trusted
  O4 a later start leaves the old files as they are, and makes one file
  O5 a head that a witness saw stays in the files
  O6 nothing crashes; no file that failed is synced again
and the independent checker (check.py) comes to the same verdict as the program's own. TAP on stdout;
the last line has the figures."""
import collections
import concurrent.futures
import glob
import hashlib
import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check
import mutate

BUILD = os.environ.get("HOLDFAST_BUILD", "build")
DRIVER, SHIM = BUILD + "/fault/driver", BUILD + "/fault/shim.so"
QUICK = "--quick" in sys.argv
N_FIELD = re.compile(rb'"n":([0-9]+)[,}]')
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Verifier:
    """The program's verdicts, many from one process."""

    def __init__(self):
        self.p = subprocess.Popen([DRIVER, "verify"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  errors="replace")

    def __call__(self, operators, file):
        self.p.stdin.write("%s %s\n" % (operators, file))
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        if not line:
            raise AssertionError("O6: the verifier died: %s" % self.p.wait())
        code, at, sentence = line.rstrip("\n").split(" ", 2)
        return int(code), int(at), sentence


def run(args, fault, dirs_root, log, limit=None, clock=None):
    env = dict(os.environ, LD_PRELOAD=SHIM, FAULT_DIR=dirs_root, FAULT_LOG=log)
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    if fault:
        env["FAULT"] = fault
    if limit:
        env["FAULT_LIMIT"] = str(limit)
    if clock:
        env["FAULT_CLOCK"] = clock
    done = subprocess.run([DRIVER] + args, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=120)
    if done.returncode not in (0, -signal.SIGKILL) or (done.returncode < 0 and fault and "kill" not in fault and "torn" not in fault):
        raise AssertionError("O6: the writer ended with %d: %s" % (done.returncode, done.stderr.decode(errors="replace")[-400:]))


class Log:
    """What the driver was told and what the shim saw, in order."""

    def __init__(self, file):
        self.acked, self.heads, self.durable, self.entries, self.failed = set(), [], {}, set(), set()
        self.begun = []  # (n, durable sizes then)
        self.closed_dirs, self.errors = set(), []
        new = set()
        for line in open(file, errors="replace"):
            what, _, rest = line.rstrip("\n").partition(" ")
            path = rest.rpartition(" ")[0]
            size = rest.rpartition(" ")[2]
            if what == "A":
                self.acked.add(int(path))
            elif what == "B":
                self.acked.add(int(path))
                self.begun.append((int(path), {p: self.durable.get(p, 0) for p in self.entries}))
            elif what == "H":
                self.heads.append(path)
            elif what == "E":
                self.errors.append(path)
            elif what == "C":
                new.add(path)
            elif what == "D":
                self.entries |= {p for p in new if os.path.dirname(p) == path}
            elif what == "U":
                self.entries.discard(path)
                self.durable.pop(path, None)
                new.discard(path)
            elif what in "SF":
                # A directory in which two of them lie is synced for the second one, too.
                if path in self.failed and path.endswith(".jsonl"):
                    raise AssertionError("O6: %s was synced again after it failed" % path)
                if what == "F":
                    self.failed.add(path)
                elif what == "S":
                    self.durable[path] = int(size)


def numbers(lines):
    """Numbers of the driver's records in whole lines that chain."""
    out, leaf, leaves = set(), "0" * 64, []
    for i, line in enumerate(lines):
        if not line.startswith(b'{"prev":"%s","seq":%d,' % (leaf.encode(), i)):
            break
        leaf = hashlib.sha256(b"\0" + line).hexdigest()
        leaves.append(leaf)
        m = N_FIELD.search(line)
        if m:
            out.add(int(m.group(1)))
    return out, leaves


def tails(data, durable, r):
    """What a power cut can leave of a file of which `durable` bytes were synced."""
    rest = data[durable:]
    yield data[:durable]
    if not rest:
        return
    yield data[:durable] + rest[:r.randrange(len(rest))]
    yield data[:durable] + b"\0" * len(rest)
    yield data[:durable] + bytes(c for c in r.randbytes(len(rest)) if c != 10)
    sectors = bytearray(data)
    for at in range(durable - durable % 512, len(data), 512):
        if r.random() < 0.5:
            start = max(at, durable)
            sectors[start:at + 512] = b"\0" * len(sectors[start:at + 512])
    yield bytes(sectors)


class Case:
    """One writer under one fault, in directories of its own."""

    def __init__(self, root, dirs, is_there=False):
        self.root = root
        self.dirs = [root + "/j/%d" % i for i in range(dirs)]
        self.operators, self.log = root + "/operators", root + "/log"
        os.makedirs(root + "/j", exist_ok=is_there)

    def files(self):
        return sorted(f for d in self.dirs for f in glob.glob(d + "/*.jsonl"))

    def write(self, fault, limit=None, clock=None):
        run(["write", self.operators] + self.dirs, fault, self.root + "/j", self.log, limit, clock)

    def judge(self, verify, allowed=(0, 2, 3)):
        log = Log(self.log)
        contents = {f: open(f, "rb").read() for f in self.files()}
        self.held(log, contents, "")
        r = random.Random(len(contents) + sum(map(len, contents.values())))
        who = check.operators(self.operators)
        for f, data in contents.items():
            self.agree(verify, who, f, allowed)
        for variant in range(5):  # a power cut now
            after = {}
            for f, data in contents.items():
                if f in log.entries:
                    each = list(tails(data, log.durable.get(f, 0), r))
                    after[f] = each[min(variant, len(each) - 1)]
            self.held(log, after, "after a power cut: ")
            for f, data in after.items():
                if data == contents[f]:
                    continue
                cut = self.root + "/cut.jsonl"
                open(cut, "wb").write(data)
                self.agree(verify, who, cut, allowed if variant < 4 else (0, 1, 2, 3))
        for n, sizes in log.begun:
            if not any(n in numbers(contents.get(f, b"")[:size].split(b"\n")[:-1])[0] for f, size in sizes.items()):
                raise AssertionError("O2: begin %d was sent and not durable" % n)

    def held(self, log, contents, when):
        have, leaves = set(), set()
        for data in contents.values():
            n, l = numbers(data.split(b"\n")[:-1])
            have |= n
            leaves |= set(l)
        if log.acked - have:
            raise AssertionError("O1: %sacknowledged and gone: %s" % (when, sorted(log.acked - have)))
        for head in log.heads:
            if head.split(":")[2] not in leaves:
                raise AssertionError("O5: %sthe witnessed head %s is gone" % (when, head))

    def agree(self, verify, who, f, allowed):
        code, _, sentence = verify(self.operators, f)
        mine = check.judge(open(f, "rb").read(), who)
        if code != mine[0]:
            raise AssertionError("the checker says %d (%s), the program %d (%s)" % (mine[0], mine[2], code, sentence))
        if code not in allowed:
            raise AssertionError("%s verifies as %d: %s" % (f, code, sentence))

    def recover(self):
        before = {f: open(f, "rb").read() for f in self.files()}
        for again in (1, 2):
            run(["recover"] + self.dirs, None, self.root + "/j", self.root + "/log2")
            now = {f: open(f, "rb").read() for f in self.files()}
            if len(now) != len(before) + again:
                raise AssertionError("O4: %d starts made %d files" % (again, len(now) - len(before)))
            for f, data in before.items():
                if now[f] != data:
                    raise AssertionError("O4: %s was changed by a later start" % f)


def one(spec):
    """One fault of the sweep; returns None or what broke."""
    fault, dirs, limit = spec
    verify = worker_verifier()
    root = tempfile.mkdtemp(prefix="hf-fault-", dir=SCRATCH)
    try:
        c = Case(root, dirs)
        c.write(fault, limit)
        if os.path.exists(c.operators):
            c.judge(verify)
        c.recover()
        return None
    except AssertionError as e:
        return "%s, %d director%s%s: %s" % (fault, dirs, "y" if dirs == 1 else "ies", ", limit %d" % limit if limit else "", e)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def mutated(item):
    """A batch of mutations: every verdict agrees, none is sealed. [what broke]."""
    operators, pieces = item
    verify, who, broken = worker_verifier(), check.operators(operators), []
    with tempfile.NamedTemporaryFile(prefix="hf-fault-", dir=SCRATCH) as f:
        for name, data in pieces:
            f.seek(0)
            f.truncate()
            f.write(data)
            f.flush()
            code, _, sentence = verify(operators, f.name)
            mine = check.judge(data, who)
            if code == 0:
                broken.append("O3: %s: verifies as %s" % (name, sentence))
            if code != mine[0]:
                broken.append("%s: the checker says %d (%s), the program %d (%s)" % (name, mine[0], mine[2], code, sentence))
    return broken


def recovery(spec):
    """A session was killed; the next start is killed too, or an error meets it, and the one after that is not."""
    fault, limit = spec
    verify = worker_verifier()
    root = tempfile.mkdtemp(prefix="hf-fault-", dir=SCRATCH)
    try:
        c = Case(root, 1)
        c.write("any:40:kill")
        before = {f: open(f, "rb").read() for f in c.files()}
        run(["recover"] + c.dirs, fault, root + "/j", root + "/log2", limit)
        left = {f: open(f, "rb").read() for f in c.files()}
        if len(left) > len(before) + 2:
            raise AssertionError("O4: one start made %d files" % (len(left) - len(before)))
        for f, data in left.items():
            if before.get(f, data) != data:
                raise AssertionError("O4: %s was changed by a start that was killed" % f)
            c.agree(verify, check.operators(c.operators), f, (0, 2, 3, 4))
        c.recover()
        return None
    except AssertionError as e:
        return "recovery, %s: %s" % (fault, e)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def clocks(spec):
    """The clock jumps in the middle: the order is by number, the record says so, and it is sealed all the same."""
    n, seconds = spec
    verify = worker_verifier()
    root = tempfile.mkdtemp(prefix="hf-fault-", dir=SCRATCH)
    try:
        c = Case(root, 1)
        c.write(None, clock="%d:%d" % (n, seconds))
        c.judge(verify, (0,))
        data = open(c.files()[0], "rb").read()
        steps = [int(x) for x in re.findall(rb'"type":"clock","step_ms":(-?[0-9]+)', data)]
        # The offset is first looked at when the file is open: what was set before that is no step.
        if n > 5 and not any(abs(s - seconds * 1000) < 2000 for s in steps):
            raise AssertionError("no clock record says %d s: %s" % (seconds, steps))
        return None
    except AssertionError as e:
        return "clock set by %d s at look %d: %s" % (seconds, n, e)
    finally:
        shutil.rmtree(root, ignore_errors=True)


VERIFY = []


def worker_verifier():
    if not VERIFY:
        VERIFY.append(Verifier())
    return VERIFY[0]


def calls(dirs):
    """How often the story makes each call; the sweep goes over these."""
    root = tempfile.mkdtemp(prefix="hf-fault-", dir=SCRATCH)
    try:
        c = Case(root, dirs)
        c.write(None)
        count = collections.Counter(l.split()[1] for l in open(c.log, errors="replace") if l.startswith("N "))
        sealed = [open(f, "rb").read() for f in c.files()]
        return count, sealed[0], open(c.operators).read()
    finally:
        shutil.rmtree(root)


ACTIONS = {
    "write": ["EIO", "ENOSPC", "EROFS", "short", "EINTR", "torn", "EDQUOT", "short:1000", "EINTR:50", "ENOSPC:5", "EIO:1000"],
    "fdatasync": ["EIO", "ENOSPC", "EIO:2", "EIO:1000", "ESTALE"],
    "fsync": ["EIO", "EIO:1000", "ENOSPC:3"],
    "openat": ["EIO", "ENOSPC", "EINTR", "EMFILE", "EROFS", "EROFS:1000"],
    "flock": ["EINTR:3", "EWOULDBLOCK:2", "EDEADLK"],
    "fallocate": ["ENOSPC", "ENOSPC:1000", "EOPNOTSUPP:1000", "EINTR", "EIO"],
    "fchmod": ["EIO"],
    "unlinkat": ["EIO"],
    "close": ["EIO", "ENOSPC", "EDQUOT:1000"],
}


def sweep(kill, pick):
    specs = []
    for dirs in (1, 2):
        count, _, _ = calls(dirs)
        total = sum(count.values())
        if kill:
            specs += [("any:%d:%s" % (n, how), dirs, None) for n in range(1, total + 3) for how in ("kill", "killafter")]
            continue
        for call, actions in ACTIONS.items():
            for what in actions:
                name, _, times = what.partition(":")
                for n in range(1, count.get(call, 0) + 2):
                    specs.append(("%s:%d:%s:%s" % (call, n, name, times or 1), dirs, None))
        # A limit on the file's size is an error of write(2) at any offset, in the middle of a record too.
        specs += [(None, dirs, at) for at in range(100, 7000, 97)]
    return [s for i, s in enumerate(specs) if i % pick == 0]


def batches(pieces, operators, size=200):
    it = iter(pieces)
    while True:
        some = list(itertools.islice(it, size))
        if not some:
            return
        yield operators, some


class Report:
    def __init__(self):
        self.tests = self.bad = 0

    def __call__(self, name, broken):
        self.tests += 1
        for b in broken[:10]:
            print("# %s" % b)
        if broken:
            self.bad += 1
        print("%s %d - %s" % ("not ok" if broken else "ok", self.tests, name), flush=True)


def readers_while_writing(root, seconds):
    """verify and the checker over a file that grows: live, and never a false alarm."""
    d = root + "/pour"
    p = subprocess.Popen([DRIVER, "pour", "2000000", d], stdout=subprocess.DEVNULL)
    verify, n, broken, end = Verifier(), 0, [], time.monotonic() + 20
    stop = None
    try:
        while not glob.glob(d + "/*.jsonl") and time.monotonic() < end:
            time.sleep(0.01)
        f = glob.glob(d + "/*.jsonl")[0]
        stop = time.monotonic() + seconds
        while p.poll() is None and time.monotonic() < stop:
            code, _, sentence = verify("-", f)
            n += 1
            if code not in (3, 4) or (code == 4 and p.poll() is None):
                broken.append("while it is written: %d %s" % (code, sentence))
    finally:
        p.kill()
        p.wait()
    if n == 0:
        broken.append("nothing was read while it was written")
    return n, broken


def system_calls(root):
    """How many system calls the story makes, and which is the first that touches its directories."""
    c = Case(root + "/strace", 1)
    trace = root + "/strace.out"
    subprocess.run(["strace", "-o", trace, DRIVER, "write", c.operators] + c.dirs, env=dict(os.environ, FAULT_LOG=c.log),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=120)
    lines = [l for l in open(trace, errors="replace") if not l.startswith(("+", "-"))]
    return next(i for i, l in enumerate(lines, 1) if c.operators in l and "execve" not in l), len(lines)


def strace_kill(n):
    """Killed by strace at that system call, in whatever the C library makes of the writer."""
    root = tempfile.mkdtemp(prefix="hf-fault-", dir=SCRATCH)
    try:
        c = Case(root, 1)
        subprocess.run(["strace", "-o", "/dev/null", "-e", "trace=all", "-e", "inject=all:signal=KILL:when=%d" % n, DRIVER, "write", c.operators] + c.dirs,
                       env=dict(os.environ, FAULT_LOG=c.log), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
        if os.path.exists(c.log):
            c.held(Log(c.log), {f: open(f, "rb").read() for f in c.files()}, "")
        c.recover()
        return None
    except AssertionError as e:
        return "strace, call %d: %s" % (n, e)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def signals(root, times):
    """Stopped, woken, and ended by signals at any moment: a crash tail or an open file, never more."""
    broken, verify, r = [], Verifier(), random.Random(9)
    for n in range(times):
        d = root + "/signals%d" % n
        p = subprocess.Popen([DRIVER, "pour", "2000000", d], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not glob.glob(d + "/*.jsonl") and p.poll() is None and time.monotonic() < end:
            time.sleep(0.001)
        time.sleep(r.random() / 20)
        p.send_signal(signal.SIGSTOP)
        code = [verify("-", f)[0] for f in glob.glob(d + "/*.jsonl")]
        p.send_signal(signal.SIGCONT)
        p.send_signal(r.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)))
        p.wait()
        code += [verify("-", f)[0] for f in glob.glob(d + "/*.jsonl")]
        if not code or [x for x in code if x not in (2, 3)]:
            broken.append("signal %d: verdicts %s" % (n, code))
        shutil.rmtree(d, ignore_errors=True)
    return broken


def stopped(p):
    """The writer stopped itself before or after a call; False when it has ended."""
    _, status = os.waitpid(p.pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return True
    p.returncode = os.waitstatus_to_exitcode(status)
    return False


def start_stopping(case, fault):
    env = dict(os.environ, LD_PRELOAD=SHIM, FAULT_DIR=case.root + "/j", FAULT_LOG=case.log, FAULT=fault)
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return subprocess.Popen([DRIVER, "write", case.operators] + case.dirs, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def meddle(how, f):
    """What somebody else does to the file while it is written. True: none of its bytes is lost."""
    data = open(f, "rb").read()
    if how == "cut":
        os.truncate(f, max(0, len(data) - 40))
    elif how == "emptied":
        os.truncate(f, 0)
    elif how == "longer":
        open(f, "ab").write(b"x\n")
    elif how == "a line again":
        open(f, "ab").write(data.split(b"\n")[-2] + b"\n" if data.count(b"\n") > 1 else b"{}\n")
    elif how == "removed":
        os.unlink(f)
    elif how == "renamed":
        os.rename(f, f + ".1")
    elif how == "replaced":
        os.unlink(f)
        open(f, "wb").write(data)
    elif how == "a byte changed":
        at = len(data) // 2
        with open(f, "r+b") as out:
            out.seek(at)
            out.write(bytes([data[at] ^ 1]))
    elif how == "its directory renamed":
        os.rename(os.path.dirname(f), os.path.dirname(f) + ".away")
        os.makedirs(os.path.dirname(f), 0o700)


MEDDLERS = ["cut", "emptied", "longer", "a line again", "removed", "renamed", "replaced", "a byte changed", "its directory renamed"]


def meddled(spec):
    """Somebody changes the file under the writer: what is acknowledged from the next record on is kept elsewhere,
    and a file that was changed is never called sealed."""
    how, n, dirs = spec
    verify = worker_verifier()
    root = tempfile.mkdtemp(prefix="hf-fault-", dir=SCRATCH)
    try:
        c = Case(root, dirs)
        p = start_stopping(c, "any:%d:stop" % n)
        was = None
        while stopped(p):
            if was is None and c.files() and os.path.getsize(c.files()[0]) > 0:
                before = Log(c.log)
                was = c.files()[0]
                meddle(how, was)
            p.send_signal(signal.SIGCONT)
        if p.returncode != 0:
            raise AssertionError("O6: the writer ended with %d" % p.returncode)
        if was is None:
            return None
        log, have = Log(c.log), set()
        everywhere = [f for top, _, names in os.walk(root + "/j") for f in (top + "/" + x for x in names) if ".jsonl" in f]
        contents = {f: open(f, "rb").read() for f in everywhere}
        for f, data in contents.items():
            # Wherever it stands: behind a byte that was changed the chain is broken, and verify says so below.
            have |= {int(x) for x in N_FIELD.findall(data)}
        # What was written and not yet acknowledged was where the meddler was: the records of one sync, of which the
        # story has four at most.
        limit = max(before.acked, default=-1) + 4
        lost = sorted(x for x in log.acked - have if x > limit)
        if lost:
            raise AssertionError("O1: acknowledged after the file was changed, and gone: %s" % lost)
        who = check.operators(c.operators)
        for f in c.files():
            c.agree(verify, who, f, (0, 1, 2, 3, 4))
            if f == was and how not in ("removed", "renamed", "its directory renamed") and verify(c.operators, f)[0] == 0 and (
                    len(c.files()) > 1 or how == "a byte changed"):
                raise AssertionError("O3: %s verifies as sealed, and was changed" % f)
        c.recover()
        return None
    except AssertionError as e:
        return "%s at call %d, %d director%s: %s" % (how, n, dirs, "y" if dirs == 1 else "ies", e)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def crowd(root, sessions):
    """So many sessions begin at once in one directory: a file each, every record in it, and one order of them all."""
    d, broken, verify, r = root + "/crowd", [], Verifier(), random.Random(3)
    all_of_them = [subprocess.Popen([DRIVER, "pour", "50", d], stdout=subprocess.DEVNULL) for _ in range(sessions)]
    codes = [p.wait() for p in all_of_them]
    files = sorted(glob.glob(d + "/*"))
    if any(codes) or len(files) != sessions:
        broken.append("%d sessions left %d files, %d of them failed" % (sessions, len(files), sum(1 for x in codes if x)))
    for f in files:
        code, _, sentence = verify("-", f)
        have = numbers(open(f, "rb").read().split(b"\n")[:-1])[0]
        if code != 4 or have != set(range(50)):
            broken.append("%s: %d of 50 records, verifies as %d %s" % (f, len(have), code, sentence))
    orders = []
    for _ in range(3):
        r.shuffle(files)
        done = subprocess.run([DRIVER, "merge"] + files, stdout=subprocess.PIPE, check=True)
        orders.append(done.stdout)
    if len(set(orders)) != 1:
        broken.append("the order of all records depends on the order of the files' names")
    last = collections.Counter()
    for line in orders[0].decode().splitlines():
        session, _, seq = line.partition(" ")
        if int(seq) != last[session]:
            broken.append("record %s of %s follows %d" % (seq, session, last[session]))
            break
        last[session] += 1
    if len(last) != sessions or len(set(last.values())) != 1:
        broken.append("merged: %d sessions of %s records" % (len(last), set(last.values())))
    return broken


class Image:
    """A file system in a file, behind a loop device: what the device was told to write is in the file, and
    nothing else is. A copy of it is the disk after a power cut."""

    def __init__(self, root, kind):
        self.root, self.img, self.at = root, root + "/img", root + "/j"
        os.makedirs(self.at, exist_ok=True)
        with open(self.img, "wb") as out:
            out.truncate(8 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-O", kind, "-E", "lazy_itable_init=0,lazy_journal_init=0", self.img], check=True)
        subprocess.run(["mount", "-o", "loop,commit=300", self.img, self.at], check=True)

    def close(self):
        subprocess.run(["umount", self.at], check=False, stderr=subprocess.DEVNULL)

    def after_cut(self, data):
        """The journals in a copy of the disk, after the file system recovered."""
        cut, at = self.root + "/cut.img", self.root + "/cut"
        os.makedirs(at, exist_ok=True)
        open(cut, "wb").write(data)
        # 1 and 2: it mended something, which is its work.
        if subprocess.run(["fsck.ext4", "-fp", cut], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode > 2 and \
                subprocess.run(["fsck.ext4", "-fy", cut], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode > 2:
            raise AssertionError("the file system could not be mended")
        subprocess.run(["mount", "-o", "loop", cut, at], check=True)
        try:
            return {os.path.relpath(f, at): open(f, "rb").read() for f in glob.glob(at + "/*/*.jsonl")}
        finally:
            subprocess.run(["umount", at], check=True)


def cuts_between(old, new, r, n):
    """What was being written: any of the changed blocks may have reached the disk."""
    size = 4096
    changed = [at for at in range(0, len(new), size) if old[at:at + size] != new[at:at + size]]
    for _ in range(n if len(changed) > 1 else 0):
        data = bytearray(old)
        for at in changed:
            if r.random() < 0.5:
                data[at:at + size] = new[at:at + size]
        yield bytes(data)


def power_cut(root, kind, every, between):
    """The power goes before or after any call of the writer, and between the blocks of one: the file system
    recovers, what was acknowledged is there, and what is left is no tampering. `between`: only where the file
    system's own log has checksums, as any of the blocks may come first."""
    case_root, r = tempfile.mkdtemp(dir=root), random.Random(5)
    image, known, cuts, broken = Image(case_root, kind), {}, 0, []
    verify = Verifier()
    try:
        c = Case(case_root, 1, is_there=True)
        p = start_stopping(c, "any:1:stop:1000000")
        old, k = None, 0
        while stopped(p):
            k += 1
            data = open(image.img, "rb").read()
            if os.path.exists(c.log) and (k % every == 0 or data != old):
                log = Log(c.log)
                # O1 holds for a cut between two calls; in the middle of one, too: it was not acknowledged.
                for each in [data] + (list(cuts_between(old, data, r, between)) if old is not None and data != old else []):
                    cuts += 1
                    key = hashlib.sha256(each).digest()
                    if key not in known:
                        known[key] = image.after_cut(each)
                        for name, content in known[key].items():
                            f = case_root + "/one.jsonl"
                            open(f, "wb").write(content)
                            if os.path.exists(c.operators):
                                c.agree(verify, check.operators(c.operators), f, (0, 2, 3))
                    c.held(log, known[key], "after a real power cut at stop %d: " % k)
            old = data
            p.send_signal(signal.SIGCONT)
        if p.returncode != 0:
            broken.append("O6: the writer ended with %d" % p.returncode)
    except AssertionError as e:
        broken.append("%s: %s" % (kind, e))
        p.kill()
        p.wait()
    finally:
        image.close()
    return cuts, broken


def restarts(root, times):
    """So many starts leave so many files and nothing else."""
    d = root + "/restarts"
    for _ in range(times):
        run(["recover", d], None, d, root + "/log3")
    left = os.listdir(d)
    bad = [x for x in left if not x.endswith(".jsonl")]
    return ([] if len(left) == times else ["%d starts left %d files" % (times, len(left))]) + ["litter: %s" % x for x in bad]


def huge(root):
    """A file of 1 GiB without a line feed: said quickly, and not by reading it into memory."""
    f = root + "/huge.jsonl"
    with open(f, "wb") as out:
        out.truncate(1 << 30)
    verify = Verifier()
    code, _, sentence = verify("-", f)
    peak = int(re.search(r"VmHWM:\s+(\d+)", open("/proc/%d/status" % verify.p.pid).read()).group(1))
    os.unlink(f)
    return ([] if code == 1 else ["1 GiB of zeros verifies as %d %s" % (code, sentence)]) + (
        [] if peak < 256 << 10 else ["it took %d kB" % peak])


def full_disk(root, offsets):
    """A real file system of 5 MB that others fill while the session runs."""
    broken = []
    script = """set -e
mount -t tmpfs -o size=6m none "$1"; mkdir -m 700 "$1/0"; chmod 755 "$1"
head -c "$2" /dev/zero >"$1/filler" 2>/dev/null || :
FAULT_LOG=$3 "$4" write "$5" "$1/0"
rm -f "$1/filler"; FAULT_LOG=/dev/null "$4" recover "$1/0"; cp "$1"/0/*.jsonl "$6/" """
    for filled in offsets:
        d = tempfile.mkdtemp(dir=root)
        for x in ("m", "out"):
            os.mkdir(d + "/" + x)
        flags = ["-m"] if os.geteuid() == 0 else ["-rm"]
        done = subprocess.run(["unshare"] + flags + ["sh", "-c", script, "sh", d + "/m", str(filled), d + "/log", DRIVER, d + "/ops", d + "/out"],
                              stderr=subprocess.PIPE, timeout=120)
        if done.returncode != 0:
            broken.append("disk with %d bytes taken: %s" % (filled, done.stderr.decode(errors="replace")[-300:]))
            continue
        files = {f: open(f, "rb").read() for f in glob.glob(d + "/out/*.jsonl")}
        log = Log(d + "/log")
        try:
            Case(d + "/c", 1).held(log, files, "disk with %d bytes taken: " % filled)
        except AssertionError as e:
            broken.append(str(e))
    return broken


def main():
    began, report = time.monotonic(), Report()
    root = tempfile.mkdtemp(prefix="hf-fault-", dir=SCRATCH)
    figures = collections.Counter()
    workers = max(2, min(4, os.cpu_count() or 2))
    try:
        _, a, operators = calls(1)
        who = root + "/operators"
        open(who, "w").write(operators)
        _, b, _ = calls(1)
        with concurrent.futures.ProcessPoolExecutor(workers) as pool:
            for name, key, specs in (("killed before and after each call", "kills", sweep(True, 9 if QUICK else 1)),
                                     ("each call fails, is cut short or interrupted", "errors", sweep(False, 31 if QUICK else 2))):
                broken = [x for x in pool.map(one, specs, chunksize=8) if x]
                figures[key] += len(specs)
                report("%s: %d faults" % (name, len(specs)), broken)
            specs = [(("any:%d:%s" % (n, how)), None) for n in range(1, 60) for how in ("kill", "killafter")]
            specs += [("%s:1:%s:%d" % x, None) for x in (("write", "EIO", 1), ("fdatasync", "EIO", 1), ("fsync", "EIO", 1), ("openat", "EMFILE", 1))]
            specs = specs[::11] if QUICK else specs
            figures["kills"] += len(specs)
            report("the next start is killed too: %d faults" % len(specs), [x for x in pool.map(recovery, specs, chunksize=4) if x])
            specs = [(n, s) for n in (2, 8, 11, 20, 33) for s in (-3600, 3600, 315360000, -1700000000)][:: 5 if QUICK else 1]
            figures["clocks"] += len(specs)
            report("the clock is set, back and forth and far: %d times" % len(specs), [x for x in pool.map(clocks, specs) if x])
            specs = [(how, n, dirs) for dirs in (1, 2) for how in MEDDLERS for n in range(6, 130, 31 if QUICK else 5)][:: 5 if QUICK else 1]
            figures["meddled"] += len(specs)
            report("changed, moved, replaced by somebody else while it is written: %d times" % len(specs), [x for x in pool.map(meddled, specs, chunksize=4) if x])
            pairs = (lambda n: [(i, i + 1) for i in range(n - 1)]) if QUICK else (lambda n: list(itertools.combinations(range(n), 2)))
            r = random.Random(7)
            for name, pieces in (("bytes flipped, cut, added, removed", mutate.bytewise(a, 29 if QUICK else 1)),
                                 ("lines removed, repeated, swapped, spliced, rechained", mutate.linewise(a, b, pairs)),
                                 ("forms that are not the format", mutate.forms(a)),
                                 ("signatures removed, moved, exchanged", mutate.signatures(a, b)),
                                 ("signed again with another key", mutate.forged(a)),
                                 ("noise", mutate.noise(a, 100 if QUICK else 3000, r.random()))):
                some = [x for x in pieces if x[1] != a]
                if QUICK and len(some) > 700:
                    some = some[::len(some) // 700 + 1]
                broken = [x for part in pool.map(mutated, batches(some, who, 25)) for x in part]
                figures["mutations"] += len(some)
                report("%s: %d mutations, two verifiers agree" % (name, len(some)), broken)
        n, broken = readers_while_writing(root, 1 if QUICK else 4)
        figures["reads"] += n
        report("readers while it is written: no false alarm", broken)
        done = subprocess.run([DRIVER, "twice", root + "/twice"])
        report("a fork of the writer is refused", [] if done.returncode == 0 else ["exit %d" % done.returncode])
        times = 2 if QUICK else 60
        figures["kills"] += times
        report("stopped, woken and ended by signals: %d times" % times, signals(root, times))
        if not QUICK:
            first, last = system_calls(root)
            with concurrent.futures.ProcessPoolExecutor(workers) as pool:
                broken = [x for x in pool.map(strace_kill, range(first, last + 2), chunksize=4) if x]
            figures["kills"] += last + 2 - first
            report("killed at every system call from %d to %d" % (first, last + 1), broken)
            report("100 sessions at once: 100 files, one order", crowd(root, 100))
            for kind, between in (("metadata_csum", 2), ("^metadata_csum", 0)):
                n, broken = power_cut(root, kind, 5, between)
                figures["cuts"] += n
                report("the power of a real disk is cut, ext4 with %s: %d times" % (kind, n), broken)
            report("500 starts, 500 files", restarts(root, 500))
            report("1 GiB without a line feed", huge(root))
            offsets = list(range(0, 6 << 20, 512 << 10)) + [(6 << 20) - k * 4096 for k in range(1, 12)]
            broken = full_disk(root, offsets)
            figures["errors"] += len(offsets)
            report("a real disk that is full: %d fillings" % len(offsets), broken)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print("1..%d" % report.tests)
    print("# fault: %d kills, %d errors injected, %d clocks set, %d times meddled with, %d power cuts, %d mutations judged alike by two verifiers, %d reads while writing; %d of %d groups broken; %.0f s"
          % (figures["kills"], figures["errors"], figures["clocks"], figures["meddled"], figures["cuts"], figures["mutations"], figures["reads"], report.bad, report.tests, time.monotonic() - began))
    return 1 if report.bad else 0


if __name__ == "__main__":
    sys.exit(main())
