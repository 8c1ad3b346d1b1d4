import type { HttpAnswer } from '../net/send-request.ts';

/** A registry answered with a status that is neither a success nor a plain "not found". */
export class UnexpectedStatus extends Error {
  override readonly name = 'UnexpectedStatus';
  readonly status: number;
  /** The wait that the answer asks for. */
  readonly retryAfterMs: number | undefined;

  constructor({ status, headers }: HttpAnswer) {
    const isPage = headers['content-type']?.startsWith('text/html') ?? false;
    super(
      isPage || (status >= 300 && status < 400)
        ? `it returned HTTP ${status}${isPage ? ' with a web page' : ''}; this does not look like a registry`
        : `the registry returned HTTP ${status}`,
    );
    this.status = status;
    const seconds = headers['retry-after'] ?? '';
    this.retryAfterMs = /^\d{1,9}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
  }

  /** Whether the same request may succeed later. */
  get isTransient(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}
