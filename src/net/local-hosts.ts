import { BlockList, isIP } from 'node:net';

/** This machine, and the services on its own link: instance metadata, and the credentials of containers. */
const local = new BlockList();
local.addSubnet('127.0.0.0', 8, 'ipv4');
local.addAddress('0.0.0.0', 'ipv4');
local.addSubnet('169.254.0.0', 16, 'ipv4');
local.addAddress('::1', 'ipv6');
local.addAddress('::', 'ipv6');
local.addSubnet('fd00:ec2::', 32, 'ipv6');

/**
 * True for hosts that requests never reach through a proxy. The proxy would ask its own machine, and see the keys of a role.
 * `host` is in lower case and without brackets.
 */
export function isLocalHost(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  const version = isIP(host);
  return version !== 0 && local.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** True for this machine. `hostname` is in lower case, an IPv6 address in brackets, as `URL.hostname` gives it. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
