import { withDeadline } from '../../async/abort.ts';
import type { Compressor, DigestCache } from '../../compress/compressor.ts';
import { listNames } from '../../foreign-text.ts';
import type { Content } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { readLayers } from '../../registry/read-layers.ts';
import { createRegistryReader } from '../../registry/registry-reader.ts';
import type { CommandContext } from '../command-context.ts';
import { formatCount } from '../format.ts';
import { limitWait } from '../global-options.ts';
import type { PushTarget } from './choose-target.ts';
import type { RegistryFinder } from './registry-finder.ts';

/** No push waits longer for what would merely save it time. */
const TIMEOUT_MS = 3_000;

export interface RemoteCache {
  readonly finder: RegistryFinder;
  readonly target: PushTarget;
  /** Further tags of the repository to look at. */
  readonly cacheFrom: readonly string[];
}

/**
 * A cache that asks the registry about what the local one does not know: the images that are under the tags now. It asks
 * once, at the first such layer; of an index, about the image for the platform, or about all when it is not known yet. What the registry says is not kept here: only whoever may push there has vouched for it.
 */
export function addRemoteCache(
  context: CommandContext,
  local: DigestCache,
  compressor: Compressor,
  platform: Platform | undefined,
  remote: RemoteCache,
): DigestCache {
  let asked: Promise<ReadonlyMap<Digest, Content>> | undefined;
  return {
    async find(diffId, compressorId) {
      const known = await local.find(diffId, compressorId);
      if (known !== undefined || compressorId !== compressor.id) return known;
      asked ??= askRegistry(context, compressor.packing, platform, remote);
      return (await asked).get(diffId);
    },
    record: (diffId, compressorId, layer) => local.record(diffId, compressorId, layer),
  };
}

async function askRegistry(
  { io, messages, options }: CommandContext,
  packing: Compressor['packing'],
  platform: Platform | undefined,
  { finder, target, cacheFrom }: RemoteCache,
): Promise<ReadonlyMap<Digest, Content>> {
  const timeoutMs = limitWait(options, TIMEOUT_MS);
  const registryAlias = await withDeadline(io.signal, timeoutMs, (signal) => finder.findAlias(signal)).catch(
    () => {
      io.signal.throwIfAborted();
      messages.detail(`the alias of your registry is not known within ${timeoutMs} ms`);
      return undefined;
    },
  );
  if (registryAlias === undefined) return new Map();
  const { registryHost, repositoryName } = target;
  const registry = createRegistryReader(finder.connections, { registryHost, registryAlias, repositoryName });
  const tags = [...new Set([...target.tags, ...cacheFrom])];
  const layers = await readLayers(registry, {
    tags,
    platform,
    packing,
    timeoutMs,
    signal: io.signal,
    onProblem: (tag, reason) =>
      messages.detail(`the layers of ${repositoryName}:${tag} are not known: ${reason}`),
  });
  messages.detail(
    `${repositoryName}:${listNames(tags)}: ${formatCount(layers.size, 'compressed layer')} known`,
  );
  return layers;
}
