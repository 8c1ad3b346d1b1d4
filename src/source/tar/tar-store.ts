import type { ReadHints } from '../../ends/image-source.ts';
import { quoteText } from '../../foreign-text.ts';
import type { Digest } from '../../oci/digest.ts';
import { invalidInput } from '../../oci/json.ts';
import { type ByteFile, streamRange } from '../byte-file.ts';
import { describeEntry, digestBytes, type SourceStore } from '../source-store.ts';
import { clipExtents, fillHoles } from './fill-holes.ts';
import { indexTar, normalizeName, type TarEntry } from './tar-entries.ts';

/** Longest chain of links followed in an archive. */
const MAX_LINKS = 8;

/** The entries of a tar as named files. Links are followed inside the archive only. */
export interface TarStore extends SourceStore {
  /** Names of all entries, in their order, each once. */
  readonly names: readonly string[];
}

/** Indexes a tar. The store owns the file from then on: it is closed with the store, and if this throws. */
export async function openTarStore(file: ByteFile, signal?: AbortSignal): Promise<TarStore> {
  try {
    const entries = new Map<string, TarEntry>();
    const conflicts = new Set<string>();
    for (const entry of await indexTar(file, signal)) {
      const earlier = entries.get(entry.name);
      if (earlier === undefined) entries.set(entry.name, entry);
      else if (!(await isSameContent(file, earlier, entry, signal))) conflicts.add(entry.name);
    }
    return createTarStore(file, entries, conflicts);
  } catch (error) {
    file.close();
    throw error;
  }
}

function createTarStore(
  file: ByteFile,
  entries: ReadonlyMap<string, TarEntry>,
  conflicts: ReadonlySet<string>,
): TarStore {
  const resolve = (name: string): TarEntry | undefined => {
    const normal = normalizeName(name);
    let entry = normal === undefined ? undefined : entries.get(normal);
    for (let links = 0; entry !== undefined; links += 1) {
      const subject = describeEntry(file, entry.name);
      if (conflicts.has(entry.name)) {
        throw invalidInput(subject, 'the archive has it more than once, with different content');
      }
      if (entry.kind === 'file') return entry;
      if (entry.kind !== 'symlink' && entry.kind !== 'hardlink') {
        throw invalidInput(subject, 'not a regular file');
      }
      if (links === MAX_LINKS) {
        throw invalidInput(
          describeEntry(file, name),
          `its links form a circle, or a chain of more than ${MAX_LINKS}`,
        );
      }
      entry = followLink(entry, entries, subject);
    }
    return undefined;
  };
  return {
    path: file.path,
    names: [...entries.keys()],
    find(name) {
      const entry = resolve(name);
      return entry && { name: entry.name, size: entry.size };
    },
    async *open({ name }, start, end, reading) {
      const subject = describeEntry(file, name);
      const entry = resolve(name);
      if (entry === undefined) throw invalidInput(subject, 'it is missing');
      yield* streamEntry(file, entry, start, end, subject, reading);
    },
    async close() {
      file.close();
    },
  };
}

/**
 * Finds the target of a link. A hard link is relative to the archive's root, a symbolic link to the entry's directory. Some
 * writers confuse the two (google/go-containerregistry), so the other meaning is tried as well.
 */
function followLink(entry: TarEntry, entries: ReadonlyMap<string, TarEntry>, subject: string): TarEntry {
  const fromRoot = entry.target.startsWith('/') ? undefined : normalizeName(entry.target);
  const fromDirectory = entry.target.startsWith('/') ? undefined : joinToDirectory(entry.name, entry.target);
  const candidates = entry.kind === 'hardlink' ? [fromRoot, fromDirectory] : [fromDirectory, fromRoot];
  const inside = candidates.filter((candidate) => candidate !== undefined);
  const found = inside.map((candidate) => entries.get(candidate)).filter((target) => target !== undefined);
  // The caller counts links, so a link to itself ends there, unless its other meaning leads elsewhere.
  const next = found.find((target) => target !== entry) ?? found[0];
  if (next !== undefined) return next;
  const target = quoteText(entry.target);
  throw invalidInput(
    subject,
    inside.length === 0
      ? `it is a link to ${target}, which leads outside the archive`
      : `it is a link to ${target}, which is not in the archive`,
  );
}

/** Resolves the target of a link relative to the directory of its entry. */
function joinToDirectory(entryName: string, target: string): string | undefined {
  const slash = entryName.lastIndexOf('/');
  return normalizeName(slash === -1 ? target : `${entryName.slice(0, slash)}/${target}`);
}

/** Reads [start, end) of an entry. The holes of a sparse file are zeros. */
function streamEntry(
  file: ByteFile,
  entry: TarEntry,
  start: number,
  end: number,
  subject: string,
  reading?: ReadHints,
): AsyncIterable<Buffer> {
  if (entry.extents === undefined) {
    return streamRange(file, entry.start + start, entry.start + end, subject, reading);
  }
  const { storedStart, storedBytes, extents } = clipExtents(entry.extents, start, end);
  const from = entry.start + storedStart;
  return fillHoles(streamRange(file, from, from + storedBytes, subject, reading), extents, end - start);
}

/** Whether two entries of one name are the same. Writers that append to an archive repeat entries. */
async function isSameContent(
  file: ByteFile,
  a: TarEntry,
  b: TarEntry,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (a.kind !== b.kind || a.size !== b.size || a.target !== b.target) return false;
  const isHashed = ({ start, extents }: TarEntry) =>
    extents !== undefined || file.digestAt?.(start) !== undefined;
  if ([a, b].some(isHashed)) {
    return (await findDigest(file, a)) === (await findDigest(file, b));
  }
  const chunkBytes = 1024 * 1024;
  for (let at = 0; at < a.size; at += chunkBytes) {
    signal?.throwIfAborted();
    const length = Math.min(chunkBytes, a.size - at);
    const [left, right] = await Promise.all([
      file.read(a.start + at, length),
      file.read(b.start + at, length),
    ]);
    if (!left.equals(right)) return false;
  }
  return true;
}

async function findDigest(file: ByteFile, entry: TarEntry): Promise<Digest> {
  const known = file.digestAt?.(entry.start);
  if (known !== undefined) return known;
  return digestBytes(streamEntry(file, entry, 0, entry.size, describeEntry(file, entry.name)));
}
