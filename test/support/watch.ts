/** Waits for a state without polling: the code that changes the state reports it. */
export interface Watch {
  /** Call it after each change. */
  readonly changed: () => void;
  /** Settles as soon as `isReached` is true, now or after a change. `act` runs before `changed` returns. */
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
