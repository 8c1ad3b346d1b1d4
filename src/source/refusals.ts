import { EcrpError } from '../errors.ts';
import { quoteText } from '../oci/json.ts';
import type { ArchivePacking } from './decoders.ts';
import type { FileStore } from './file-store.ts';
import { detectFileType } from './packing.ts';
import type { TarStore } from './tar-store.ts';

// Errors for what is no source of images: what was found, and what would be taken.

const ACCEPTED =
  'ecrp takes what `docker save` writes, and OCI image layouts as a directory or a tar, tars also compressed with gzip or zstd.';

/** The error for a file that is no tar; `packing` when it was unpacked already. */
export function refuseFile(
  { path, size }: { path: string; size: number },
  start: Buffer,
  packing?: ArchivePacking,
): EcrpError {
  const type = detectFileType(start);
  if (size === 0) return refuse(path, 'it is empty');
  if (packing !== undefined) return refuse(path, `it is ${packing}-compressed, but what is inside is no tar`);
  if (type === 'zstd' || type === 'xz' || type === 'bzip2') {
    const command = { zstd: 'zstd -d', xz: 'xz -d', bzip2: 'bzip2 -d' }[type];
    const hint = `Unpack it first with \`${command}\`${type === 'zstd' ? ', or run ecrp with Node 22.15 or later' : ''}.`;
    return refuse(path, `it is ${type}-compressed`, hint);
  }
  if (type === 'zip') return refuse(path, 'it is a zip file');
  if (start.every((byte) => byte === 0)) return refuse(path, 'it is an empty tar, or a file of zeros');
  return refuse(path, 'it is no tar, gzipped or plain');
}

/** The error for a tar that is neither a docker-archive nor an OCI layout. */
export function refuseTar(store: TarStore): EcrpError {
  const { path, names } = store;
  if (names.some((name) => /^[^/]+\/Chart\.yaml$/.test(name))) {
    return refuse(
      path,
      'it is a packaged Helm chart',
      'This version of ecrp pushes images; use `helm push` for charts.',
    );
  }
  const nested = names.find((name) => /\/(manifest\.json|oci-layout)$/.test(name));
  if (nested !== undefined) {
    const folder = quoteText(nested.slice(0, nested.lastIndexOf('/')));
    const hint = 'Pack what is in the folder, not the folder: `tar -cf image.tar -C FOLDER .`';
    return refuse(path, `its image lies in a folder, ${folder}`, hint);
  }
  if (names.includes('repositories')) {
    return refuse(
      path,
      'it was saved by a Docker older than 1.10: it has no manifest.json',
      'Load it and save it again.',
    );
  }
  if (names.some((name) => /^(etc|bin|usr)(\/|$)/.test(name))) {
    const hint = 'Made by `docker export`? That is a file system without an image; use `docker save`.';
    return refuse(path, 'it is the tar of a file system, not of an image', hint);
  }
  const example = names[0] === undefined ? '' : `; it begins with ${quoteText(names[0])}`;
  return refuse(path, `it is a tar without manifest.json or index.json${example}`);
}

/** The error for a directory that is no OCI image layout. */
export function refuseDirectory({ path }: FileStore): EcrpError {
  return refuse(path, 'it is a directory without oci-layout and index.json, so no OCI image layout');
}

function refuse(path: string, problem: string, hint = ACCEPTED): EcrpError {
  return new EcrpError('INVALID_INPUT', `${path}: ${problem}`, { hint });
}
