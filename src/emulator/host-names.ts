/** Whether a name means this machine wherever it is looked up. Source of `localhost` and what is below it: RFC 6761, section 6.3. */
export function isLoopbackName(name: string): boolean {
  return /^(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(name);
}

/** The name in a Host header, in lower case, without port and final dot; undefined when it is no host. */
export function readHostName(header: string | undefined): string | undefined {
  const [, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*))(?::\d{1,5})?$/i.exec(header ?? '') ?? [];
  return name?.toLowerCase().replace(/\.$/, '');
}

/** An address as a URL and a Host header have it. */
export function formatHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Whether an address means every interface of the machine. */
export function isAnyAddress(address: string): boolean {
  return address === '0.0.0.0' || /^[0:]+$/.test(address);
}
