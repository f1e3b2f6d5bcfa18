// An ordinary application on BullMQ: bullmq.mjs HOST PORT STOPFILE. Jobs are added by one connection, done by a worker,
// and their end is heard of through a stream.
import { Redis } from 'ioredis';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { check, connectionClosed, failed, host, name, patience, port, report, rounds } from './application.mjs';

const made = [];
function connect() {
  const redis = new Redis(Number(port), host, { maxRetriesPerRequest: null }); // BullMQ insists on it
  redis.on('reconnecting', connectionClosed);
  made.push(redis);
  return redis;
}

const queueName = name.replace(':', '-');
const data = connect();
const queue = new Queue(queueName, { connection: connect() });
const events = new QueueEvents(queueName, { connection: connect() });
const worker = new Worker(queueName, async (job) => data.incr(`${name}:${job.data.what}`), { connection: connect(), concurrency: 4 });
for (const part of [data, queue, events, worker]) part.on('error', failed);
worker.on('failed', (_, error) => failed(error));
// waitUntilFinished looks at the job once by a call that nobody waits for: what that says in a crash is an error like any
// other, and not the end of the application.
process.on('unhandledRejection', failed);
await Promise.all([queue.waitUntilReady(), events.waitUntilReady(), worker.waitUntilReady()]);

// A job whose worker cannot say that it is done is done again later: so BullMQ promises. Counts that tell of it are
// called "redone", which only a crash excuses.
async function results(jobs) {
  try {
    return await Promise.all(jobs.map((job) => job.waitUntilFinished(events, patience * 1000)));
  } catch (error) {
    if (!/timed out before finishing/.test(error.message)) throw error;
    failed('missing: job');
    return null;
  }
}

// One job, whose result is the counter after it.
let last = 0;
async function single() {
  const got = await results([await queue.add('single', { what: 'single' })]);
  if (got === null) return;
  check(got[0] > last, 'lost: job counter is behind');
  check(got[0] <= last + 1, 'redone: job counter is ahead');
  last = got[0];
}

// Jobs at once, some delayed, and a priority: BullMQ's own scripts move them between a list, a sorted set and hashes.
async function many(n) {
  const got = await results(
    await queue.addBulk([
      { name: 'now', data: { what: `many${n}` } },
      { name: 'later', data: { what: `many${n}` }, opts: { delay: 50 } },
      { name: 'first', data: { what: `many${n}` }, opts: { priority: 1 } },
    ]),
  );
  if (got !== null) check(got.sort().join() === '1,2,3', `redone: results ${got}`);
}

const operations = await rounds([single, many]);
const text = report(operations);
await worker.close();
await events.close();
await queue.close();
for (const redis of made) redis.disconnect();
console.log(text);
