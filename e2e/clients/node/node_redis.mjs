// An ordinary application on node-redis: node_redis.mjs HOST PORT STOPFILE.
import { createClient, createClientPool, defineScript, WatchError } from 'redis';
import { check, connectionClosed, Counter, failed, host, Inbox, name, patience, port, report, rounds } from './application.mjs';

const options = {
  socket: { host, port: Number(port) },
  scripts: {
    store: defineScript({
      SCRIPT: 'redis.call("SET", KEYS[1], ARGV[1]) return {KEYS[1], ARGV[1]} -- node-redis',
      NUMBER_OF_KEYS: 1,
      parseCommand(parser, storeKey, value) {
        parser.pushKey(storeKey);
        parser.push(value);
      },
      transformReply: undefined,
    }),
  },
};

async function connect() {
  const client = createClient(options);
  client.on('error', failed);
  client.on('reconnecting', connectionClosed);
  return client.connect();
}

const [redis, watcher, blocked, asking, subscriber] = await Promise.all([connect(), connect(), connect(), connect(), connect()]);
const pool = createClientPool(options, { minimum: 2, maximum: 4 });
pool.on('error', failed);
await pool.connect();
const counter = new Counter('counter');
const watched = new Counter('watched');
const heard = new Inbox();
const key = (what) => `${name}:${what}`;

async function values(n) {
  await redis.set(key('value'), `v${n}`);
  check((await redis.get(key('value'))) === `v${n}`, 'stale: GET after SET');
}

async function pooled(n) {
  await Promise.all([0, 1, 2, 3, 4, 5].map((i) => pool.set(key(`pool${i}`), `${n}-${i}`)));
  const got = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => pool.get(key(`pool${i}`))));
  got.forEach((value, i) => check(value === `${n}-${i}`, 'stale: pool'));
}

async function incr() {
  counter.now(await redis.incr(key('counter')));
}

async function pipeline(n) {
  const replies = await Promise.all([
    ...[0, 1, 2, 3, 4].map((i) => redis.set(key(`p${i}`), `${n}-${i}`)),
    ...[0, 1, 2, 3, 4].map((i) => redis.get(key(`p${i}`))),
  ]);
  replies.forEach((reply, i) => check(reply === (i < 5 ? 'OK' : `${n}-${i - 5}`), 'stale: pipeline'));
}

// Nobody else writes the watched key: EXEC answers nil only when the master has changed in between.
async function transaction() {
  for (let done = false; !done; ) {
    await watcher.watch(key('watched'));
    const before = Number(await watcher.get(key('watched')));
    try {
      const replies = await watcher.multi().set(key('watched'), String(before + 1)).get(key('watched')).exec();
      watched.now(Number(replies[1]));
      done = true;
    } catch (error) {
      if (!(error instanceof WatchError)) throw error;
    }
  }
}

async function script(n) {
  const [k, v] = await redis.store(key('script'), `s${n}`);
  check(k === key('script') && v === `s${n}`, 'wrong reply of a script');
  check((await redis.get(key('script'))) === `s${n}`, 'stale: GET after script');
}

async function queue(n) {
  await redis.rPush(key('requests'), String(n));
  for (;;) {
    const reply = await asking.blPop(key('replies'), patience);
    if (reply === null) return failed('missing: reply in the list');
    check(Number(reply.element) <= n, 'wrong reply in the list');
    if (Number(reply.element) >= n) return;
  }
}

async function publish(n) {
  const receivers = await redis.publish(key('channel'), String(n));
  check(receivers === 1, `lost: published to ${receivers} receivers`);
  await heard.expect(n, 'message');
}

let working = true;

async function echo() {
  while (working) {
    try {
      const request = await blocked.blPop(key('requests'), 1);
      if (request !== null) await blocked.rPush(key('replies'), request.element);
    } catch (error) {
      failed(error);
    }
  }
}

await subscriber.subscribe(key('channel'), (message) => heard.put(message));
const echoing = echo();
const operations = await rounds([values, pooled, incr, pipeline, transaction, script, queue, publish]);
working = false;
await echoing;
const text = report(operations);
for (const c of [redis, watcher, blocked, asking, subscriber, pool]) await c.close();
console.log(text);
