/** Waits for a state without asking again and again: whoever changes it says so. */
export interface Watch {
  /** To be called after each change. */
  readonly changed: () => void;
  /** Settles as soon as `isReached` is true after a change, or now; `act` runs before `changed` returns. */
  readonly until: (isReached: () => boolean, act?: () => void) => Promise<void>;
}

export function makeWatch(): Watch {
  const watchers = new Set<() => void>();
  return {
    changed: () => {
      for (const watch of [...watchers]) watch();
    },
    until: (isReached, act) =>
      new Promise((resolve) => {
        const watch = (): void => {
          if (!isReached()) return;
          watchers.delete(watch);
          act?.();
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
  };
}
