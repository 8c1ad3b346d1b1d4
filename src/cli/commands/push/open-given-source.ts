import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { ImageSource } from '../../../ends/image-source.ts';
import type { LayerIntake } from '../../../ends/layer-intake.ts';
import { openCompressedFile, openFifo } from '../../../source/byte-file.ts';
import { type OpenSourceOptions, openSource } from '../../../source/open-source.ts';
import { blamePipe } from '../../../source/refusals.ts';
import type { CommandContext } from '../../command-context.ts';
import { findSpoolLimit } from '../../directories.ts';
import type { PushRequest } from './request.ts';

const STANDARD_INPUT = 'standard input';

/** Opens the source of a push; the caller closes it. */
export async function openGivenSource(
  context: CommandContext,
  { source }: Pick<PushRequest, 'source'>,
): Promise<ImageSource> {
  const options = findSourceOptions(context);
  const given = findGivenStream(context, source);
  if (given === undefined) return openSource(resolve(context.io.cwd, source), options);
  const { openStreamSource } = await import('../../../source/open-stream.ts');
  return openWritten(() => openStreamSource(given.stream, given.name, options));
}

/** A source that is read once, and whose layers are sent while it arrives. */
export interface Arrival {
  /** For messages. */
  readonly name: string;
  /** Reads the source to its end; the caller closes it. */
  receive(intake: LayerIntake): Promise<ImageSource>;
  /** Closes what `receive` has not read; idempotent. */
  close(): void;
}

/** Finds out whether layers can be sent while the source arrives; undefined for a source that `openGivenSource` opens as a whole. */
export async function findArrival(
  context: CommandContext,
  request: PushRequest,
): Promise<Arrival | undefined> {
  const { io, messages } = context;
  const { source } = request;
  const obstacle = findObstacle(request);
  const reportSpool = (name: string): void =>
    messages.detail(`${name} goes into a temporary file before anything is sent: ${obstacle}`);
  const reportArrival = (name: string): void =>
    messages.detail(`the layers of ${name} are sent while it is read`);
  const options = findSourceOptions(context);
  const file = source === '-' ? undefined : await openCompressedFile(resolve(io.cwd, source));
  if (file !== undefined) {
    if (obstacle !== undefined) {
      file.close();
      reportSpool(file.path);
      return undefined;
    }
    reportArrival(file.path);
    const { openArrivingFile } = await import('../../../source/arriving/open-arriving.ts');
    const onReread = (reason: string): void =>
      messages.detail(`${file.path} is read again, into a temporary file: ${reason}`);
    return {
      name: file.path,
      receive: (intake) => openArrivingFile(file, intake, options, onReread),
      close: () => file.close(),
    };
  }
  if (obstacle !== undefined) {
    if (source === '-') reportSpool(STANDARD_INPUT);
    return undefined;
  }
  const given = findGivenStream(context, source);
  if (given === undefined) return undefined;
  const { name, stream } = given;
  reportArrival(name);
  const { openArrivingSource } = await import('../../../source/arriving/open-arriving.ts');
  return {
    name,
    receive: (intake) => openWritten(() => openArrivingSource(stream, name, intake, options)),
    close: () => stream.destroy(),
  };
}

/** Why the archive must be complete before anything may be sent. */
function findObstacle(request: PushRequest): string | undefined {
  const { target, all, image, selection, dryRun, ifExists } = request;
  const { reference, tags } = target;
  if (reference === undefined) return 'without a REFERENCE, its end says where it goes';
  if ([reference, ...tags].some((text) => text.includes('@'))) {
    return 'the digest of the reference is compared before anything is sent';
  }
  const needing = [
    all && '--all',
    image !== undefined && '--image',
    selection.platforms.length > 0 && '--platform',
    selection.attestations === 'drop' && '--attestations drop',
    selection.referrers === 'drop' && '--referrers drop',
    dryRun && '--dry-run',
    ifExists !== 'overwrite' && `--if-exists ${ifExists}`,
  ];
  const given = needing.find((option) => typeof option === 'string');
  return given === undefined ? undefined : `${given} needs the whole of it`;
}

/** Throws USAGE as `findSpoolLimit`. */
function findSourceOptions({ io }: CommandContext): OpenSourceOptions {
  const temporaryDirectory = io.env.TMPDIR || tmpdir();
  const maxSpoolBytes = findSpoolLimit(io, temporaryDirectory);
  return { signal: io.signal, temporaryDirectory, maxSpoolBytes };
}

/** Standard input, or a FIFO as `<(docker save NAME:TAG)` gives one; undefined for any other source. */
function findGivenStream(
  { io }: CommandContext,
  source: string,
): { readonly name: string; readonly stream: Readable } | undefined {
  if (source === '-') return { name: STANDARD_INPUT, stream: io.stdin };
  const stream = openFifo(resolve(io.cwd, source));
  return stream && { name: source, stream };
}

/** Opens what a command writes. When that ends early, the error says where to look. */
async function openWritten(open: () => Promise<ImageSource>): Promise<ImageSource> {
  try {
    return await open();
  } catch (error) {
    throw blamePipe(error);
  }
}
