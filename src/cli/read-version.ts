import metadata from '../../package.json' with { type: 'json' };

/** The version of the package. The bundle contains it. */
export function readVersion(): string {
  return metadata.version;
}
