import { BlockList, isIP } from 'node:net';

/** Where a request goes, as `no_proxy` looks at it. */
export interface Destination {
  /** In lower case, without brackets and without a trailing dot. */
  readonly host: string;
  readonly port: number;
}

/** Whether the entries of a `no_proxy` cover a destination. */
export type NoProxy = (destination: Destination) => boolean;

/**
 * Reads `no_proxy` as curl does: entries separated by commas or spaces. `*` covers everything; a host covers itself and all below it,
 * with or without a leading `.` or `*.`; `HOST:PORT` covers that port alone; `10.0.0.0/8` and `fd00::/8` cover addresses that are given as
 * such, as no name is looked up. What cannot be read covers nothing.
 */
export function parseNoProxy(text: string): NoProxy {
  const rules = text
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry) => parseEntry(entry.toLowerCase()));
  return (destination) => rules.some((covers) => covers(destination));
}

function parseEntry(entry: string): NoProxy {
  if (entry === '*') return () => true;
  const [, network, bits] = /^\[?([0-9a-f.:]+)\]?\/(\d{1,3})$/.exec(entry) ?? [];
  if (network !== undefined) return parseNetwork(network, Number(bits));
  const { host, port } = splitPort(entry);
  const coversPort = (destination: Destination): boolean => port === undefined || destination.port === port;
  if (isIP(host) !== 0) {
    const coversHost = parseNetwork(host, isIP(host) === 4 ? 32 : 128);
    return (destination) => coversPort(destination) && coversHost(destination);
  }
  const suffix = host.replace(/^\*?\./, '').replace(/\.$/, '');
  if (suffix === '') return () => false;
  return (destination) =>
    coversPort(destination) && (destination.host === suffix || destination.host.endsWith(`.${suffix}`));
}

/** An IPv6 address without brackets has no port. */
function splitPort(entry: string): { readonly host: string; readonly port: number | undefined } {
  const [, bracketed, bare, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(entry) ?? [];
  return { host: bracketed ?? bare ?? entry, port: port === undefined ? undefined : Number(port) };
}

function parseNetwork(network: string, bits: number): NoProxy {
  const version = isIP(network);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return () => false;
  const list = new BlockList();
  list.addSubnet(network, bits, version === 4 ? 'ipv4' : 'ipv6');
  return ({ host }) => isIP(host) !== 0 && list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}
