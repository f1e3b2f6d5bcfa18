// An ordinary application on BullMQ: bullmq.mjs HOST PORT STOPFILE. Jobs are added by one connection, done by a worker,
// and their end is heard of through a stream.
import { Redis } from 'ioredis';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { check, connectionClosed, Counter, failed, host, name, patience, port, report, rounds } from './application.mjs';

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
await Promise.all([queue.waitUntilReady(), events.waitUntilReady(), worker.waitUntilReady()]);

const counter = new Counter('job counter');

// One job, whose result is the counter after it: a job that is done twice shows in the next result.
async function single() {
  const job = await queue.add('single', { what: 'single' });
  counter.now(await job.waitUntilFinished(events, patience * 1000));
}

// Jobs at once, some delayed, and a priority: BullMQ's own scripts move them between a list, a sorted set and hashes.
async function many(n) {
  const jobs = await queue.addBulk([
    { name: 'now', data: { what: `many${n}` } },
    { name: 'later', data: { what: `many${n}` }, opts: { delay: 50 } },
    { name: 'first', data: { what: `many${n}` }, opts: { priority: 1 } },
  ]);
  const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events, patience * 1000)));
  check(results.sort().join() === '1,2,3', `twice or lost: results ${results}`);
}

const operations = await rounds([single, many]);
const text = report(operations);
await worker.close();
await events.close();
await queue.close();
for (const redis of made) redis.disconnect();
console.log(text);
