import { type Signer, signRequest } from './signed-request.ts';

// Makes requests that no SDK would send from valid ones. The same random numbers give the same requests.

export interface ValidRequest {
  readonly operation: string;
  readonly input: object;
}

export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

type Random = () => number;

const HOSTILE_VALUES: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 2 ** 31, 2 ** 53, 2 ** 63, 1e308, -1e308],
  ...['', ' ', '\0', '\ud800', 'é', '../../etc/passwd', '%2e%2e', 'x'.repeat(5000), '$(id)', '{{7*7}}'],
  ...[[], [[]], [null], {}, { __proto__: 1 }, { constructor: {} }, Array(200).fill('x'), nest(500)],
];
const PIECES = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '0',
  '-',
  '1e999',
  'null',
  '\0',
  'é',
  '\\u0000',
  '\\ud800',
];
const PATHS = [
  '/',
  '//',
  '/v2',
  '/v2/',
  '/v2/../',
  '/token/?scope=x',
  '/download/x.y',
  '/logo/x.png',
  '/%00',
  '/x?%',
];
const METHODS = ['POST', 'GET', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** What is behind `/v2/`. */
export interface MutatedRegistry {
  readonly scheme: 'Basic' | 'Bearer';
  readonly token: string;
  readonly repository: string;
}

/** Changes the input, text, headers or path of a valid request of the JSON API, or makes one for `/v2/`. */
export function mutateRequest(
  signer: Signer,
  valid: readonly ValidRequest[],
  random: Random,
  registry: MutatedRegistry,
): HostileRequest {
  const { operation, input } = pick(valid, random);
  const sign = (body: Buffer, target = operation): HostileRequest => {
    const headers = signRequest(signer, { operation: target, body });
    return { method: 'POST', path: '/', headers, body };
  };
  const whole = Buffer.from(JSON.stringify(input));
  const kinds: readonly (() => HostileRequest)[] = [
    () => sign(Buffer.from(JSON.stringify(alterTree(input, random)))),
    () => sign(Buffer.from(alterText(JSON.stringify(input), random))),
    () => sign(whole.subarray(0, Math.floor(random() * whole.length))),
    () =>
      sign(
        Buffer.from(`{"repositoryName":"x","repositoryName":${JSON.stringify(input)},${whole.subarray(1)}`),
      ),
    () => sign(whole, alterText(operation, random).replace(/[^\x21-\x7e]/g, '~')),
    () => alterHeaders(sign(whole), random),
    () => ({ ...sign(whole), method: pick(METHODS, random), path: pick(PATHS, random) }),
    () => makeRegistryRequest(registry, random),
  ];
  return pick(kinds, random)();
}

function pick<T>(from: readonly T[], random: Random): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}

function nest(depth: number): unknown {
  return depth === 0 ? 'deep' : [nest(depth - 1)];
}

/** Copies a value and changes, removes or adds one value inside. */
function alterTree(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.15) return pick(HOSTILE_VALUES, random);
  const entries = Object.entries(value);
  if (entries.length === 0) return { unknown: pick(HOSTILE_VALUES, random) };
  const at = Math.floor(random() * entries.length);
  const altered =
    random() < 0.1
      ? entries.filter((_, index) => index !== at)
      : entries.map(([name, member], index) => [name, index === at ? alterTree(member, random) : member]);
  return Array.isArray(value) ? altered.map(([, item]) => item) : Object.fromEntries(altered);
}

function alterText(text: string, random: Random): string {
  let altered = text;
  for (let edits = 1 + Math.floor(random() * 3); edits > 0; edits -= 1) {
    const at = Math.floor(random() * altered.length);
    altered = altered.slice(0, at) + pick(PIECES, random) + altered.slice(at + Math.floor(random() * 8));
  }
  return altered;
}

/** Makes the sent request differ from the signed one. */
function alterHeaders(request: HostileRequest, random: Random): HostileRequest {
  const name = pick([...Object.keys(request.headers), 'content-encoding', 'x-amz-security-token'], random);
  const { [name]: value = '', ...others } = request.headers;
  if (random() < 0.3) return { ...request, headers: others };
  // Clients refuse other bytes in headers.
  const altered = alterText(value, random).replace(/[^\x20-\xff]/g, '~');
  return { ...request, headers: { ...others, [name]: altered } };
}

function makeRegistryRequest({ scheme, token, repository }: MutatedRegistry, random: Random): HostileRequest {
  const digest = `sha256:${'0'.repeat(64)}`;
  const places = [
    'blobs/uploads/',
    `blobs/${digest}`,
    `manifests/${digest}`,
    'manifests/v1',
    'tags/list',
    `referrers/${digest}`,
  ];
  const path = `/v2/${repository}/${pick(places, random)}${pick(['', '?n=2', '?last=%', `?digest=${digest}`], random)}`;
  const altered =
    random() < 0.7 ? alterText(path.slice(1), random).replace(/[^\x21-\x7e]/g, '%00') : path.slice(1);
  return {
    method: pick(METHODS, random),
    path: `/${altered}`,
    headers: {
      authorization: `${scheme} ${random() < 0.8 ? token : alterText(token, random).replace(/[^\x21-\x7e]/g, '~')}`,
      ...(random() < 0.3 && { range: 'bytes=9-1', 'content-range': '5-1', 'content-type': 'x' }),
    },
    body: Buffer.from(alterText('{"schemaVersion":2,"layers":[]}', random)),
  };
}
