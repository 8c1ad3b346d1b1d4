// A link between clients and one server, in a process of its own. It counts the bytes and shapes the traffic like a wide-area link. Its parent
// sends { targetPort, bitsPerSecond, roundTripMs } and gets { port }; to any further message it answers { up, down }.
//
// All connections share one queue per direction. Bytes leave it at the rate of the link and arrive half a round trip later. Each connection
// starts with a window of ten segments that grows with acknowledgements (slow start), and starts anew after an idle second. A new connection
// waits a round trip for its handshake. Nothing is lost: a full queue stops its senders. Headers of TCP and IP do not count.

import { connect, createServer } from 'node:net';

const PIECE_BYTES = 8 * 1024;
const FIRST_WINDOW_BYTES = 10 * 1460;
const MAX_WINDOW_BYTES = 4 * 1024 * 1024;
const IDLE_MS = 1000;
/** Buffer of a router. */
const QUEUE_BYTES = 1024 * 1024;

/** Runs tasks at their times, which never decrease. */
class Timeline {
  #entries = [];
  #next = 0;

  add(atMs, run) {
    this.#entries.push({ atMs, run });
    if (this.#entries.length === this.#next + 1) this.#wait();
  }

  #wait() {
    setTimeout(() => this.#runDue(), Math.max(0, this.#entries[this.#next].atMs - performance.now()));
  }

  #runDue() {
    // Timers have a resolution of a millisecond.
    const dueMs = performance.now() + 0.5;
    let count = 0;
    while (this.#entries[this.#next + count]?.atMs <= dueMs) count += 1;
    const due = this.#entries.slice(this.#next, this.#next + count);
    this.#next += count;
    if (this.#next > 1000 || this.#next === this.#entries.length) {
      this.#entries.splice(0, this.#next);
      this.#next = 0;
    }
    if (this.#entries.length > 0) this.#wait();
    for (const { run } of due) run();
  }
}

/** One direction of the link. */
class Lane {
  bytes = 0;
  #bytesPerMs;
  #delayMs;
  #freeAtMs = 0;
  #queued = 0;
  #heldBack = new Set();
  #departures = new Timeline();
  #arrivals = new Timeline();
  #acknowledgements = new Timeline();

  constructor({ bitsPerSecond, roundTripMs }) {
    this.#bytesPerMs = bitsPerSecond / 8000;
    this.#delayMs = roundTripMs / 2;
  }

  /** Returns false if the queue is full, and calls `retry` when it has room again. */
  hasRoom(retry) {
    if (this.#queued < QUEUE_BYTES) return true;
    this.#heldBack.add(retry);
    return false;
  }

  send(length, arrive) {
    this.bytes += length;
    this.#queued += length;
    this.#freeAtMs = Math.max(this.#freeAtMs, performance.now()) + length / this.#bytesPerMs;
    this.#departures.add(this.#freeAtMs, () => {
      this.#queued -= length;
      const heldBack = [...this.#heldBack];
      this.#heldBack.clear();
      for (const retry of heldBack) retry();
    });
    this.#arrivals.add(this.#freeAtMs + this.#delayMs, arrive);
  }

  acknowledge(hear) {
    this.#acknowledgements.add(performance.now() + this.#delayMs, hear);
  }
}

/** Sends the data of one end of a connection to the other, over a lane. */
function forward(from, to, lane) {
  const pending = [];
  let window = FIRST_WINDOW_BYTES;
  let inFlight = 0;
  let lastMs = 0;
  let isEnding = false;
  const sendPending = () => {
    while (pending.length > 0 && inFlight < window && lane.hasRoom(sendPending)) {
      if (inFlight === 0 && performance.now() - lastMs > IDLE_MS) window = FIRST_WINDOW_BYTES;
      sendPiece(pending.shift());
    }
    if (pending.length > 0) return;
    if (isEnding) lane.send(0, () => to.end());
    else from.resume();
  };
  const sendPiece = (piece) => {
    inFlight += piece.length;
    lane.send(piece.length, () => to.write(piece, () => lane.acknowledge(() => hearOf(piece.length))));
  };
  const hearOf = (length) => {
    inFlight -= length;
    lastMs = performance.now();
    window = Math.min(MAX_WINDOW_BYTES, window + length);
    if (pending.length > 0) sendPending();
  };
  from.on('data', (chunk) => {
    from.pause();
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) pending.push(chunk.subarray(at, at + PIECE_BYTES));
    sendPending();
  });
  from.on('end', () => {
    isEnding = true;
    sendPending();
  });
}

process.once('message', ({ targetPort, bitsPerSecond = Number.POSITIVE_INFINITY, roundTripMs = 0 }) => {
  const up = new Lane({ bitsPerSecond, roundTripMs });
  const down = new Lane({ bitsPerSecond, roundTripMs });
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
    const target = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    client.on('error', () => target.destroy());
    target.on('error', () => client.destroy());
    forward(target, client, down);
    setTimeout(() => {
      forward(client, target, up);
      client.resume();
    }, roundTripMs);
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  process.on('message', () => process.send({ up: up.bytes, down: down.bytes }));
});
process.on('disconnect', () => process.exit());
