"""An ordinary application on redis-py: usage: redis_py.py HOST PORT STOPFILE. See ../doc.go for what it prints."""

import collections
import json
import os
import sys
import threading
import time
import uuid

import redis

HOST, PORT, STOP = sys.argv[1], int(sys.argv[2]), sys.argv[3]
NAME = "py:" + uuid.uuid4().hex
WORKERS = 3
PATIENCE = 10  # seconds: for what must come in the end, on a busy machine

lock = threading.Lock()
errors = collections.Counter()
totals = collections.Counter()


def failed(what):
    with lock:
        errors[str(what)[:200]] += 1


def check(ok, what):
    if not ok:
        failed(what)


class Counted(redis.Connection):
    """Counts connections that were made anew: the library does that by itself and tells nobody."""

    made = False

    def connect(self):
        if self._sock is None:
            if self.made:
                with lock:
                    totals["closed"] += 1
            self.made = True
        super().connect()


pool = redis.ConnectionPool(connection_class=Counted, host=HOST, port=PORT, decode_responses=True)
client = redis.Redis(connection_pool=pool)
compare_and_set = client.register_script(
    "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end return 0"
)


def key(worker, what):
    return "%s:%d:%s" % (NAME, worker, what)


def values(w, n):
    value = "%d-%d" % (w, n)
    client.set(key(w, "value"), value)
    check(client.get(key(w, "value")) == value, "stale: GET after SET")


def pipeline(w, n):
    pipe = client.pipeline(transaction=False)
    for i in range(5):
        pipe.set(key(w, "p%d" % i), "%d-%d" % (n, i))
    for i in range(5):
        pipe.get(key(w, "p%d" % i))
    want = [True] * 5 + ["%d-%d" % (n, i) for i in range(5)]
    check(pipe.execute() == want, "stale: pipeline")


def transaction(w, n):
    """Optimistic locking. Nobody else writes the key, so the value before is known."""
    name = key(w, "watched")

    def increment(pipe):
        before = int(pipe.get(name) or 0)
        pipe.multi()
        pipe.set(name, before + 1)
        pipe.get(name)

    replies = client.transaction(increment, name)
    count(w, "watched", int(replies[1]))


def script(w, n):
    name = key(w, "script")
    client.set(name, "a%d" % n)
    check(compare_and_set(keys=[name], args=["a%d" % n, "b%d" % n]) == 1, "stale: script")
    check(client.get(name) == "b%d" % n, "stale: GET after script")


def queue(w, n):
    """Blocks for what another connection, blocked as well, sends back."""
    client.rpush(NAME + ":requests", json.dumps([w, n]))
    while True:
        reply = client.blpop(key(w, "replies"), timeout=PATIENCE)
        if reply is None:
            return failed("missing: reply in the list")
        if int(reply[1]) == n:
            return None
        check(int(reply[1]) < n, "wrong reply in the list")


def incr(w, n):
    count(w, "counter", client.incr(key(w, "counter")))


last = {}
unsure = collections.Counter()


def count(w, what, value):
    """value is one more than the last, and at most one more again for each outcome that is unknown."""
    low = last.get((w, what), 0) + 1
    check(value >= low, "lost: %s is behind" % what)
    check(value <= low + unsure[w], "twice: %s is ahead" % what)
    last[w, what] = value


def echo():
    """Outlives the workers: each of them may still wait for a reply when they are told to stop."""
    while not done.is_set():
        try:
            request = client.blpop(NAME + ":requests", timeout=1)
            if request:
                w, n = json.loads(request[1])
                client.rpush(key(w, "replies"), n)
        except redis.RedisError as e:
            unknown(e, "echo")


def subscription():
    """Receives every message, in order."""
    pubsub = client.pubsub()
    pubsub.subscribe(NAME + ":channel")
    while not done.is_set():
        try:
            message = pubsub.get_message(timeout=0.2)
        except redis.RedisError as e:
            failed(e)
            continue
        if message and message["type"] == "subscribe":
            subscribed.set()
        elif message:
            check(int(message["data"]) > totals["heard"], "twice: message")
            with lock:
                totals["heard"] = int(message["data"])
    pubsub.close()


def publisher(w, n):
    if w == 0:
        receivers = client.publish(NAME + ":channel", n)
        check(receivers == 1, "lost: published to %d receivers" % receivers)
        deadline = time.monotonic() + PATIENCE
        while totals["heard"] < n and time.monotonic() < deadline:
            time.sleep(0.001)
        check(totals["heard"] >= n, "missing: message")


def unknown(e, w):
    if "UNKNOWNOUTCOME" in str(e):
        with lock:
            totals["unknown"] += 1
            unsure[w] += 1
    else:
        failed(e)


def worker(w):
    n = 0
    while not os.path.exists(STOP):
        n += 1
        for step in (values, incr, pipeline, transaction, script, queue, publisher):
            try:
                step(w, n)
                with lock:
                    totals["operations"] += 1
            except redis.RedisError as e:
                unknown(e, w)
        if w == 0:
            print("round", n, flush=True)
        time.sleep(0.02)


done, subscribed = threading.Event(), threading.Event()
services = [threading.Thread(target=subscription), threading.Thread(target=echo)]
workers = [threading.Thread(target=worker, args=(w,)) for w in range(WORKERS)]
for t in services:
    t.start()
check(subscribed.wait(PATIENCE), "missing: subscription")
for t in workers:
    t.start()
for t in workers:
    t.join()
done.set()
for t in services:
    t.join()
client.close()
print(json.dumps({"operations": totals["operations"], "errors": errors, "closed": totals["closed"], "unknown": totals["unknown"]}))
