import metadata from '../../package.json' with { type: 'json' };
import type { Outcome } from './outcome.ts';

/** The version of the package; the bundle has it in itself. */
export function readVersion(): string {
  return metadata.version;
}

/** What `ecrp version` and `ecrp --version` end in. */
export function showVersion(): Outcome {
  const version = readVersion();
  return { result: { version }, view: version };
}
