import { randomUUID } from 'node:crypto';
import { type JsonObject, parseObject } from '../json.ts';
import { ServiceError } from '../service-error.ts';
import { decodeBase64InPlace } from './base64.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Stands for the blob while the rest is parsed; no client can know it. */
const placeholder = randomUUID();

/**
 * Parses the body of a request, a JSON object; none counts as `{}`. With `blobMember`, that member of the object may come back as decoded bytes
 * instead of a string: a layer part is most of its request, and is decoded where it lies. `body` is then no longer what it was.
 * Throws SerializationException when it is no JSON object.
 */
export function parseBody(body: Buffer, blobMember?: string): JsonObject {
  const around = blobMember === undefined ? undefined : parseAroundBlob(body, blobMember);
  const whole = around ?? (body.length === 0 ? {} : parseObject(body.toString()));
  if (whole === undefined) {
    throw new ServiceError('SerializationException', 'Unexpected token received from parser');
  }
  return whole;
}

/** Undefined when the blob is not plainly there: then the body is as it was, and has to be parsed as a whole. */
function parseAroundBlob(body: Buffer, member: string): JsonObject | undefined {
  const start = findValue(body, member);
  if (start === undefined) return undefined;
  const end = body.indexOf(QUOTE, start);
  if (end < 0 || body.subarray(start, end).includes(BACKSLASH)) return undefined;
  const rest = parseObject(`${body.toString('utf8', 0, start)}${placeholder}${body.toString('utf8', end)}`);
  // Only when it is this string that the object's member has: not one of a nested object, nor the first of two.
  if (rest === undefined || !Object.hasOwn(rest, member) || rest[member] !== placeholder) return undefined;
  const decoded = decodeBase64InPlace(body, start, end);
  return decoded === undefined ? undefined : { ...rest, [member]: decoded };
}

/** Where the first string begins, after its quote, that seems to be the member's value. */
function findValue(body: Buffer, member: string): number | undefined {
  const name = `"${member}"`;
  const at = body.indexOf(name);
  if (at < 0) return undefined;
  const tail = body.toString('latin1', at + name.length, at + name.length + 16);
  const opening = /^\s*:\s*"/.exec(tail);
  return opening === null ? undefined : at + name.length + opening[0].length;
}
