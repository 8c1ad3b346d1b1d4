import { tmpdir } from 'node:os';
import type { ImageTarget } from '../../../ends/image-target.ts';
import type { PushPlan } from '../../../engine/plan/push-plan.ts';
import { EcrpError } from '../../../errors.ts';
import { keepDirectory } from '../../../files/kept-directory.ts';
import type { Digest } from '../../../oci/digest.ts';
import type { LayoutName } from '../../../oci/layout-index.ts';
import { type ArchivedImage, DockerArchive } from '../../../target/docker-archive.ts';
import { openLayoutDirectory } from '../../../target/layout-directory.ts';
import { openLayout } from '../../../target/layout-place.ts';
import { openLayoutTar } from '../../../target/layout-tar.ts';
import { openTarFile, openTarStream, type TarPlace } from '../../../target/tar-place.ts';
import type { CommandContext } from '../../command-context.ts';
import { findSpoolLimit } from '../../directories.ts';
import { formatBytes } from '../../format.ts';
import { writeText } from '../../write-text.ts';
import type { Destination } from './destination.ts';

/** What comes into the destination. */
export interface PulledThing {
  readonly root: Digest;
  /** Undefined: it has no tag. */
  readonly name: LayoutName | undefined;
  /** Of a docker-archive. */
  readonly archived: ArchivedImage | undefined;
  readonly plan: PushPlan;
}

export interface OpenTarget {
  readonly target: ImageTarget;
  /** Frees all. Returns where an interrupted pull left what it has fetched; undefined if there is nothing. */
  close(): Promise<string | undefined>;
}

/** The reader of standard output has gone away. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** Opens the destination. Makes a missing directory, and a place for what is fetched. Throws INVALID_INPUT if that has too little room. */
export async function openTarget(
  context: CommandContext,
  destination: Destination,
  thing: PulledThing,
): Promise<OpenTarget> {
  if (destination.kind === 'directory') return openDirectory(context, destination.path, thing);
  const place =
    destination.kind === 'stream' ? openStream(context, thing) : await openTarFile(destination.target);
  return openTar(context, place, thing);
}

async function openDirectory(
  { io }: CommandContext,
  path: string,
  { root, name }: PulledThing,
): Promise<OpenTarget> {
  const { staging, removeEmpty } = await openLayout(path, io.signal);
  return {
    target: openLayoutDirectory({ path, staging: staging.path, root, name }),
    async close() {
      const kept = staging.release();
      if (kept === undefined) await removeEmpty();
      return kept;
    },
  };
}

function openTar({ io }: CommandContext, place: TarPlace, { archived, root, name }: PulledThing): OpenTarget {
  if (archived === undefined)
    return { target: openLayoutTar(place, { root, name }), close: () => place.close() };
  const target = new DockerArchive(place, archived, io.signal);
  return {
    target,
    async close() {
      await target.close();
      return place.close();
    },
  };
}

/** Layers go to the disk before they go to a stream, because a tar states the size of an entry first. */
function openStream({ io }: CommandContext, { plan, root }: PulledThing): TarPlace {
  const directory = io.env.TMPDIR || tmpdir();
  const bytes = plan.blobs.reduce(
    (sum, blob) => sum + ('sourceBytes' in blob ? blob.sourceBytes : blob.content.size),
    0,
  );
  const mostBytes = findSpoolLimit(io, directory);
  if (bytes > mostBytes) {
    throw new EcrpError(
      'INVALID_INPUT',
      `the image has ${formatBytes(bytes)}, more than the ${formatBytes(mostBytes)} that it may use in ${directory} on its way`,
      {
        hint: 'Set TMPDIR to a disk with more room, set ECRP_SPOOL_LIMIT to a size such as 20G, or name a file.',
      },
    );
  }
  const user = process.getuid?.() ?? '';
  const kept = keepDirectory(
    directory,
    `ecrp-pull-${user}-${root.slice('sha256:'.length, 'sha256:'.length + 16)}`,
  );
  return openTarStream(async (chunk) => {
    if (!(await writeText(io.stdout, chunk))) throw new ReaderGone();
  }, kept);
}
