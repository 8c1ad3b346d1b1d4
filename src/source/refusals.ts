import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';
import type { ArchivePacking } from './decoders.ts';
import { refuseEarlyEnd } from './early-end.ts';
import type { FileStore } from './file-store.ts';
import { isMangledText } from './mangled-text.ts';
import { detectFileType } from './packing.ts';

// Errors for what is not a source of images: what was found, and what would be taken.

const ACCEPTED =
  'ecrp takes what `docker save` writes, and OCI image layouts as a directory or a tar; tars also compressed with gzip or zstd.';

/** The error for a file that is not a tar; `packing` when it was unpacked already. */
export function refuseFile(
  { path, size }: { path: string; size: number },
  start: Buffer,
  packing?: ArchivePacking,
): EcrpError {
  const type = detectFileType(start);
  if (size === 0) return refuseEarlyEnd(path, 'there is nothing in it');
  if (isMangledText(start)) return refuseMangled(path);
  if (packing !== undefined) return refuse(path, `it is ${packing}-compressed, but not a tar archive inside`);
  if (type === 'zstd' || type === 'xz' || type === 'bzip2') {
    const command = { zstd: 'zstd -d', xz: 'xz -d', bzip2: 'bzip2 -d' }[type];
    const hint = `Unpack it first with \`${command}\`${type === 'zstd' ? ', or run ecrp with Node 22.15 or later' : ''}.`;
    return refuse(path, `compressed with ${type}, which is not read`, hint);
  }
  if (type === 'zip') return refuse(path, 'a zip file, not a tar archive');
  if (start.every((byte) => byte === 0)) return refuse(path, 'an empty tar archive, or a file of zeros');
  return refuse(path, 'not a tar archive (plain or compressed)');
}

/** The error for an archive that a shell has taken for text. */
export function refuseMangled(path: string): EcrpError {
  return refuse(
    path,
    "written by PowerShell's `>`, which turns an archive into text",
    'Let docker write the file: `docker save -o FILE NAME:TAG`.',
  );
}

/** The error for a tar that is neither a docker-archive nor an OCI layout. */
export function refuseTar({
  path,
  names,
}: {
  readonly path: string;
  /** Of its entries, in their order. */
  readonly names: readonly string[];
}): EcrpError {
  if (names.some((name) => /^[^/]+\/Chart\.yaml$/.test(name))) {
    return refuse(
      path,
      'a packaged Helm chart',
      'This version of ecrp pushes images; push a chart with `helm push`.',
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
      'saved by a Docker older than 1.10: there is no manifest.json in it',
      'Load it into a newer Docker, and save it again.',
    );
  }
  if (names.some((name) => /^(etc|bin|usr)(\/|$)/.test(name))) {
    const hint = 'Made by `docker export`? That is a file system without an image; use `docker save`.';
    return refuse(path, 'the tar of a file system, not of an image', hint);
  }
  // The first entry is often the folder that was packed, which has no name here.
  const first = names.find((name) => name !== '');
  const example = first === undefined ? '' : `; it begins with ${quoteText(first)}`;
  return refuse(path, `a tar archive without manifest.json or index.json${example}`);
}

/** The error for a directory that is not an OCI image layout. */
export function refuseDirectory({ path }: FileStore): EcrpError {
  return refuse(path, 'a directory without oci-layout and index.json, so not an OCI image layout');
}

function refuse(path: string, problem: string, hint = ACCEPTED): EcrpError {
  return new EcrpError('INVALID_INPUT', `${path}: ${problem}`, { hint });
}
