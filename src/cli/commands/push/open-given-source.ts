import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { ImageSource } from '../../../ends/image-source.ts';
import { openCompressedFile, openFifo } from '../../../source/byte-file.ts';
import { openSource } from '../../../source/open-source.ts';
import { blamePipe } from '../../../source/refusals.ts';
import type { CommandContext } from '../../command-context.ts';
import { type Arrival, type BegunSource, findObstacle, findSourceOptions } from './arrival.ts';
import { namesEngineImage } from './check-source.ts';
import type { PushRequest } from './request.ts';

const STANDARD_INPUT = 'standard input';

/** Opens the source of a push; the caller closes it. */
export async function openGivenSource(context: CommandContext, request: PushRequest): Promise<ImageSource> {
  const { source } = request;
  if (namesEngineImage(source))
    return (await import('./engine-source.ts')).openEngineSource(context, request);
  const options = findSourceOptions(context);
  const given = findGivenStream(context, source);
  if (given === undefined) return openSource(resolve(context.io.cwd, source), options);
  const { openStreamSource } = await import('../../../source/open-stream.ts');
  return openWritten(() => openStreamSource(given.stream, given.name, options));
}

/** Opens the source of a push, unless its layers can be sent while it arrives. The caller closes either. */
export async function beginSource(context: CommandContext, request: PushRequest): Promise<BegunSource> {
  if (namesEngineImage(request.source)) {
    return (await import('./engine-source.ts')).beginEngineSource(context, request);
  }
  return (await beginArrival(context, request)) ?? { source: await openGivenSource(context, request) };
}

/** Begins a compressed file or a stream, unless it is a file that must be complete first. Opens a Helm chart. */
async function beginArrival(context: CommandContext, request: PushRequest): Promise<BegunSource | undefined> {
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
    const { findChartFile } = await import('./chart-source.ts');
    const chart = await findChartFile(io, file);
    if (chart !== undefined) return { source: chart };
    if (obstacle !== undefined) {
      file.close();
      reportSpool(file.path);
      return undefined;
    }
    reportArrival(file.path);
    const { openArrivingFile } = await import('../../../source/arriving/open-arriving.ts');
    const onReread = (reason: string): void =>
      messages.detail(`${file.path} is read again, into a temporary file: ${reason}`);
    const arrival: Arrival = {
      name: file.path,
      receive: (intake) => openArrivingFile(file, intake, options, onReread),
      close: () => file.close(),
    };
    return { arrival };
  }
  const given = findGivenStream(context, source);
  if (given === undefined) return undefined;
  const { name, stream } = given;
  const { recognizeGiven } = await import('./chart-source.ts');
  const found = await recognizeGiven(io, given);
  if ('source' in found) return found;
  const recognized = { ...options, recognized: found.input };
  if (obstacle !== undefined) {
    reportSpool(name);
    const { openStreamSource } = await import('../../../source/open-stream.ts');
    return { source: await openWritten(() => openStreamSource(stream, name, recognized)) };
  }
  reportArrival(name);
  const { openArrivingSource } = await import('../../../source/arriving/open-arriving.ts');
  const arrival: Arrival = {
    name,
    receive: (intake) => openWritten(() => openArrivingSource(stream, name, intake, recognized)),
    close: () => stream.destroy(),
  };
  return { arrival };
}

/** A source that is read once. */
export interface GivenStream {
  /** For messages. */
  readonly name: string;
  readonly stream: Readable;
}

/** Standard input, or a FIFO as `<(docker save NAME:TAG)` gives one; undefined for any other source. */
function findGivenStream({ io }: CommandContext, source: string): GivenStream | undefined {
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
