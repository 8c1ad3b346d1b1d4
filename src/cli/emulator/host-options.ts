import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';

/** An address of this machine. */
export function parseAddress(text: string): string {
  const address = text === 'localhost' ? '127.0.0.1' : text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) === 0) {
    throw new InvalidArgumentError('It must be an IP address such as 0.0.0.0. Names go to --allow-host.');
  }
  return address;
}

/** Adds one occurrence of `--allow-host` to those before it; an address of IPv6 gets the brackets that a Host header has. */
export function collectHostNames(text: string, previous: readonly string[] = []): readonly string[] {
  const name = isIP(text) === 6 ? `[${text}]` : text.replace(/\.$/, '');
  if (!/^(?:\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9_.-]*)$/i.test(name)) {
    throw new InvalidArgumentError('It must be a host name or an address, without scheme, port and path.');
  }
  return [...previous, name];
}
