import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { ApiCall, ApiEvent } from '../../../src/ecr/api-call.ts';
import { type CallerSettings, makeCaller } from '../../../src/ecr/call.ts';
import { UnexpectedAnswer } from '../../../src/ecr/failure.ts';
import { Pacer } from '../../../src/ecr/pacing.ts';
import { EcrpError } from '../../../src/errors.ts';
import { RetryBudget, type RetryBudgetSettings } from '../../../src/net/retry-budget.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeSkippingClock, type SkippingClock } from '../../support/skipping-clock.ts';

const endpoint = 'http://127.0.0.1:1';

interface Answer {
  readonly $metadata: { readonly requestId?: string; readonly httpStatusCode?: number };
  readonly value?: string;
}

const success: Answer = { $metadata: { requestId: 'r-ok', httpStatusCode: 200 }, value: 'done' };

/** An exception as the SDK throws it. */
function exception(name: string, status = 400, headers: Record<string, string> = {}): Error {
  return Object.assign(new Error(`${name} it is`), {
    name,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status, requestId: 'r-1' },
    $response: { statusCode: status, headers },
  });
}

/** A page of a proxy, as the SDK throws it. */
function page(status: number, headers: Record<string, string> = {}): Error {
  return Object.assign(
    new SyntaxError('Unexpected token <\n  Deserialization error: to see the raw response'),
    {
      $metadata: { httpStatusCode: status },
      $response: { statusCode: status, headers },
    },
  );
}

function reset(code = 'ECONNRESET'): Error {
  return Object.assign(new Error(`read ${code}`), { code, $metadata: { attempts: 1 } });
}

/** The machine's clock, where real time has to pass. */
const runningClock: SkippingClock = { ...systemClock, waitedMs: [], pass: () => undefined };

/** A caller whose waits are over at once, and a call whose attempts end as listed. */
function prepare(
  outcomes: readonly (Answer | Error)[],
  {
    clock = makeSkippingClock(),
    givenMs,
    defaultMs,
    ...settings
  }: Partial<CallerSettings> & RetryBudgetSettings & { readonly clock?: SkippingClock } = {},
  more: Partial<ApiCall<Answer, string>> = {},
) {
  const events: ApiEvent[] = [];
  const call = makeCaller({
    endpoint,
    onEvent: (event) => events.push(event),
    pacer: new Pacer({}),
    budget: new RetryBudget({ clock, givenMs, defaultMs }),
    ...settings,
  });
  let attempts = 0;
  const run = (signal: AbortSignal = new AbortController().signal) =>
    call<Answer, string>(
      {
        operation: 'PutImage',
        repositoryName: 'app',
        send: async () => {
          const outcome = outcomes[Math.min(attempts, outcomes.length - 1)];
          attempts += 1;
          if (outcome === undefined || outcome instanceof Error) throw outcome;
          return outcome;
        },
        read: ({ value }) => value,
        ...more,
      },
      signal,
    );
  return { run, events, clock, countAttempts: () => attempts };
}

describe('failures that may pass', () => {
  test.each([
    ['throttling', exception('ThrottlingException')],
    ['ServerException', exception('ServerException', 500)],
    ['an unknown exception of status 5xx', exception('WeatherException', 503)],
    ['a proxy’s page of status 503', page(503)],
    ['a page of status 429', page(429)],
    ['an answer cut short', page(200)],
    ['an answer without its content', { $metadata: { httpStatusCode: 200 } }],
    ['a reset connection', reset()],
    ['a name that does not resolve', reset('ENOTFOUND')],
    ['a refused connection', reset('ECONNREFUSED')],
    ['a stalled connection', Object.assign(new Error('no byte'), { name: 'TimeoutError' })],
  ])('%s is retried', async (_name, outcome) => {
    const { run, events, countAttempts } = prepare([outcome, outcome, success]);
    expect(await run()).toBe('done');
    expect(countAttempts()).toBe(3);
    expect(events.map((event) => event.kind)).toEqual(['retry', 'retry', 'call']);
    expect(events.at(-1)).toMatchObject({ operation: 'PutImage', attempts: 3, requestId: 'r-ok' });
  });

  test('a broken HTTP answer is retried when the endpoint has answered before', async () => {
    const broken = reset('HPE_INVALID_CONSTANT');
    const { run, countAttempts } = prepare([success, broken, broken, success]);
    await run();
    expect(await run()).toBe('done');
    expect(countAttempts()).toBe(4);
  });

  test('a wrong clock is retried once, because the SDK then signs by the right one', async () => {
    const corrected = Object.assign(exception('InvalidSignatureException'), {
      $metadata: { clockSkewCorrected: true, httpStatusCode: 400 },
    });
    expect(await prepare([corrected, success]).run()).toBe('done');
    const { run, countAttempts } = prepare([corrected, corrected, success]);
    expect((await catchError(run)).code).toBe('AUTH');
    expect(countAttempts()).toBe(2);
  });

  test('a clock that was set right meanwhile is retried too, though the SDK does not report it', async () => {
    const expired = Object.assign(exception('InvalidSignatureException'), {
      message: 'Signature expired: 20260101T000000Z is now earlier than 20260101T050000Z',
    });
    expect(await prepare([expired, success]).run()).toBe('done');
    expect(await catchError(prepare([expired, expired]).run)).toMatchObject({
      code: 'AUTH',
      message: expect.stringContaining('The clock of this machine'),
    });
  });

  test('the wait that the answer asks for is kept', async () => {
    const outcomes = [exception('ThrottlingException', 400, { 'retry-after': '7' }), success];
    const { run, events, clock } = prepare(outcomes);
    await run();
    expect(clock.waitedMs).toEqual([7000]);
    expect(events[0]).toMatchObject({ kind: 'retry', delayMs: 7000, reason: 'ThrottlingException' });
  });

  test('a time to wait until is by the clock of the sender', async () => {
    const headers = {
      date: 'Wed, 21 Oct 2015 07:28:00 GMT',
      'retry-after': 'Wed, 21 Oct 2015 07:28:01 GMT',
    };
    const { run, events } = prepare([exception('ThrottlingException', 400, headers), success]);
    await run();
    expect(events[0]).toMatchObject({ kind: 'retry', delayMs: 1000 });
  });

  test('a body that takes longer to send than the budget is sent a few times, for slow links', async () => {
    const { run, countAttempts } = prepare([reset()], { givenMs: 0 }, { bodyBytes: 20_000 });
    expect((await catchError(run)).code).toBe('UNAVAILABLE');
    expect(countAttempts()).toBe(3);
  });

  test('a wait for an answer ends with the budget, whatever the number of attempts', async () => {
    const { run, countAttempts } = prepare([exception('ThrottlingException')], { givenMs: 0 });
    expect((await catchError(run)).code).toBe('UNAVAILABLE');
    expect(countAttempts()).toBe(1);
  });

  test('an attempt ends with the budget, of a small call and of one that is sent', async () => {
    const endless = () => new Promise<never>(() => undefined);
    const small = prepare([], { givenMs: 20 }, { send: endless });
    expect((await catchError(small.run)).message).toMatch(/no complete answer from \S+ .*\b0 s$/);
    const send = (_signal: AbortSignal, onSent: () => void) => {
      onSent();
      return endless();
    };
    const large = prepare([], { givenMs: 20, clock: runningClock }, { send, bodyBytes: 20_000 });
    expect((await catchError(large.run)).message).toMatch(/no complete answer from \S+ .*\b0 s$/);
    expect(large.events).toMatchObject([{ kind: 'call', attempts: 1 }]);
  });

  test.each([
    ['a web page', new UnexpectedAnswer('with a web page', 200, {})],
    ['a redirect', new UnexpectedAnswer('with a redirect to http://portal.test', 302, {})],
    ['no HTTP, of what has never answered', reset('HPE_INVALID_CONSTANT')],
  ])('%s is final after two attempts', async (_name, outcome) => {
    const { run, countAttempts } = prepare([outcome]);
    const error = await catchError(run);
    expect(error.code).toBe('UNAVAILABLE');
    expect(countAttempts()).toBe(2);
    if (outcome instanceof UnexpectedAnswer) {
      const { statusCode } = outcome.$response;
      expect(error.message).toBe(
        `PutImage: ${endpoint} returned HTTP ${statusCode} ${outcome.message}; this does not look like ECR Public`,
      );
      expect(error.hint).toContain('captive portal');
    }
  });

  test('a wait longer than the budget is not begun, and the error says how long it is', async () => {
    const outcomes = [exception('ThrottlingException', 400, { 'retry-after': '7200' })];
    const { run, countAttempts } = prepare(outcomes, { givenMs: 60_000 });
    const error = await catchError(run);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', hint: expect.stringContaining('7200 s') });
    expect(countAttempts()).toBe(1);
  });

  test('an attempt whose answer never ends is aborted', async () => {
    let attempts = 0;
    const asked: AbortSignal[] = [];
    const send = (signal: AbortSignal): Promise<Answer> => {
      attempts += 1;
      asked.push(signal);
      // As when bytes trickle: the watch for silence would never end it.
      return attempts === 1 ? new Promise(() => undefined) : Promise.resolve(success);
    };
    const limitAttempt = (bodyBytes: number) => bodyBytes / 1000;
    const { run, events } = prepare([], { limitAttempt }, { send, bodyBytes: 20_000 });
    expect(await run()).toBe('done');
    expect(asked.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(events[0]).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('no complete answer within'),
    });
  });

  test.each([true, false])(
    'the budget starts again with every call that succeeds: %s',
    async (progresses) => {
      const clock = makeSkippingClock();
      const budget = new RetryBudget({ givenMs: 100, clock });
      const call = makeCaller({ endpoint, budget, firstDelayMs: 1, pacer: new Pacer({}) });
      const { signal } = new AbortController();
      const succeed = () =>
        call<Answer, string>(
          { operation: 'InitiateLayerUpload', send: async () => success, read: ({ value }) => value },
          signal,
        );
      let attempts = 0;
      // Ten failures of 40 ms, four times the budget in all.
      const send = async () => {
        attempts += 1;
        if (attempts > 10) return success;
        clock.pass(40);
        if (progresses) await succeed();
        throw reset();
      };
      const done = call<Answer, string>({ operation: 'PutImage', send, read: ({ value }) => value }, signal);
      if (progresses) expect(await done).toBe('done');
      else expect((await catchError(() => done)).code).toBe('UNAVAILABLE');
    },
  );

  test.each([
    ['ENOTFOUND', 'the host name of http://127.0.0.1:1 cannot be resolved'],
    ['EAI_AGAIN', 'the host name of http://127.0.0.1:1 cannot be resolved'],
    ['ECONNREFUSED', 'nothing accepts connections at http://127.0.0.1:1'],
    ['ENETUNREACH', 'no route to http://127.0.0.1:1'],
    ['ETIMEDOUT', 'no answer from http://127.0.0.1:1'],
    ['TimeoutError', 'no answer from http://127.0.0.1:1'],
    ['ECONNRESET', 'the connection to http://127.0.0.1:1 broke'],
    ['HPE_INVALID_CONSTANT', 'the connection to http://127.0.0.1:1 broke'],
    ['CERT_HAS_EXPIRED', 'no trusted connection to http://127.0.0.1:1'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'no trusted connection to http://127.0.0.1:1'],
  ])('%s is explained as: %s', async (code, text) => {
    const error = await catchError(prepare([reset(code)], { givenMs: 0 }).run);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', operation: 'PutImage' });
    expect(error.message).toContain(text);
    expect(error.hint).toMatch(/^Check .*; then run it again: what is stored already is not sent again\.$/);
  });

  test('an attempt that the budget cuts short does not hide the reason of the one before', async () => {
    let attempts = 0;
    const send = () => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(reset('ECONNREFUSED')) : new Promise<never>(() => undefined);
    };
    const error = await catchError(prepare([], { givenMs: 200, clock: runningClock }, { send }).run);
    expect(attempts).toBeGreaterThan(1);
    expect(error.message).toContain('nothing accepts connections');
  });

  test('in the end the error says how often and where', async () => {
    const { run } = prepare([reset()], { givenMs: 0 }, { bodyBytes: 20_000 });
    const error = await catchError(run);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', operation: 'PutImage' });
    expect(error.message).toContain(endpoint);
    expect(error.message).toContain('3 attempts');
    expect(error.message).toContain('ECONNRESET');
  });
});

describe('failures that will not pass', () => {
  test.each([
    ['AccessDeniedException', 'AUTH'],
    ['UnrecognizedClientException', 'AUTH'],
    ['RepositoryNotFoundException', 'NOT_FOUND'],
    ['LimitExceededException', 'LIMIT'],
    ['InvalidParameterException', 'INVALID_INPUT'],
    ['RepositoryNotEmptyException', 'CONFLICT'],
    ['UnsupportedCommandException', 'UNAVAILABLE'],
    ['NeverHeardOfException', 'INVALID_INPUT'],
  ])('%s is %s at once', async (name, code) => {
    const { run, events, countAttempts } = prepare([exception(name)]);
    expect(await catchError(run)).toMatchObject({
      code,
      awsError: name,
      requestId: 'r-1',
      operation: 'PutImage',
    });
    expect(countAttempts()).toBe(1);
    expect(events).toEqual([expect.objectContaining({ kind: 'call', attempts: 1, error: name })]);
  });

  test('a page of status 403 is a proxy’s, not a denial', async () => {
    const error = await catchError(prepare([page(403)]).run);
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.awsError).toBeUndefined();
    expect(error.message).toContain('403');
    expect(error.message).not.toContain('Deserialization');
  });

  test('a certificate that is not trusted', async () => {
    const error = await catchError(prepare([reset('DEPTH_ZERO_SELF_SIGNED_CERT')]).run);
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message).toContain(endpoint);
  });

  test('an error of this program is INTERNAL', async () => {
    expect((await catchError(prepare([new TypeError('oops')]).run)).code).toBe('INTERNAL');
  });

  test('an EcrpError from inside is passed on', async () => {
    const error = new EcrpError('AUTH', 'no credentials');
    await expect(prepare([error]).run()).rejects.toBe(error);
  });
});

describe('an answer is read with what became of the attempts before', () => {
  const read = ({ value }: Answer, ambiguous: boolean) =>
    value && (ambiguous ? 'maybe done before' : 'not done before');

  test.each([
    ['no attempt before', [], 'not done before'],
    ['one that was refused before', [exception('ThrottlingException')], 'not done before'],
    ['one whose answer was lost before', [reset()], 'maybe done before'],
    ['one without its content before', [{ $metadata: { httpStatusCode: 200 } }], 'maybe done before'],
  ])('%s', async (_name, before, expected) => {
    expect(await prepare([...before, success], {}, { read }).run()).toBe(expected);
  });

  test('one before that its time limit ended', async () => {
    let attempts = 0;
    const send = async () => {
      attempts += 1;
      return attempts === 1 ? new Promise<never>(() => undefined) : success;
    };
    const limitAttempt = () => (attempts === 0 ? 1 : 60_000);
    expect(await prepare([], { limitAttempt }, { send, read }).run()).toBe('maybe done before');
  });
});

describe('exceptions that are answers', () => {
  const answers = {
    ImageAlreadyExistsException: (_exception: unknown, ambiguous: boolean) => (ambiguous ? 'ours' : 'theirs'),
  };

  test.each([
    ['no attempt before', [], 'theirs'],
    ['one that was refused before', [exception('ThrottlingException')], 'theirs'],
    ['one whose answer was lost before', [reset()], 'ours'],
    ['one that failed in the service before', [exception('ServerException', 500)], 'ours'],
    ['one with an unreadable answer before', [page(200)], 'ours'],
  ])('with %s', async (_name, before, expected) => {
    const outcomes = [...before, exception('ImageAlreadyExistsException')];
    const { run, events } = prepare(outcomes, {}, { answers });
    expect(await run()).toBe(expected);
    expect(events.at(-1)).toMatchObject({ kind: 'call', error: 'ImageAlreadyExistsException' });
  });

  test('may be errors after all', async () => {
    const { run } = prepare(
      [exception('RepositoryAlreadyExistsException')],
      {},
      {
        answers: { RepositoryAlreadyExistsException: () => undefined },
      },
    );
    expect((await catchError(run)).code).toBe('CONFLICT');
  });
});

describe('expired credentials', () => {
  test('are refreshed once, then the call continues', async () => {
    let refreshes = 0;
    const { run } = prepare([exception('ExpiredTokenException'), success], {
      refreshCredentials: async () => {
        refreshes += 1;
      },
    });
    expect(await run()).toBe('done');
    expect(refreshes).toBe(1);
  });

  test('that are still expired after that are an error', async () => {
    let refreshes = 0;
    const { run } = prepare([exception('ExpiredTokenException')], {
      refreshCredentials: async () => {
        refreshes += 1;
      },
    });
    expect(await catchError(run)).toMatchObject({ code: 'AUTH', awsError: 'ExpiredTokenException' });
    expect(refreshes).toBe(1);
  });

  test('that cannot change are an error at once', async () => {
    const { run, countAttempts } = prepare([exception('ExpiredTokenException')]);
    expect((await catchError(run)).code).toBe('AUTH');
    expect(countAttempts()).toBe(1);
  });
});

describe('an abort', () => {
  const reason = new EcrpError('INTERRUPTED', 'by you', { signal: 'SIGINT' });

  test('before: nothing is sent', async () => {
    const { run, countAttempts } = prepare([success]);
    await expect(run(AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(countAttempts()).toBe(0);
  });

  test('during a wait: it ends at once', async () => {
    const controller = new AbortController();
    const { run } = prepare([exception('ThrottlingException', 400, { 'retry-after': '30' })], {
      clock: runningClock,
      onEvent: () => setImmediate(() => controller.abort(reason)),
    });
    await expect(run(controller.signal)).rejects.toBe(reason);
  });

  test('during an attempt that does not listen, as one that waits for credentials', async () => {
    const controller = new AbortController();
    const send = (): Promise<Answer> => {
      setImmediate(() => controller.abort(reason));
      return new Promise(() => undefined);
    };
    await expect(prepare([], {}, { send }).run(controller.signal)).rejects.toBe(reason);
  });

  test('during an attempt: the reason is thrown, whatever the SDK says', async () => {
    const controller = new AbortController();
    const { run } = prepare(
      [],
      {},
      {
        send: async () => {
          controller.abort(reason);
          throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
        },
      },
    );
    await expect(run(controller.signal)).rejects.toBe(reason);
  });
});

test('retries of an endpoint that never answered end sooner', async () => {
  const unreached = prepare([reset('ENOTFOUND')]);
  expect((await catchError(unreached.run)).message).toContain('ENOTFOUND');
  expect(unreached.clock.nowMs()).toBeLessThanOrEqual(10_000);

  const reached = prepare([success, reset('ENOTFOUND')]);
  await reached.run();
  await catchError(reached.run);
  expect(reached.clock.nowMs()).toBeGreaterThan(30_000);
  expect(reached.clock.nowMs()).toBeLessThanOrEqual(60_000);
});
