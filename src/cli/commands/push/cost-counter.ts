import type { ApiEvent } from '../../../ecr/api-call.ts';

export interface PushCosts {
  readonly apiCalls: number;
  readonly retries: number;
  readonly durationMs: number;
}

/** Counts what each image of a push costs: all images share one client. */
export class CostCounter {
  #apiCalls = 0;
  #retries = 0;
  #sinceMs = performance.now();

  noteCall({ kind }: ApiEvent): void {
    if (kind === 'call') this.#apiCalls += 1;
    else this.#retries += 1;
  }

  noteRetry(): void {
    this.#retries += 1;
  }

  /** The costs since the last call, or since the start. */
  take(): PushCosts {
    const durationMs = Math.round(performance.now() - this.#sinceMs);
    const costs = { apiCalls: this.#apiCalls, retries: this.#retries, durationMs };
    this.#apiCalls = 0;
    this.#retries = 0;
    this.#sinceMs += durationMs;
    return costs;
  }
}
