#!/usr/bin/env python3
"""Holds in a storm: tables are dropped behind two held standbys, again and again, and meanwhile a standby
is restarted, killed, resumed by hand or cut off, the operator's connections break, or the shell itself
is killed. Whenever the shell says PROVEN of a standby, the standby is read: the table must be there.

    storm.py BUILD [PLANS [SEED]]

PROVEN speaks of the moment at which the standby was asked. Somebody may resume it by hand right after
that, and before we read it. Such a table is not counted away by a guess: the standby's own log says
which came first, the end of the shell's last look or the words that let it go, and both lines are
printed with their times. Everything else that is gone is FALSE: also after a restart or a kill, since a
proved hold is hardened. The last lines count. Leaves with 1 where PROVEN was said and was not so."""
import collections, os, random, re, shlex, shutil, subprocess, sys, tempfile, threading, time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.environ.get("HOLDFAST_PG_BIN", "/usr/lib/postgresql/15/bin")
NODES = ["pg1", "pg2", "pg3"]


class Lab:
    def __init__(self, build):
        self.dir = tempfile.mkdtemp(prefix="hf-storm.")
        self.build = build
        subprocess.run([f"{build}/lab-driver", "up", "--engine", "postgresql", "--shape", "star:2", "--dir",
                        self.dir, "--own", "alice=hf-alice,bob=hf-bob", "--rows", "100"], check=True,
                       stdout=subprocess.DEVNULL)
        self.port = {l.split()[0]: l.split()[1] for l in open(f"{self.dir}/nodes")
                     if l.split()[0] in NODES} if os.path.exists(f"{self.dir}/nodes") else {}
        shutil.copy(f"{build}/holdfast", f"{self.dir}/holdfast")
        os.chmod(f"{self.dir}/holdfast", 0o755)
        for u in ("hf-alice", "hf-bob"):
            os.makedirs(f"{self.dir}/home/{u}", exist_ok=True)
            shutil.chown(f"{self.dir}/home/{u}", u)
        self.owner = os.stat(f"{self.dir}/servers/pg1").st_uid
        # Any port: the proxy's are others than the servers'.
        for who in ("alice", "bob"):
            any_port = {re.sub(r"^[^:]*:\d*:", "*:*:", l) for l in open(f"{self.dir}/keys/{who}.pgpass")}
            with open(f"{self.dir}/keys/{who}.any", "w") as f:
                f.writelines(sorted(any_port))
            os.chmod(f"{self.dir}/keys/{who}.any", 0o600)
            shutil.chown(f"{self.dir}/keys/{who}.any", f"hf-{who}")
        self.conf = re.sub(r"keys/(\w+)\.pgpass", r"keys/\1.any", open(f"{self.dir}/holdfast.conf").read())

    def sql(self, node, text, db="shop", tries=200):
        env = dict(os.environ, PGPASSFILE=f"{self.dir}/pgpass", PGCONNECT_TIMEOUT="5", PGAPPNAME="storm")
        for n in range(tries):
            r = subprocess.run([f"{BIN}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                                self.port[node], "-U", "postgres", "-d", db, "-c", text], env=env,
                               capture_output=True, text=True)
            if r.returncode == 0:
                return r.stdout.strip()
            time.sleep(0.1)
        raise RuntimeError(f"{node}: {text}: {r.stderr}")

    def ctl(self, node, *words):
        data = f"{self.dir}/servers/{node}"
        return subprocess.run(["setpriv", f"--reuid={self.owner}", "--regid=" + str(os.stat(data).st_gid),
                               "--clear-groups", f"{BIN}/pg_ctl", "-s", "-D", data, "-l",
                               f"{data}/again.log", *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

    def pid(self, node):
        return int(open(f"{self.dir}/servers/{node}/postmaster.pid").readline())

    def up(self, node):
        """Started where it is down. Processes a killed one left behind may be in the way for a moment."""
        end = time.monotonic() + 120
        while True:
            try:
                return self.sql(node, "SELECT 1", tries=1)
            except RuntimeError:
                if time.monotonic() > end:
                    raise
            if self.ctl(node, "status") != 0:
                self.ctl(node, "-w", "-t", "60", "start")
            time.sleep(0.1)

    def listen(self):
        """From now on a standby's log has every statement when it begins and when it has ended."""
        for n in NODES[1:]:
            self.sql(n, "ALTER SYSTEM SET log_statement = 'all'")
            self.sql(n, "ALTER SYSTEM SET log_min_duration_statement = 0")
            # With pg_ctl's -l, all of it goes to one file from here on.
            self.ctl(n, "-m", "fast", "-w", "restart")
            self.up(n)

    def log(self, node, start=0):
        with open(f"{self.dir}/servers/{node}/again.log", "rb") as f:
            f.seek(start)
            return f.read().decode(errors="replace").splitlines()

    def log_size(self, node):
        return os.stat(f"{self.dir}/servers/{node}/again.log").st_size

    def down(self):
        subprocess.run([f"{self.build}/lab-driver", "down", "--dir", self.dir], check=False)


class Proxy:
    """A connection that can be cut: the proxy is killed, and everything through it breaks."""
    def __init__(self, lab):
        self.p = subprocess.Popen([f"{lab.build}/delay-proxy", "2", *(lab.port[n] for n in NODES)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = {n: self.p.stdout.readline().strip() for n in NODES}

    def cut(self):
        self.p.kill()
        self.p.wait()


def words(lab, person, conf, *rest):
    import pwd
    u = pwd.getpwnam(f"hf-{person}")
    return ["setpriv", f"--reuid={u.pw_uid}", f"--regid={u.pw_gid}", "--init-groups", "--", "env", "-i",
            "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TERM=dumb", f"HOME={lab.dir}/home/hf-{person}",
            f"{lab.dir}/holdfast", "--config", conf, "--as", person, *rest]


class Shell:
    """alice's line, and the lines of the answer."""
    def __init__(self, lab, conf, line):
        self.p = subprocess.Popen(words(lab, "alice", conf, "--wait", "200", "-c", line),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, errors="replace")
        self.lines, self.filed = [], threading.Event()
        self.id = None
        self.t = threading.Thread(target=self.read)
        self.t.start()

    def read(self):
        for l in self.p.stdout:
            self.lines.append(l.rstrip("\n"))
            m = re.match(r"request ([a-z2-7]{26})$", l)
            if m:
                self.id = m.group(1)
                self.filed.set()
        self.filed.set()

    def finish(self):
        self.p.wait()
        self.t.join()
        return self.p.returncode


def f_none(lab, node, proxy, shell):
    pass


def f_restart(lab, node, proxy, shell):
    lab.ctl(node, "-m", random.choice(["fast", "immediate"]), "-w", "restart")


def f_kill(lab, node, proxy, shell):
    os.kill(lab.pid(node), 9)


def f_resume(lab, node, proxy, shell):
    lab.sql(node, "SELECT pg_wal_replay_resume() WHERE pg_is_in_recovery() AND "
                  "current_setting('recovery_target_lsn') = ''", tries=1)


def f_stream(lab, node, proxy, shell):
    lab.sql("pg1", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_replication", tries=1)


def f_cut(lab, node, proxy, shell):
    proxy.cut()


def f_shell(lab, node, proxy, shell):
    shell.p.kill()


FAULTS = {"none": f_none, "restart": f_restart, "kill -9 of the standby": f_kill, "resumed by hand": f_resume,
          "streams cut": f_stream, "operator's network cut": f_cut, "kill -9 of the shell": f_shell}


def settle(lab):
    """Everything as before: up, replaying, no target left, caught up."""
    for n in NODES[1:]:
        lab.up(n)
        for s in ("lsn", "inclusive", "action"):
            lab.sql(n, f"ALTER SYSTEM RESET recovery_target_{s}")
        if lab.sql(n, "SELECT current_setting('recovery_target_lsn') <> ''") == "t":
            lab.ctl(n, "-m", "fast", "-w", "restart")
        else:
            lab.sql(n, "SELECT pg_wal_replay_resume() WHERE pg_is_wal_replay_paused()")
    lsn = lab.sql("pg1", "SELECT pg_current_wal_flush_lsn()")
    for n in NODES[1:]:
        end = time.monotonic() + 120
        while lab.sql(n, f"SELECT pg_last_wal_replay_lsn() >= '{lsn}'") != "t":
            if time.monotonic() > end:
                raise RuntimeError(f"{n} does not catch up")
            time.sleep(0.05)


LINE = re.compile(r"(\S+ \S+) UTC \[(\d+)\] (.*)")


def last_look(lines):
    """Where the shell's last look at the hold began and ended, or None."""
    began = ended = pid = None
    for at, l in enumerate(lines):
        m = LINE.match(l)
        if m and "holdfast alice" in m[3] and "SELECT CASE WHEN r.state = 'paused'" in m[3]:
            began, ended, pid = at, None, m[2]
        elif m and began is not None and ended is None and m[2] == pid and "LOG:  duration:" in m[3]:
            ended = at
    return None if ended is None else (began, ended)


def let_go(lines):
    """Where somebody's own words resumed it, or None: not ours, which only ever ask to pause."""
    for at, l in enumerate(lines):
        m = LINE.match(l)
        if m and " storm LOG:  statement: SELECT pg_wal_replay_resume()" in m[3]:
            return at
    return None


def is_late(lab, node, start, i):
    """True where the standby's own log says that it was let go after the last look had ended."""
    lines = lab.log(node, start)
    look, gone = last_look(lines), let_go(lines)
    if look is None or gone is None:
        return False
    is_restarted = any("LOG:  starting PostgreSQL" in l for l in lines[:gone])
    print(f"# storm_{i} on {node}: " + ("restarted before; " if is_restarted else "") +
          f"looked at until {LINE.match(lines[look[1]])[1]}, "
          f"let go {'after' if gone > look[1] else 'BEFORE THAT'}, at {LINE.match(lines[gone])[1]}", flush=True)
    return gone > look[1] and not is_restarted


def one(lab, i, count):
    start = {n: lab.log_size(n) for n in NODES[1:]}
    proxy = Proxy(lab)
    run = f"{lab.dir}/run"
    shutil.rmtree(run, ignore_errors=True)
    os.makedirs(f"{run}/journal")
    os.chmod(f"{run}/journal", 0o1777)
    conf = f"{lab.dir}/storm.conf"
    text = lab.conf
    for n in NODES:
        text = text.replace(f"port={lab.port[n]}", f"port={proxy.port[n]}")
    with open(conf, "w") as f:
        f.write(re.sub(r'journal = \{"journal"\}', f'journal = {{"{run}/journal"}}', text))
    os.chmod(conf, 0o644)
    name = random.choice(list(FAULTS))
    node = random.choice(NODES[1:])
    shell = Shell(lab, conf, f"DROP TABLE storm_{i};")
    shell.filed.wait(60)
    is_begun = False
    if shell.id is not None:
        plain = f"{lab.dir}/plain.conf"
        with open(plain, "w") as f:
            f.write(lab.conf)
        os.chmod(plain, 0o644)
        before = set(os.listdir(f"{lab.dir}/spool"))
        bob = subprocess.Popen(["expect", f"{TOP}/tests/lab/approve.exp", "pg1",
                                shlex.join(words(lab, "bob", plain, "approve", shell.id))],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        # The plan begins when the answer lies there.
        end = time.monotonic() + 120
        while set(os.listdir(f"{lab.dir}/spool")) <= before and time.monotonic() < end and \
                shell.p.poll() is None:
            time.sleep(0.005)
        time.sleep(random.random() ** 2 * 1.2)
        if shell.p.poll() is None or name == "none":
            is_begun = True
            try:
                FAULTS[name](lab, node, proxy, shell)
            except (RuntimeError, OSError):
                pass
        bob.wait()
    rc = shell.finish()
    proxy.cut()
    for n in NODES[1:]:
        lab.up(n)
    bad = 0
    said = False
    for line in shell.lines:
        m = re.match(r"\s*(pg[23])\s+(PROVEN|NOT PROVEN|HELD BY DELAY)\b", line)
        if not m:
            continue
        said = True
        count[m.group(2)] += 1
        there = lab.sql(m.group(1), f"SELECT to_regclass('public.storm_{i}') IS NOT NULL")
        if m.group(2) != "PROVEN" or there == "t":
            continue
        if name == "resumed by hand" and node == m.group(1) and is_late(lab, node, start[node], i):
            count["resumed by hand after the last look, before we read it"] += 1
            continue
        bad += 1
        print(f"FALSE: storm_{i}, {name} on {node}: {line}")
        print("\n".join(shell.lines))
        print("\n".join(lab.log(m.group(1), start[m.group(1)])), flush=True)
    count["false"] += bad
    count["plans that came to a proof" if said else f"plans that stopped before (exit {rc})"] += 1
    count[f"fault: {name}" if is_begun else "over before the fault"] += 1
    settle(lab)


def main():
    holds = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    random.seed(int(sys.argv[3]) if len(sys.argv) > 3 else None)
    lab = Lab(os.path.abspath(sys.argv[1]))
    count, done = collections.Counter(), 0
    try:
        lab.sql("pg1", f"DO $$ BEGIN FOR i IN 1..{holds} LOOP EXECUTE format("
                       "'CREATE TABLE storm_%s (a int); ALTER TABLE storm_%s OWNER TO alice', i, i); "
                       "END LOOP; END $$")
        lab.listen()
        settle(lab)
        for i in range(1, holds + 1):
            one(lab, i, count)
            done = i
            if i % 25 == 0:
                print(f"# {i} of {holds}: {dict(count)}", flush=True)
    finally:
        lab.down()
        print(f"storm: {done} plans with 2 holds each: {2 * done} holds")
        for k in sorted(count):
            print(f"  {count[k]:6} {k}")
    sys.exit(1 if count["false"] or done < holds else 0)


main()
