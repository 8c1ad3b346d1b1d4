import { EcrpError } from '../errors.ts';
import { explainLocalFailure } from './local-failures.ts';

/** An interruption explains whatever was thrown after it; what is neither an EcrpError nor a failure of the machine is a bug. */
export function toEcrpError(thrown: unknown, signal: AbortSignal): EcrpError {
  if (signal.aborted && signal.reason instanceof EcrpError) return signal.reason;
  if (thrown instanceof EcrpError) return thrown.code === 'INTERNAL' ? reconsider(thrown) : thrown;
  const known = explainLocalFailure(thrown);
  if (known !== undefined) {
    const { code, message, hint } = known;
    return new EcrpError(code, message, { hint, cause: thrown });
  }
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new EcrpError('INTERNAL', `ecrp failed in a way it should not: ${message}`, {
    hint: 'This is a bug. Please report it with the command you ran and what it prints with --verbose.',
    cause: thrown,
  });
}

/** Another room may have taken a failure of the machine for a bug. */
function reconsider(error: EcrpError): EcrpError {
  const known = explainLocalFailure(error.cause);
  if (known === undefined) return error;
  const { operation, awsError, requestId, cause } = error;
  const message = operation === undefined ? known.message : `${operation}: ${known.message}`;
  return new EcrpError(known.code, message, { hint: known.hint, operation, awsError, requestId, cause });
}
