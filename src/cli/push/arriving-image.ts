import { takeLayers } from '../../push/take-layers.ts';
import type { ImageSource } from '../../source/image-source.ts';
import type { CommandContext } from '../command-context.ts';
import type { Arrival } from './arrival.ts';
import { chooseImage } from './choose-image.ts';
import { openPacking, type PackingOptions, planImage } from './open-image.ts';
import type { RemoteCache } from './remote-cache.ts';
import type { ImageToSend } from './send-image.ts';

export interface ArrivingImage {
  /** Sends the layers while it reads the archive, and plans what is left. */
  readonly plan: ImageToSend['plan'];
  close(): Promise<void>;
}

/** The one image of an archive that is read once; nothing is read before it is planned. */
export function awaitImage(
  context: CommandContext,
  arrival: Arrival,
  options: PackingOptions,
  findRemote: (finder: RemoteCache['finder']) => RemoteCache | undefined,
): ArrivingImage {
  let source: ImageSource | undefined;
  return {
    plan: async (finder, sending) => {
      const remote = findRemote(finder);
      const packing = await openPacking(context, options, undefined, remote);
      const intake = takeLayers({
        ...sending,
        path: arrival.name,
        compressor: packing?.compressor,
        digestCache: packing?.digestCache,
      });
      source = await arrival.receive(intake);
      return planImage(context, source, await chooseImage(source, undefined), options, remote, packing);
    },
    close: async () => source?.close(),
  };
}
