export interface BearerChallenge {
  readonly realm: string;
  readonly service?: string;
  readonly scope?: string;
}

/** Reads a `WWW-Authenticate: Bearer realm="…",service="…",scope="…"` header; undefined when it is none. */
export function parseBearerChallenge(header: string | undefined): BearerChallenge | undefined {
  const [, parameters] = /^Bearer\s+(.+)$/is.exec(header ?? '') ?? [];
  if (parameters === undefined) {
    return undefined;
  }
  const found = new Map<string, string>();
  for (const [, name, quoted, bare] of parameters.matchAll(/([a-z_]+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/gi)) {
    found.set((name ?? '').toLowerCase(), quoted ?? bare ?? '');
  }
  const realm = found.get('realm');
  if (realm === undefined || !URL.canParse(realm)) {
    return undefined;
  }
  const service = found.get('service');
  const scope = found.get('scope');
  return {
    realm,
    ...(service === undefined ? {} : { service }),
    ...(scope === undefined ? {} : { scope }),
  };
}
