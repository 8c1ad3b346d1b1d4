/** Runs tasks in the order they come, at most as many at the same time as there are lanes. */
export type Lanes = <Result>(task: () => Promise<Result>) => Promise<Result>;

export function createLanes(count: number): Lanes {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
