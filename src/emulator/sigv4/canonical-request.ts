/** What of a received request is signed. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  /** Names and values in turns, as received (`rawHeaders` of node:http). */
  readonly rawHeaders: readonly string[];
  /** SHA-256 of the body, lower-case hexadecimal. */
  readonly bodyHash: string;
}

/** The canonical request of Signature Version 4, built from what was received; a signed header that is absent counts as empty. */
export function formatCanonicalRequest(request: ReceivedRequest, signedHeaders: readonly string[]): string {
  const [path = '/', query = ''] = splitOnce(request.url, '?');
  const headers = collectHeaders(request.rawHeaders);
  return [
    request.method,
    path,
    formatCanonicalQuery(query),
    ...signedHeaders.map((name) => `${name}:${headers.get(name)?.join(',') ?? ''}`),
    '',
    signedHeaders.join(';'),
    request.bodyHash,
  ].join('\n');
}

/** Values by lower-case name, trimmed and with runs of spaces made one. */
function collectHeaders(rawHeaders: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = (rawHeaders[at + 1] ?? '').trim().replace(/ +/g, ' ');
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  return headers;
}

/** Pairs sorted by encoded name, then value. Source: "Create a signed AWS API request", IAM user guide. */
function formatCanonicalQuery(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .map((pair) => {
      const [name = '', value = ''] = splitOnce(pair, '=');
      return { name: reencode(name), value: reencode(value) };
    })
    .sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');
}

/** Percent-encodes everything but RFC 3986's unreserved characters, whatever was encoded on arrival. */
function reencode(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    return text; // malformed escapes cannot have been signed as anything else
  }
  return encodeURIComponent(decoded).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
