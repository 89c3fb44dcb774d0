# SPDX-License-Identifier: GPL-2.0-or-later
# Python programs of known behaviour for the real corpus; see programs.tsv.
import collections
import functools
import gc
import os
import random
import sys
import time

random.seed(os.path.basename(sys.argv[1]) + "".join(sys.argv[2:]))
rate = float(sys.argv[2]) if len(sys.argv) > 2 else 10.0


class Session:
    def __init__(self, n):
        self.user = "user%d" % n
        self.data = {k: random.random() for k in range(20)}
        self.me = None


def loop(work):
    n = 0
    while True:
        work(n)
        n += 1
        time.sleep(1.0 / rate)


def sessions():  # a dict that nobody ever expires
    table = {}
    loop(lambda n: table.__setitem__(n, Session(n)))


def appends():  # a list of results, never cut
    log = []
    loop(lambda n: log.append("request %d took %f" % (n, random.random()) * 8))


def cycles_kept():  # cyclic objects, each kept by a list too
    kept = []

    def work(n):
        s = Session(n)
        s.me = s
        kept.append(s)

    loop(work)


def lru():  # lru_cache at its limit
    @functools.lru_cache(maxsize=4000)
    def answer(n):
        return os.urandom(2000)

    for i in range(4000):
        answer(i)
    loop(lambda n: answer(random.randrange(20000)))


def ring():  # deque(maxlen)
    d = collections.deque((os.urandom(3000) for _ in range(3000)), maxlen=3000)
    loop(lambda n: d.append(os.urandom(random.randrange(1000, 5000))))


def garbage():  # cyclic garbage with a lazy collector: a sawtooth
    gc.set_threshold(3000, 1000, 1000)

    def work(n):
        s = Session(n)
        s.me = s

    loop(work)


def batches():  # builds and drops a table now and then
    def work(n):
        t = [Session(i) for i in range(3000 + random.randrange(3000))]
        time.sleep(2)
        del t

    global rate
    rate = 1 / 20.0
    loop(work)


def expiring():  # sessions with a life of five minutes
    table = collections.OrderedDict()

    def work(n):
        now = time.monotonic()
        table[n] = (now + 300, Session(n))
        while table and next(iter(table.values()))[0] < now:
            table.popitem(last=False)

    loop(work)


globals()[sys.argv[1]]()
