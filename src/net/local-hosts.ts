import { BlockList, isIP } from 'node:net';

/** This machine, and what answers on its own link: instance metadata, and the credentials of containers. */
const local = new BlockList();
local.addSubnet('127.0.0.0', 8, 'ipv4');
local.addAddress('0.0.0.0', 'ipv4');
local.addSubnet('169.254.0.0', 16, 'ipv4');
local.addAddress('::1', 'ipv6');
local.addAddress('::', 'ipv6');
local.addSubnet('fd00:ec2::', 32, 'ipv6');

/**
 * Whether a host is never asked for through a proxy: the proxy would ask its own machine, and the keys of a role would pass through it in
 * clear. `host` is in lower case and without brackets.
 */
export function isLocalHost(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  const version = isIP(host);
  return version !== 0 && local.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** Whether a host is this machine, as `URL.hostname` writes it: in lower case, an IPv6 address in brackets. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
