/** A behaviour for which AWS's documents contradict each other or are silent: its value, the source of the decision, and the alternative. */
export interface EmulatorChoice<Value> {
  readonly value: Value;
  readonly source: string;
  readonly alternative: string;
}

export function choose<Value>(value: Value, source: string, alternative: string): EmulatorChoice<Value> {
  return { value, source, alternative };
}
