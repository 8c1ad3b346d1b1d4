import type { PlannedBlob } from '../../ends/blob.ts';
import type { Compressor, DigestCache } from '../../ends/compressor.ts';
import type { TargetLimits } from '../../ends/image-target.ts';
import type { ManifestFormat } from '../../oci/build-manifest.ts';
import type { Content } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';

/** How an image is planned. */
export interface PlanOptions {
  /** What the target refuses. */
  readonly limits: TargetLimits;
  /** For layers that are uncompressed in a docker-archive; undefined sends them as they are. */
  readonly compressor?: Compressor | undefined;
  readonly digestCache?: DigestCache | undefined;
  /** Of the manifest made for a docker-archive. Default: docker, as `docker push`; oci when a layer is zstd. */
  readonly format?: ManifestFormat | undefined;
  /** Whether foreign layers that are in the source are uploaded. */
  readonly foreignLayers?: boolean;
}

/** Everything a push will do, known before the network is used. */
export interface PushPlan {
  /** Distinct blobs, in the order of their first mention. */
  readonly blobs: readonly PlannedBlob[];
  /** For the user, before the image is pushed. */
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  /** How many distinct foreign layers are left out. */
  readonly skippedLayers: number;
  /**
   * The manifests: children first, then the root, then its referrers. `contents` maps each blob's `id` to what was sent. Throws LIMIT when the target does not
   * take a manifest of that length.
   */
  buildManifests(contents: ReadonlyMap<Digest, Content>): readonly PlannedManifest[];
}

export interface PlannedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Exactly as in the source. */
  readonly bytes: Buffer;
  readonly platform?: Platform;
  /** Of an artifact. */
  readonly artifactType?: string;
  /** A tag of its own, for an artifact that travels with the image, such as its signature. */
  readonly imageTag?: string;
  /** An artifact that travels with the image, put before it or after it. If the target refuses it, the push goes on. */
  readonly travels?: 'before' | 'after';
}

/** The manifest of the image itself, among those of its plan. */
export function findRoot(manifests: readonly PlannedManifest[]): PlannedManifest {
  const root = manifests.findLast(({ travels }) => travels !== 'after');
  if (root === undefined) throw new TypeError('a plan without a manifest');
  return root;
}
