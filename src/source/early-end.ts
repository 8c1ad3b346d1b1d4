import { EcrpError } from '../errors.ts';
import { invalidInput } from '../oci/json.ts';

/** Marks the errors for input that ends before it is whole. */
class EarlyEnd extends Error {}

/** The error for input that ends before it is whole; `subject` names the thing. */
export function refuseEarlyEnd(subject: string, problem: string, cause?: unknown): EcrpError {
  return invalidInput(subject, problem, {
    hint: 'The file is not whole: save or copy it again.',
    cause: new EarlyEnd(problem, { cause }),
  });
}

/**
 * The same error, for what a command writes into a pipe: a pipe that ends early mostly means that the command has failed. Any
 * other error comes back as it is.
 */
export function blamePipe(error: unknown): unknown {
  if (!(error instanceof EcrpError && error.cause instanceof EarlyEnd)) return error;
  return new EcrpError(error.code, error.message, {
    hint: 'Did the command before the pipe fail? Run it alone to see its error.',
    cause: error.cause,
  });
}
