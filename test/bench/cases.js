// Cases of the benchmark. targets.js has the targets of ecrp.

/** `bitsPerSecond` and `roundTripMs` are options of link.js. */
export const LINKS = {
  loopback: { title: 'loopback' },
  200: { title: '200 Mbit/s, 40 ms', bitsPerSecond: 200e6, roundTripMs: 40 },
  '200-tls': { title: '200 Mbit/s, 40 ms, TLS', bitsPerSecond: 200e6, roundTripMs: 40, isSecure: true },
  20: { title: '20 Mbit/s, 80 ms', bitsPerSecond: 20e6, roundTripMs: 80 },
};

/** What is pushed, where copies come from, what is pulled into. */
export const FORMS = {
  layout: 'OCI layout',
  'oci-tar': 'OCI tar',
  docker: 'docker-archive',
  registry: 'registry',
};

export const ACTIONS = { push: 'push', copy: 'copy', pull: 'pull' };

export const SCENARIOS = {
  cold: 'first time',
  again: 'unchanged again',
  fresh: 'unchanged again, from a machine without any cache',
};

/** Runs of large-layer.js. */
export const LARGE_LAYER_RUNS = {
  'pull-directory': 'pull, OCI directory',
  'pull-tar': 'pull, OCI tar',
  'pull-docker': 'pull, docker-archive',
  'pull-stdout': 'pull, docker-archive on standard output',
  'copy-api': 'copy',
  'copy-registry': 'copy, `--transport registry`',
};

const CASES = [
  'push big layout loopback cold',
  'push big oci-tar loopback cold',
  'push big docker loopback cold',
  'push many layout loopback cold',
  'push many oci-tar loopback cold',
  'push many docker loopback cold',
  'push many docker loopback again',
  'push many docker loopback fresh',
  'push small layout loopback cold',
  'push small docker loopback cold',
  'push tiny layout loopback cold',
  'push tiny docker loopback cold',
  'push big layout 200 cold',
  'push many layout 200 cold',
  'push many docker 200 cold',
  'push many docker 200-tls cold',
  'push big layout 200-tls cold',
  'push many layout 200-tls cold',
  'push many docker 200 again',
  'push many docker 200 fresh',
  'push small docker 200 cold',
  'push tiny layout 200 cold',
  'push many docker 20 cold',
  'push many docker 20 again',
  'push small docker 20 cold',
  'push tiny layout 20 cold',
  'push system layout loopback cold',
  'push system docker loopback cold',
  'push system-many docker 200 cold',
  'push huge docker loopback again',
  'copy big registry loopback cold',
  'copy many registry loopback cold',
  'copy platforms registry loopback cold',
  'copy tags registry loopback again',
  'copy big registry 200 cold',
  'copy many registry 200 cold',
  'copy platforms registry 200 cold',
  'copy tags registry 200 again',
  'copy big registry 200-tls cold',
  'copy many registry 200-tls cold',
  'copy platforms registry 200-tls cold',
  'copy tags registry 200-tls again',
  'pull big layout loopback cold',
  'pull many layout loopback cold',
  'pull big docker loopback cold',
  'pull many docker loopback cold',
  'pull big layout 200 cold',
  'pull many layout 200 cold',
  'pull big docker 200 cold',
  'pull many docker 200 cold',
  'pull big layout 200-tls cold',
  'pull many layout 200-tls cold',
  'pull big docker 200-tls cold',
  'pull many docker 200-tls cold',
];

/** Lists the cases, each with a unique `key`. */
export function listCases() {
  return CASES.map((key) => {
    const [action, image, form, link, scenario] = key.split(' ');
    return { key, action, image, form, link, scenario };
  });
}
