// An ordinary application on ioredis: ioredis.mjs HOST PORT STOPFILE.
import { Redis } from 'ioredis';
import { check, connectionClosed, Counter, failed, host, Inbox, name, patience, port, report, rounds } from './application.mjs';

function connect() {
  const redis = new Redis(Number(port), host);
  redis.on('error', failed);
  redis.on('reconnecting', connectionClosed);
  return redis;
}

const [redis, watcher, blocked, asking, subscriber] = [connect(), connect(), connect(), connect(), connect()];
redis.defineCommand('store', { numberOfKeys: 1, lua: 'redis.call("SET", KEYS[1], ARGV[1]) return {KEYS[1], ARGV[1]} -- ioredis' });
const counter = new Counter('counter');
const watched = new Counter('watched');
const heard = new Inbox();
const key = (what) => `${name}:${what}`;

async function values(n) {
  await redis.set(key('value'), `v${n}`);
  check((await redis.get(key('value'))) === `v${n}`, 'stale: GET after SET');
}

async function incr() {
  counter.now(await redis.incr(key('counter')));
}

async function pipeline(n) {
  const pipe = redis.pipeline();
  for (let i = 0; i < 5; i++) pipe.set(key(`p${i}`), `${n}-${i}`);
  for (let i = 0; i < 5; i++) pipe.get(key(`p${i}`));
  const replies = await pipe.exec();
  replies.forEach(([error, reply], i) => {
    if (error) failed(error);
    else check(reply === (i < 5 ? 'OK' : `${n}-${i - 5}`), 'stale: pipeline');
  });
}

// Nobody else writes the watched key: EXEC answers nil only when the master has changed in between.
async function transaction() {
  for (let replies = null; replies === null; ) {
    await watcher.watch(key('watched'));
    const before = Number(await watcher.get(key('watched')));
    replies = await watcher.multi().set(key('watched'), before + 1).get(key('watched')).exec();
    if (replies !== null) {
      for (const [error] of replies) if (error) throw error;
      watched.now(Number(replies[1][1]));
    }
  }
}

async function script(n) {
  const [k, v] = await redis.store(key('script'), `s${n}`);
  check(k === key('script') && v === `s${n}`, 'wrong reply of a script');
  check((await redis.get(key('script'))) === `s${n}`, 'stale: GET after script');
}

async function queue(n) {
  await redis.rpush(key('requests'), n);
  for (;;) {
    const reply = await asking.blpop(key('replies'), patience);
    if (reply === null) return failed('missing: reply in the list');
    check(Number(reply[1]) <= n, 'wrong reply in the list');
    if (Number(reply[1]) >= n) return;
  }
}

async function publish(n) {
  const receivers = await redis.publish(key('channel'), n);
  check(receivers === 1, `lost: published to ${receivers} receivers`);
  await heard.expect(n, 'message');
}

let working = true;

async function echo() {
  while (working) {
    try {
      const request = await blocked.blpop(key('requests'), 1);
      if (request !== null) await blocked.rpush(key('replies'), request[1]);
    } catch (error) {
      failed(error);
    }
  }
}

subscriber.on('message', (_, message) => heard.put(message));
await subscriber.subscribe(key('channel'));
const echoing = echo();
const operations = await rounds([values, incr, pipeline, transaction, script, queue, publish]);
working = false;
await echoing;
const text = report(operations);
for (const c of [redis, watcher, blocked, asking, subscriber]) await c.quit();
console.log(text);
