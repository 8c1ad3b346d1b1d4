import type { IncomingMessage } from 'node:http';
import { withDeadline } from '../../async/abort.ts';
import { EcrpError } from '../../errors.ts';
import { cutText } from '../../foreign-text.ts';
import { findJsonExcess, isObject } from '../../json.ts';
import { BodyTooLong, readBody } from '../../net/send-request.ts';
import type { Engine } from './open-engine.ts';

/** How long an engine may take for an answer that is not an image. */
const ANSWER_MS = 60_000;
/** Longest such answer, in bytes: a list of ten thousand images. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_REFUSAL_BYTES = 64 * 1024;
const MAX_MESSAGE = 1_000;

/** An answer with another status than 200. The message is the engine's. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Asks for a JSON document. Throws `EngineRefusal` for another status, INVALID_INPUT for an answer that is not such a document. */
export async function askEngine(engine: Engine, path: string, signal: AbortSignal): Promise<unknown> {
  const { connection } = engine;
  try {
    const bytes = await withDeadline(signal, ANSWER_MS, async (inner) => {
      const response = await connection.get(path, inner);
      if (response.statusCode !== 200) throw await readRefusal(response);
      return readBody(response, { maxBytes: MAX_ANSWER_BYTES });
    });
    const excess = findJsonExcess(bytes);
    if (excess !== undefined) throw refuseAnswer(engine, path, `it ${excess}`);
    return JSON.parse(bytes.toString());
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EngineRefusal || error instanceof EcrpError) throw error;
    if (error instanceof SyntaxError) throw refuseAnswer(engine, path, 'it is not JSON');
    if (error instanceof BodyTooLong) throw refuseAnswer(engine, path, error.message);
    throw explainLoss(engine, error);
  }
}

/** Reads why an engine refuses a request. */
export async function readRefusal(response: IncomingMessage): Promise<EngineRefusal> {
  const status = response.statusCode ?? 0;
  const body = await readBody(response, { maxBytes: MAX_REFUSAL_BYTES }).catch(() => Buffer.alloc(0));
  return new EngineRefusal(status, findMessage(body) ?? `it answered HTTP ${status}`);
}

/** The error for an engine that gives up in the midst of an answer. */
export function explainLoss({ connection, program }: Engine, cause: unknown): EcrpError {
  const words = cause instanceof Error ? cause.message : String(cause);
  return new EcrpError('UNAVAILABLE', `the engine at ${connection.name} broke off: ${words}`, {
    hint: `See whether it still runs (\`${program} version\`), then run the command again.`,
    cause,
  });
}

/** The error for an answer that no engine gives. */
export function refuseAnswer({ connection }: Engine, path: string, problem: string): EcrpError {
  const [place = path] = path.split('?');
  return new EcrpError(
    'INVALID_INPUT',
    `the engine at ${connection.name} gave an unusable answer to ${place}: ${problem}`,
    {
      hint: 'Check that DOCKER_HOST and the docker context name a Docker engine.',
    },
  );
}

/** Finds the engine's own words in the JSON of a refusal. */
function findMessage(body: Buffer): string | undefined {
  if (findJsonExcess(body) !== undefined) return undefined;
  try {
    const answer: unknown = JSON.parse(body.toString());
    return isObject(answer) && typeof answer.message === 'string' && answer.message !== ''
      ? cutText(answer.message, MAX_MESSAGE)
      : undefined;
  } catch {
    return undefined;
  }
}
