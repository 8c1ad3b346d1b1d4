import { EcrpError, type ErrorCode } from '../errors.ts';

const PASSING: readonly ErrorCode[] = ['UNAVAILABLE', 'AUTH', 'INTERRUPTED'];

/** Whether an upload can be gone on with after an error. After any other, what is kept of it may be what is wrong. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof EcrpError) || PASSING.includes(error.code);
}
