import { setTimeout as sleep } from 'node:timers/promises';
import { CONTENT_TYPE } from '../../wire/service.ts';
import type { Exchange } from '../exchange.ts';
import { expiredToken, ServiceError, throttled } from '../service-error.ts';
import type { Effect } from './fault-rules.ts';

const UNAVAILABLE_PAGE =
  '<html><head><title>503 Service Temporarily Unavailable</title></head><body><h1>503 Service Temporarily Unavailable</h1></body></html>\n';

/** Applies the effects that precede the operation. Returns true when one has replaced the answer. Throws the error that a rule asks for. */
export async function applyFaultsBefore(
  effects: readonly Effect[],
  exchange: Exchange,
  closing: AbortSignal,
): Promise<boolean> {
  for (const effect of effects) {
    switch (effect.kind) {
      case 'delay':
        if (await isInterrupted(effect.delayMs, closing)) {
          exchange.reset();
          return true;
        }
        break;
      case 'error':
        throw new ServiceError(effect.exception, 'Requested by a fault rule', membersOf(effect.exception));
      case 'throttle':
        throw throttled();
      case 'expired-token':
        throw expiredToken();
      case 'html-503':
        exchange.send(503, { 'content-type': 'text/html' }, UNAVAILABLE_PAGE);
        return true;
      case 'reset-before':
        exchange.reset();
        return true;
      case 'stall':
        // The connection stays open until the client or the emulator closes it.
        exchange.log(0);
        return true;
      default:
        break;
    }
  }
  return false;
}

/** KmsException has the code of KMS beside its message. This one is of a key that is disabled. */
function membersOf(exception: string): Readonly<Record<string, unknown>> {
  return exception === 'KmsException' ? { kmsError: 'DisabledException' } : {};
}

/** Waits. Resolves to true when the emulator closes meanwhile. */
async function isInterrupted(delayMs: number, closing: AbortSignal): Promise<boolean> {
  try {
    await sleep(delayMs, undefined, { signal: closing });
    return false;
  } catch {
    return true;
  }
}

/** Applies the effects that follow the operation. Returns the output to send. Undefined when an effect has replaced the answer. */
export function applyFaultsAfter(
  effects: readonly Effect[],
  exchange: Exchange,
  output: object,
): object | undefined {
  if (effects.some((effect) => effect.kind === 'reset-after')) {
    exchange.reset();
    return undefined;
  }
  const altered = effects.reduce<object>(alter, output);
  if (effects.some((effect) => effect.kind === 'cut-response')) {
    exchange.sendHalf(200, { 'content-type': CONTENT_TYPE }, JSON.stringify(altered));
    return undefined;
  }
  return altered;
}

function alter(output: object, effect: Effect): object {
  if (effect.kind === 'off-by-one')
    return mapMembers(output, { lastByteReceived: (byte) => Number(byte) + 1 });
  if (effect.kind !== 'wrong-digest') return output;
  return mapMembers(output, {
    layerDigest: turnDigest,
    image: (image) =>
      mapMembers(image, { imageId: (imageId) => mapMembers(imageId, { imageDigest: turnDigest }) }),
  });
}

/** Copies a value with some of its members changed. */
function mapMembers(value: unknown, changes: Readonly<Record<string, (member: unknown) => unknown>>): object {
  const entries = Object.entries(Object(value)).map(([name, member]) => [
    name,
    changes[name]?.(member) ?? member,
  ]);
  return Object.fromEntries(entries);
}

/** Makes another digest of the same form. */
function turnDigest(digest: unknown): string {
  return String(digest).replace(/[0-9a-f]$/, (last) => (last === '0' ? '1' : '0'));
}
