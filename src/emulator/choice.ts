/** What the emulator does where AWS's documents contradict each other or are silent, on what ground, and what else it could be. */
export interface Choice<Value> {
  readonly value: Value;
  readonly source: string;
  readonly alternative: string;
}

export function choose<Value>(value: Value, source: string, alternative: string): Choice<Value> {
  return { value, source, alternative };
}
