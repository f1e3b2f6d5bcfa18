// What the applications on ioredis and node-redis have in common. See ../doc.go for what they print.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';

export const [, , host, port, stopFile] = process.argv;
export const patience = 10; // seconds: for what must come in the end, on a busy machine
export const name = `node:${randomBytes(8).toString('hex')}`;

const errors = {};
let unknown = 0;
let closed = 0;

export function failed(error) {
  const text = String(error?.message ?? error).slice(0, 200);
  if (text.includes('UNKNOWNOUTCOME')) unknown++;
  else errors[text] = (errors[text] ?? 0) + 1;
}

export function check(ok, what) {
  if (!ok) failed(what);
}

// connectionClosed is called for each connection that the library loses or makes anew.
export function connectionClosed() {
  closed++;
}

const stopped = () => existsSync(stopFile);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Counter: one more than the last value, and at most one more again for each outcome that is unknown.
export class Counter {
  #last = 0;
  #unsure = 0;

  constructor(what) {
    this.what = what;
  }

  now(value) {
    check(value > this.#last, `lost: ${this.what} is behind`);
    check(value <= this.#last + 1 + unknown - this.#unsure, `twice: ${this.what} is ahead`);
    this.#last = value;
    this.#unsure = unknown;
  }
}

// Inbox holds messages until they are asked for.
export class Inbox {
  #messages = [];
  #waiting = null;

  put(message) {
    this.#messages.push(Number(message));
    this.#waiting?.();
  }

  // expect takes messages up to n out.
  async expect(n, what) {
    const deadline = Date.now() + patience * 1000;
    for (;;) {
      while (this.#messages.length > 0) {
        const got = this.#messages.shift();
        check(got <= n, `wrong ${what}`);
        if (got >= n) return;
      }
      if (Date.now() > deadline) return failed(`missing: ${what}`);
      await Promise.race([new Promise((resolve) => (this.#waiting = resolve)), sleep(100)]);
    }
  }
}

// rounds runs the steps, each of which gets the round's number, until it is told to stop.
export async function rounds(steps) {
  let operations = 0;
  for (let n = 1; !stopped(); n++) {
    for (const step of steps) {
      try {
        await step(n);
        operations++;
      } catch (error) {
        failed(error);
      }
    }
    console.log(`round ${n}`);
    await sleep(20);
  }
  return operations;
}

// report is taken before the connections are closed on purpose.
export function report(operations) {
  return JSON.stringify({ operations, errors, closed, unknown });
}
