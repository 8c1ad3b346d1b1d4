import { EcrpError } from '../../errors.ts';
import { hideLogins, quoteText } from '../../foreign-text.ts';

/** Where an engine listens. */
export type EngineAddress = SocketAddress | TcpAddress | SshAddress;

/** A Unix socket, or a named pipe of Windows. */
interface SocketAddress {
  readonly kind: 'socket';
  readonly path: string;
}

interface TcpAddress {
  readonly kind: 'tcp';
  /** An IPv6 address has no brackets. */
  readonly host: string;
  readonly port: number;
  /** Stands before the paths of the API; empty or without a slash at its end. */
  readonly basePath: string;
  /** Undefined for plain HTTP. */
  readonly tls: EngineTls | undefined;
}

/** An engine that the program `docker` of another machine reaches. */
export interface SshAddress {
  readonly kind: 'ssh';
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** The engine's socket on that machine; undefined: the one that docker chooses there. */
  readonly socketPath: string | undefined;
}

/** PEM files of a TLS connection. */
export interface EngineTls {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  /** Whether the engine must prove who it is. */
  readonly verify: boolean;
}

/** Docker's own socket. */
export const DOCKER_SOCKET = '/var/run/docker.sock';
const DOCKER_PIPE = '//./pipe/docker_engine';
/** IANA's numbers for docker. */
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Parses an address as docker's CLI does (docker/cli, `opts/hosts.go` and `cli/connhelper`): `unix://PATH`, `npipe://PATH`,
 * `tcp://HOST[:PORT][/PATH]` or `ssh://[USER@]HOST[:PORT][/SOCKET]`. An absolute path alone is a socket, any other text a TCP host. Throws
 * USAGE for anything else.
 * @param from What sets the address, for messages: `DOCKER_HOST`.
 * @param tls For TCP; undefined for plain HTTP.
 */
export function parseEngineAddress(given: string, from: string, tls: EngineTls | undefined): EngineAddress {
  const text = given.trim();
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/is.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case 'unix':
      return makeSocket(rest || DOCKER_SOCKET, given, from);
    case 'npipe':
      return makeSocket((rest || DOCKER_PIPE).replaceAll('/', '\\'), given, from);
    case 'tcp':
    case 'http':
      return parseTcp(rest, given, from, tls);
    case 'ssh':
      return parseSsh(rest, given, from);
    case '':
      if (/^\.?\//.test(text)) return makeSocket(text, given, from);
      return parseTcp(text, given, from, tls);
    default:
      throw refuse(given, from, `${scheme} is not supported`);
  }
}

/** Formats an address as `DOCKER_HOST` has it. */
export function formatEngineAddress(address: EngineAddress): string {
  if (address.kind === 'socket') return `unix://${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  if (address.kind === 'tcp') return `tcp://${host}:${address.port}${address.basePath}`;
  const { user, port, socketPath = '' } = address;
  return `ssh://${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}${socketPath}`;
}

function makeSocket(path: string, given: string, from: string): SocketAddress {
  if (path.includes('\0') || path.includes('://'))
    throw refuse(given, from, 'it is not the path of a socket');
  return { kind: 'socket', path };
}

function parseTcp(rest: string, given: string, from: string, tls: EngineTls | undefined): TcpAddress {
  const url = parseUrl(`tcp://${rest || 'localhost'}`, given, from);
  if (url.username !== '' || url.password !== '') throw refuse(given, from, 'it contains a user');
  return {
    kind: 'tcp',
    host: bareHost(url),
    port: url.port === '' ? (tls === undefined ? PLAIN_PORT : TLS_PORT) : Number(url.port),
    basePath: url.pathname.replace(/\/+$/, ''),
    tls,
  };
}

function parseSsh(rest: string, given: string, from: string): SshAddress {
  const url = parseUrl(`ssh://${rest}`, given, from);
  if (url.password !== '') throw refuse(given, from, 'it contains a password, which ssh does not accept');
  if (url.search !== '' || url.hash !== '') throw refuse(given, from, 'it ends in a query or a fragment');
  return {
    kind: 'ssh',
    host: bareHost(url),
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    port: url.port === '' ? undefined : Number(url.port),
    socketPath: /^\/*$/.test(url.pathname) ? undefined : decodeURIComponent(url.pathname),
  };
}

function parseUrl(text: string, given: string, from: string): URL {
  try {
    const url = new URL(text);
    decodeURIComponent(url.username + url.pathname);
    if (url.hostname !== '') return url;
  } catch {}
  throw refuse(given, from, 'its host is missing or malformed');
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function refuse(given: string, from: string, problem: string): EcrpError {
  return new EcrpError(
    'USAGE',
    `${from}: ${quoteText(hideLogins(given))} is not the address of an engine: ${problem}`,
    {
      hint: 'Write unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST.',
    },
  );
}
