import { type ArchiveCompression, detectFileType } from '../compress/decoder.ts';
import { EcrpError } from '../errors.ts';
import { findErrorCode } from '../files/file-errors.ts';
import { quoteForShell, quoteText } from '../foreign-text.ts';
import { invalidInput } from '../oci/json.ts';

// The errors for inputs that are no source of images. Each says what was found, and what to do.

const ACCEPTED =
  'Give a `docker save` archive, an OCI image layout, as a directory or a tar, or a packaged Helm chart. Tars may be compressed with gzip or zstd.';

/** The error for a file that is not a tar. `start`: its first bytes. `compression`: that of the file, if they are decompressed already. */
export function refuseFile(path: string, start: Buffer, compression?: ArchiveCompression): EcrpError {
  const type = detectFileType(start);
  if (start.length === 0) {
    const problem =
      compression === undefined ? 'it is empty' : `it is ${compression}-compressed, but nothing is inside`;
    return refuseEarlyEnd(path, problem);
  }
  if (isMangledText(start)) return refuseMangled(path);
  if (compression !== undefined)
    return refuse(path, `it is ${compression}-compressed, but there is no tar archive inside`);
  if (type === 'zstd' || type === 'xz' || type === 'bzip2') {
    const command = { zstd: 'zstd -d', xz: 'xz -d', bzip2: 'bzip2 -d' }[type];
    const hint = `Unpack it first with \`${command}\`${type === 'zstd' ? ', or run ecrp with Node 22.15 or later' : ''}.`;
    return refuse(path, `compressed with ${type}, which is not supported`, hint);
  }
  if (type === 'zip') return refuse(path, 'a zip file, not a tar archive');
  if (start.every((byte) => byte === 0)) return refuse(path, 'an empty tar archive, or a file of zeros');
  return refuse(path, 'not a tar archive (plain or compressed)');
}

/** The error for an archive that a shell rewrote as text. */
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
  /** The names of its entries, in their order. */
  readonly names: readonly string[];
}): EcrpError {
  if (names.some((name) => /^[^/]+\/Chart\.yaml$/.test(name))) {
    return refuse(path, 'a Helm chart, not an image', pushPackaged('DIRECTORY'));
  }
  const nested = names.find((name) => /\/(manifest\.json|oci-layout)$/.test(name));
  if (nested !== undefined) {
    const folder = nested.slice(0, nested.lastIndexOf('/'));
    const hint = `Unpack it, then pack the content of the folder: \`tar -cf image.tar -C ${quoteForShell(folder)} .\``;
    return refuse(path, `its image is in a folder, ${quoteText(folder)}`, hint);
  }
  if (names.includes('repositories')) {
    return refuse(
      path,
      'saved by a Docker older than 1.10: it has no manifest.json',
      // Docker 29 cannot load it (moby/moby#50324).
      'Load it into a Docker before 29, and save it again.',
    );
  }
  if (names.some((name) => /^(etc|bin|usr)(\/|$)/.test(name))) {
    const hint = 'Use `docker save`: `docker export` writes a file system without an image.';
    return refuse(path, 'the tar of a file system, not of an image', hint);
  }
  // The first entry is often the packed folder itself, whose name is empty.
  const first = names.find((name) => name !== '');
  const example = first === undefined ? '' : `; it begins with ${quoteText(first)}`;
  return refuse(path, `a tar archive without manifest.json or index.json${example}`);
}

/** The error for a directory that is not an OCI image layout. */
export function refuseDirectory({
  path,
  find,
}: {
  readonly path: string;
  find(name: string): unknown;
}): EcrpError {
  if (find('Chart.yaml') !== undefined) {
    return refuse(path, 'a Helm chart that is not packaged', pushPackaged(quoteForShell(path)));
  }
  if (find('manifest.json') !== undefined) {
    // Source: containers/image, directory/directory_dest.go.
    if (find('version') === undefined) {
      const hint = `Pack it: tar -cf image.tar -C ${quoteForShell(path)} .`;
      return refuse(path, 'an unpacked `docker save` archive', hint);
    }
    const hint = `Copy it into a layout: skopeo copy --all ${quoteForShell(`dir:${path}`)} oci:layout:TAG`;
    return refuse(path, 'an image in the form of skopeo, `dir:`', hint);
  }
  return refuse(path, 'a directory without oci-layout and index.json, so not an OCI image layout');
}

function pushPackaged(directory: string): string {
  return `Package it, and push what that writes: \`helm package ${directory}\`, then \`ecrp push NAME-VERSION.tgz REPOSITORY\`.`;
}

function refuse(path: string, problem: string, hint = ACCEPTED): EcrpError {
  return new EcrpError('INVALID_INPUT', `${path}: ${problem}`, { hint });
}

/**
 * Whether a binary stream was decoded as text and written as UTF-8 or UTF-16, as PowerShell's `>` does. Such bytes are valid
 * text, but have control characters, or U+FFFD for bytes that were not text.
 */
export function isMangledText(bytes: Buffer): boolean {
  const mark = bytes.toString('hex', 0, 2);
  if (mark === 'fffe' || mark === 'feff') return true;
  // Text has no NUL, and a tar has no byte order mark.
  if (bytes.toString('hex', 0, 3) === 'efbbbf' && bytes.includes(0)) return true;
  const characters = [...(decodeWhole(bytes) ?? '')].map((character) => character.codePointAt(0) ?? 0);
  return characters.some((code) => code > 0x7f) && characters.some(isForeign);
}

/** Control characters that no text has. NUL, which fills tar headers, white space and escape do not count. */
function isForeign(code: number): boolean {
  return code === 0xfffd || (code > 0 && code < 0x20 && ![0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1b].includes(code));
}

/** Decodes UTF-8, without characters that are cut at either end. Undefined if it is not UTF-8. */
function decodeWhole(bytes: Buffer): string | undefined {
  let start = 0;
  while (start < Math.min(3, bytes.length) && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  for (let end = bytes.length; end > Math.max(start, bytes.length - 4); end -= 1) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(start, end));
    } catch {}
  }
  return undefined;
}

/** Marks the errors for input that ends too early. */
class EarlyEnd extends Error {}

/** The error for input that ends too early. `subject` names the input. */
export function refuseEarlyEnd(subject: string, problem: string, cause?: unknown): EcrpError {
  return invalidInput(subject, problem, {
    hint: 'Save or copy the file again: it is incomplete.',
    cause: new EarlyEnd(problem, { cause }),
  });
}

/**
 * Gives an error for input that ends too early the hint for a pipe: mostly the command that writes it has failed. Returns any
 * other error unchanged.
 */
export function blamePipe(error: unknown): unknown {
  if (!(error instanceof EcrpError && error.cause instanceof EarlyEnd)) return error;
  return new EcrpError(error.code, error.message, {
    hint: 'Run the command before the pipe alone to see whether it fails.',
    cause: error.cause,
  });
}

/** The error for a file that cannot be opened or read. */
export function refuseUnreadable(path: string, cause: unknown): EcrpError {
  if (cause instanceof EcrpError) return cause;
  const code = findErrorCode(cause) ?? String(cause);
  const refuse = (problem: string, hint: string) =>
    new EcrpError('INVALID_INPUT', `${path}: ${problem}`, { hint, cause });
  switch (code) {
    case 'ELOOP':
      return refuse('too many symbolic links on the way to it', 'Check where the links lead: `ls -l`.');
    case 'ENOENT':
    case 'ENOTDIR':
      return refuse(
        'no such file or directory',
        'Check the path; `docker save -o FILE NAME:TAG` makes an archive.',
      );
    case 'ENAMETOOLONG':
      return refuse('the name is too long for a file', 'Check the path.');
    case 'EACCES':
    case 'EPERM':
      return refuse('permission denied', 'Check the permissions of the file and of the folders above it.');
    case 'EISDIR':
      return refuse('a directory, not an archive', 'Give the path of an archive, or of an OCI image layout.');
    default:
      return refuse(
        `read error (${code})`,
        'Check the disk or the mount, or copy the file to another place.',
      );
  }
}
