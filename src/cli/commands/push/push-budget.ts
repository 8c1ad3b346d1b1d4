/** How long a push retries without progress: what it has sent is worth more patience than a question. */
export const PUSH_BUDGET_MS = 5 * 60_000;
