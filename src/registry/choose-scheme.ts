/** Plain HTTP for loopback hosts, HTTPS for all others; as container tools do. */
export function chooseScheme(registryHost: string): 'http' | 'https' {
  const host = registryHost.replace(/:\d+$/, '').toLowerCase();
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host) ? 'http' : 'https';
}
