/** Where a command line of a row runs. */
export interface Place {
  /** Differs in each run of a row, so that a run finds nothing of the runs before it: part of names of repositories. */
  readonly run: string;
  /** The working directory, empty at first, and the home. */
  readonly directory: string;
  readonly registryHost: string;
  readonly registryAlias: string;
  /** Of private ECR. */
  readonly privateHost: string;
}

/** A way to run a command, and how it ends. `drive-commands.ts` says what else must be true of each run. */
export interface CommandRow {
  /** Words of the command: `repo create`. */
  readonly command: string;
  /** What this row shows. */
  readonly what: string;
  /** What follows the words of the command. */
  readonly arguments: (place: Place) => readonly string[];
  /** Whole command lines that run before, and succeed. */
  readonly before?: (place: Place) => readonly (readonly string[])[];
  /** How those end. Default 0. */
  readonly beforeStatus?: number;
  /** Faults of the emulator while those run. */
  readonly faults?: readonly string[];
  /** The file that is standard input; by default it is empty. */
  readonly stdin?: string;
  /** Default 0. Other statuses print `error.json`, if `document` names no other. */
  readonly status?: number;
  /** The schema of its document, without `.json`. Default: the words of the command with hyphens. */
  readonly document?: string;
  /** The command runs until it is interrupted, which happens when it has printed its result. */
  readonly endless?: boolean;
}
