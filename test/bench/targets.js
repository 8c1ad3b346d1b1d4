// The targets of ecrp.

import { LARGE_LAYER_RUNS, LINKS } from './cases.js';
import { MIB } from './layers.js';

/** Layer uploads per second by the quotas for InitiateLayerUpload and CompleteLayerUpload. */
const UPLOADS_PER_SECOND = 10;
/** What the targets of pushes through the API were set against. */
const ENGINES = ['skopeo', 'podman', 'docker'];
const PEERS = [...ENGINES, 'crane', 'oras', 'regctl'];

/** For `≤ 1.0 ×`, because medians vary. */
const EQUAL = 1.03;

/**
 * `measure` gets the medians of a case by client, each { seconds, storedBytes, … }, the content of the image, and the cost of the exchanges of a push
 * in seconds (exchanges.js). It returns the figure, which should be at most `most`, or undefined if a client is missing.
 */
export const TARGETS = {
  /** Pushes through the API. */
  api: [
    ...['big', 'many', 'system'].map((image) => ({
      key: `push ${image} layout loopback cold`,
      text: 'wall ≤ 1.0 × skopeo',
      most: 1,
      measure: against('skopeo'),
    })),
    {
      key: 'push big layout 200 cold',
      text: 'wall ≤ 1.03 × line rate of its base64 bytes + 0.5 s',
      most: 1,
      measure: ({ ecrp }, image) => {
        const lineSeconds = (((sumSizes(image) * 4) / 3) * 8) / LINKS[200].bitsPerSecond;
        return ecrp && ecrp.seconds / (1.03 * lineSeconds + 0.5);
      },
    },
    ...['push big docker loopback cold', 'push system docker loopback cold'].flatMap((key) => [
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
    ...['push many docker 200 cold', 'push system-many docker 200 cold'].map((key) => ({
      key,
      text: 'wall ≤ 0.9 × the best peer',
      most: 0.9,
      measure: againstBest('ecrp', ENGINES),
    })),
    {
      key: 'push many docker 200 again',
      text: 'wall ≤ 0.6 × the best peer',
      most: 0.6,
      measure: againstBest('ecrp', ENGINES),
    },
    {
      key: 'push huge docker loopback again',
      text: 'wall ≤ 0.35 s',
      most: 0.35,
      measure: ({ ecrp }) => ecrp?.seconds,
    },
    {
      key: 'push many docker loopback fresh',
      text: 'wall ≤ 0.2 × skopeo',
      most: 0.2,
      measure: against('skopeo'),
    },
    {
      key: 'start',
      text: '`ecrp --version` ≤ node + 40 ms',
      most: 40,
      measure: (medians) => (medians['ecrp --version'].seconds - medians['node -e 0'].seconds) * 1000,
    },
    {
      key: 'push tiny layout 200 cold',
      text: 'wall ≤ 1.2 × what the quotas of 10/s allow',
      most: 1.2,
      // The config is one upload more. A bucket holds the requests of one second.
      measure: ({ ecrp }, { layers }) =>
        ecrp && ecrp.seconds / ((layers.length + 1 - UPLOADS_PER_SECOND) / UPLOADS_PER_SECOND),
    },
  ],
  /** Raw pushes, copies and pulls: any registry in, any registry out. */
  registries: [
    ...['big', 'many'].flatMap((image) => [
      {
        key: `push ${image} layout loopback cold`,
        text: 'raw: wall ≤ 1.0 × the best peer',
        most: EQUAL,
        measure: againstBest('ecrp-raw'),
      },
      ...['200', '200-tls'].map((link) => ({
        key: `push ${image} layout ${link} cold`,
        text: 'raw: wall ≤ 1.03 × line rate + 0.4 s + two handshakes, the token and four calls',
        most: 1,
        measure: ({ 'ecrp-raw': raw }, content, exchangeSeconds) => {
          const lineSeconds = (sumSizes(content) * 8) / LINKS[link].bitsPerSecond;
          return raw && raw.seconds / (1.03 * lineSeconds + 0.4 + exchangeSeconds);
        },
      })),
    ]),
    ...['200', '200-tls'].map((link) => ({
      key: `push many docker ${link} cold`,
      text: 'raw: wall ≤ 0.9 × the best peer',
      most: 0.9,
      measure: againstBest('ecrp-raw'),
    })),
    {
      key: 'push tiny layout 200 cold',
      text: 'raw: wall ≤ 1.0 × the best peer',
      most: EQUAL,
      measure: againstBest('ecrp-raw'),
    },
    ...['loopback', '200', '200-tls'].flatMap((link) => [
      ...['big', 'many', 'platforms'].map((image) => ({
        key: `copy ${image} registry ${link} cold`,
        text: 'raw: wall ≤ 1.0 × the best peer',
        most: EQUAL,
        measure: againstBest('ecrp-raw'),
      })),
      {
        key: `copy tags registry ${link} again`,
        text: 'wall ≤ 0.5 × the best peer',
        most: 0.5,
        measure: againstBest('ecrp'),
      },
      ...['big layout', 'many layout'].map((what) => ({
        key: `pull ${what} ${link} cold`,
        text: 'wall ≤ 1.0 × the best peer',
        most: EQUAL,
        measure: againstBest('ecrp'),
      })),
      // The others write compressed layers into a docker-archive.
      ...['big docker', 'many docker'].map((what) => ({
        key: `pull ${what} ${link} cold`,
        text: 'wall ≤ 1.0 × skopeo',
        most: EQUAL,
        measure: against('skopeo'),
      })),
    ]),
    ...Object.keys(LARGE_LAYER_RUNS).map((name) => ({
      key: `large ${name}`,
      text: 'peak ≤ 200 MB',
      most: 200,
      measure: ({ ecrp }) => (ecrp.peakMib * MIB) / 1e6,
    })),
  ],
};

function against(peer, client = 'ecrp') {
  return (medians) => medians[client] && medians[peer] && medians[client].seconds / medians[peer].seconds;
}

function againstBest(client, among = PEERS) {
  return (medians) => {
    const peers = among.flatMap((peer) => medians[peer]?.seconds ?? []);
    return medians[client] && peers.length > 0 ? medians[client].seconds / Math.min(...peers) : undefined;
  };
}

function sumSizes({ layers }) {
  return layers.reduce((sum, { size }) => sum + size, 0);
}
