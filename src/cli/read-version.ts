import metadata from '../../package.json' with { type: 'json' };

/** The version of the package; the bundle has it in itself. */
export function readVersion(): string {
  return metadata.version;
}
