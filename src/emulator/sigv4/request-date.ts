import { CHOICES } from '../choices.ts';
import { ServiceError } from '../service-error.ts';

/** How far a request's date may be from the server's; the texts below say it in minutes. */
const WINDOW_MS = CHOICES.signatureWindowMs.value;
const WINDOW_TEXT = `${WINDOW_MS / 60_000} min.`;

/** The date of the request in the basic form `YYYYMMDDTHHMMSSZ`: of `X-Amz-Date`, else of `Date`. Undefined when there is none that can be read. */
export function readRequestDate(
  amzDate: string | string[] | undefined,
  date: string | undefined,
): string | undefined {
  if (amzDate !== undefined) {
    return typeof amzDate === 'string' && !Number.isNaN(parseBasicDate(amzDate)) ? amzDate : undefined;
  }
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : formatBasicDate(time);
}

/** Throws InvalidSignatureException when the date is outside the window or not the scope's; `now` is in epoch milliseconds. */
export function checkClock(requestDate: string, scopeDate: string, now: number): void {
  if (!requestDate.startsWith(scopeDate) || scopeDate.length !== 8) {
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scopeDate}' != '${requestDate.slice(0, 8)}', from '${requestDate}'.`,
    );
  }
  const time = parseBasicDate(requestDate);
  const today = formatBasicDate(now);
  if (time < now - WINDOW_MS) {
    throw invalid(
      `Signature expired: ${requestDate} is now earlier than ${formatBasicDate(now - WINDOW_MS)} (${today} - ${WINDOW_TEXT})`,
    );
  }
  if (time > now + WINDOW_MS) {
    throw invalid(
      `Signature not yet current: ${requestDate} is still later than ${formatBasicDate(now + WINDOW_MS)} (${today} + ${WINDOW_TEXT})`,
    );
  }
}

/** `YYYYMMDDTHHMMSSZ` of epoch milliseconds. */
export function formatBasicDate(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** Epoch milliseconds; NaN when it is not of the basic form. */
function parseBasicDate(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidSignatureException', message);
}
