import { createHash } from 'node:crypto';
import { findJsonExcess, isObject, type JsonObject } from '../../json.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { ForwardReader } from './forward-reader.ts';

/** No image has more: docker refuses 128 layers. */
const MOST_LAYERS = 127;
const MAX_JSON_BYTES = 64 * 1024;

/** JSON of Go has escapes for these characters. */
const GO_ESCAPES = /[<>&\u2028\u2029]/g;

/**
 * Finds the diff IDs of layers in the archives of `docker save` before version 25, if those of the image are known from elsewhere. There the
 * folder of a layer has an ID that says nothing about its bytes: a digest over the settings in its file `json`, which stands before the
 * layer, and over the diff IDs up to this layer (moby, `image/v1`, `CreateID`). So each diff ID is tried.
 */
export class LegacyLayers {
  /** Each diff ID with the chain ID of the layers up to it, as the OCI image specification defines it. */
  readonly #chains: readonly { readonly chainId: Digest; readonly diffId: Digest }[];
  readonly #found = new Map<string, Digest>();
  #tries: number;

  constructor(diffIds: readonly Digest[]) {
    let chainId: Digest | undefined;
    this.#chains = (diffIds.length > MOST_LAYERS ? [] : diffIds).map((diffId) => {
      chainId = chainId === undefined ? diffId : digestOf(`${chainId} ${diffId}`);
      return { chainId, diffId };
    });
    this.#tries = this.#chains.length;
  }

  /** Notes the next entry if it describes a layer, without taking it. */
  async note(
    { name, size }: { readonly name: string; readonly size: number },
    reader: ForwardReader,
  ): Promise<void> {
    const folder = /^([a-f0-9]{64})\/json$/.exec(name)?.[1];
    if (folder === undefined || size > MAX_JSON_BYTES || this.#tries === 0) return;
    this.#tries -= 1;
    const settings = parseSettings((await reader.peek(size)).subarray(0, size));
    const diffId = settings && this.#findDiffId(folder, settings);
    if (diffId !== undefined) this.#found.set(`${folder}/layer.tar`, diffId);
  }

  /** The diff ID of a layer, by the name of its entry. */
  find(name: string): Digest | undefined {
    return this.#found.get(name);
  }

  #findDiffId(folder: string, { id: _, ...settings }: JsonObject): Digest | undefined {
    const { os: __, ...withoutOs } = settings;
    // Docker adds the OS to all layers but the last when it has made their IDs.
    for (const variant of [withoutOs, settings]) {
      const found = this.#chains.find(({ chainId }) => hashSettings(variant, chainId) === folder);
      if (found !== undefined) return found.diffId;
    }
    return undefined;
  }
}

function parseSettings(bytes: Buffer): JsonObject | undefined {
  if (findJsonExcess(bytes) !== undefined) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Go sorts the members of a map. */
function hashSettings(settings: JsonObject, chainId: Digest): string {
  const { parent } = settings;
  const all: JsonObject = {
    ...settings,
    layer_id: chainId,
    ...(typeof parent === 'string' && { parent: `sha256:${parent}` }),
  };
  const sorted = Object.fromEntries(Object.entries(all).sort(([left], [right]) => (left < right ? -1 : 1)));
  return createHash('sha256').update(JSON.stringify(sorted).replaceAll(GO_ESCAPES, escapeAsGo)).digest('hex');
}

function escapeAsGo(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
