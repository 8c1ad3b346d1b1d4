import metadata from '../../package.json' with { type: 'json' };

/** Names ecrp in every request. The SDK adds it to its own names. */
export const USER_AGENT = `ecrp/${metadata.version}`;
