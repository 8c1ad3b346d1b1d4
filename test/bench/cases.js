// Cases of the benchmark, and the targets of ecrp.

/** `bitsPerSecond` and `roundTripMs` are options of link.js. */
export const LINKS = {
  loopback: { title: 'loopback' },
  200: { title: '200 Mbit/s, 40 ms', bitsPerSecond: 200e6, roundTripMs: 40 },
  20: { title: '20 Mbit/s, 80 ms', bitsPerSecond: 20e6, roundTripMs: 80 },
};

export const SCENARIOS = {
  cold: 'first push',
  again: 'unchanged again',
  fresh: 'unchanged again, from a machine without any cache',
};

const CASES = [
  'big layout loopback cold',
  'big oci-tar loopback cold',
  'big docker loopback cold',
  'many layout loopback cold',
  'many oci-tar loopback cold',
  'many docker loopback cold',
  'many docker loopback again',
  'many docker loopback fresh',
  'small layout loopback cold',
  'small docker loopback cold',
  'tiny layout loopback cold',
  'tiny docker loopback cold',
  'big layout 200 cold',
  'many docker 200 cold',
  'many docker 200 again',
  'many docker 200 fresh',
  'small docker 200 cold',
  'tiny layout 200 cold',
  'many docker 20 cold',
  'many docker 20 again',
  'small docker 20 cold',
  'tiny layout 20 cold',
  'system layout loopback cold',
  'system docker loopback cold',
  'system-many docker 200 cold',
  'huge docker loopback again',
];

/** Lists the cases, each with a unique `key`. */
export function listCases() {
  return CASES.map((key) => {
    const [image, form, link, scenario] = key.split(' ');
    return { key, image, form, link, scenario };
  });
}

/** Layer uploads per second by the quotas for InitiateLayerUpload and CompleteLayerUpload. */
const UPLOADS_PER_SECOND = 10;
const PEERS = ['skopeo', 'podman', 'docker'];

/**
 * `measure` gets the medians of a case by client, each { seconds, storedBytes, … }, and the content of the image. It returns the figure, which
 * should be at most `most`, or undefined if a client is missing.
 */
export const TARGETS = [
  ...['big', 'many', 'system'].map((image) => ({
    key: `${image} layout loopback cold`,
    text: 'wall ≤ 1.0 × skopeo',
    most: 1,
    measure: against('skopeo'),
  })),
  {
    key: 'big layout 200 cold',
    text: 'wall ≤ 1.03 × line rate of its base64 bytes + 0.5 s',
    most: 1,
    measure: ({ ecrp }, image) => {
      const lineSeconds = (((sumSizes(image) * 4) / 3) * 8) / LINKS[200].bitsPerSecond;
      return ecrp && ecrp.seconds / (1.03 * lineSeconds + 0.5);
    },
  },
  ...['big docker loopback cold', 'system docker loopback cold'].flatMap((key) => [
    { key, text: 'wall ≤ 0.8 × skopeo', most: 0.8, measure: against('skopeo') },
    { key, text: 'wall ≤ 0.25 × docker', most: 0.25, measure: against('docker') },
    {
      key,
      text: 'size ≤ 1.03 × zlib level 6',
      most: 1.03,
      measure: ({ ecrp }, image) => ecrp && ecrp.storedBytes / sumSizes(image),
    },
    {
      key,
      text: 'zstd: wall ≤ 0.4 × skopeo (gzip)',
      most: 0.4,
      measure: against('skopeo', 'ecrp-zstd'),
    },
  ]),
  ...['many docker 200 cold', 'system-many docker 200 cold'].map((key) => ({
    key,
    text: 'wall ≤ 0.9 × the best peer',
    most: 0.9,
    measure: againstBest,
  })),
  { key: 'many docker 200 again', text: 'wall ≤ 0.6 × the best peer', most: 0.6, measure: againstBest },
  {
    key: 'huge docker loopback again',
    text: 'wall ≤ 0.35 s',
    most: 0.35,
    measure: ({ ecrp }) => ecrp?.seconds,
  },
  { key: 'many docker loopback fresh', text: 'wall ≤ 0.2 × skopeo', most: 0.2, measure: against('skopeo') },
  {
    key: 'start',
    text: '`ecrp --version` ≤ node + 40 ms',
    most: 40,
    measure: (medians) => (medians['ecrp --version'].seconds - medians['node -e 0'].seconds) * 1000,
  },
  {
    key: 'tiny layout 200 cold',
    text: 'wall ≤ 1.2 × what the quotas of 10/s allow',
    most: 1.2,
    // The config is one upload more. A bucket holds the requests of one second.
    measure: ({ ecrp }, { layers }) =>
      ecrp && ecrp.seconds / ((layers.length + 1 - UPLOADS_PER_SECOND) / UPLOADS_PER_SECOND),
  },
];

function against(peer, client = 'ecrp') {
  return (medians) => medians[client] && medians[peer] && medians[client].seconds / medians[peer].seconds;
}

function againstBest(medians) {
  const peers = PEERS.flatMap((peer) => medians[peer]?.seconds ?? []);
  return medians.ecrp && peers.length > 0 ? medians.ecrp.seconds / Math.min(...peers) : undefined;
}

function sumSizes({ layers }) {
  return layers.reduce((sum, { size }) => sum + size, 0);
}
