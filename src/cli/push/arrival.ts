import { resolve } from 'node:path';
import { openPackedFile } from '../../source/byte-file.ts';
import type { ImageSource } from '../../source/image-source.ts';
import type { LayerIntake } from '../../source/layer-intake.ts';
import type { CommandContext } from '../command-context.ts';
import { findGivenStream, openWritten, STANDARD_INPUT } from './given-stream.ts';
import { findSourceOptions } from './open-image.ts';
import type { PushOptions } from './push-options.ts';

/** A source whose layers can be sent while it is read, once. */
export interface Arrival {
  /** For messages. */
  readonly name: string;
  /** Reads it to its end; the caller closes the source. */
  receive(intake: LayerIntake): Promise<ImageSource>;
}

/** Undefined for a source that can be read at any place, or of which nothing may be sent before all of it is known. */
export async function findArrival(
  context: CommandContext,
  source: string,
  reference: string | undefined,
  options: PushOptions,
): Promise<Arrival | undefined> {
  const { io, messages } = context;
  const obstacle = findObstacle(reference, options);
  const tellObstacle = (name: string) =>
    messages.detail(`${name} goes into a temporary file before anything is sent: ${obstacle}`);
  const tellArrival = (name: string) => messages.detail(`the layers of ${name} are sent while it is read`);
  const sourceOptions = findSourceOptions(context);
  const file = source === '-' ? undefined : await openPackedFile(resolve(io.cwd, source));
  if (file !== undefined) {
    if (obstacle !== undefined) {
      file.close();
      tellObstacle(file.path);
      return undefined;
    }
    tellArrival(file.path);
    const { openArrivingFile } = await import('../../source/arriving/open-arriving.ts');
    const tellReread = (reason: string) =>
      messages.detail(`${file.path} is read again, into a temporary file: ${reason}`);
    return {
      name: file.path,
      receive: (intake) => openArrivingFile(file, intake, sourceOptions, tellReread),
    };
  }
  if (obstacle !== undefined) {
    if (source === '-') tellObstacle(STANDARD_INPUT);
    return undefined;
  }
  const given = findGivenStream(context, source);
  if (given === undefined) return undefined;
  const { name, stream } = given;
  tellArrival(name);
  const { openArrivingSource } = await import('../../source/arriving/open-arriving.ts');
  return {
    name,
    receive: (intake) => openWritten(() => openArrivingSource(stream, name, intake, sourceOptions)),
  };
}

/** Why an archive has to be there as a whole before anything may be sent. */
function findObstacle(reference: string | undefined, options: PushOptions): string | undefined {
  const { all, image, platform, attestations, dryRun, ifExists, tag = [] } = options;
  if (reference === undefined) return 'without a REFERENCE, its end says where it goes';
  if ([reference, ...tag].some((text) => text.includes('@'))) {
    return 'the digest of the reference is compared before anything is sent';
  }
  const needing = [
    all && '--all',
    image !== undefined && '--image',
    platform !== undefined && '--platform',
    attestations === 'drop' && '--attestations drop',
    dryRun && '--dry-run',
    ifExists !== 'overwrite' && `--if-exists ${ifExists}`,
  ];
  const given = needing.find((option) => typeof option === 'string');
  return given === undefined ? undefined : `${given} needs the whole of it`;
}
