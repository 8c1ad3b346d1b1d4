/** What a JSON document is made of; `undefined` members are left out of it. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue };

export type JsonObject = { readonly [member: string]: JsonValue };

/** What a command gives back; `output.ts` prints one of the two forms. */
export interface Outcome {
  /** The members of the JSON document, `schemaVersion` excepted. Absent: nothing is printed with `--json`. */
  readonly result?: JsonObject | undefined;
  /** The plain text: one line, or several. A line that holds a line end is printed with an escape for it. Absent or empty: nothing is printed. */
  readonly view?: string | readonly string[] | undefined;
  /** Runs after the result is printed. An error of it goes to standard error as text, with `--json` too. */
  readonly afterwards?: (() => Promise<void>) | undefined;
  /** Only where it is not 0: the emulator ends with the status of the command it ran. */
  readonly exitStatus?: number | undefined;
}
