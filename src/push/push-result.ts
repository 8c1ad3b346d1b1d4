import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';

/** `put`: the tag points at the image now, and nobody looked where it pointed before. */
export type TagStatus = 'created' | 'moved' | 'unchanged' | 'put';

export interface TagResult {
  readonly imageTag: string;
  readonly status: TagStatus;
  /** Only of a tag that moved: where it was. */
  readonly previousDigest?: Digest;
  /** Only where the tag was left on another image: on which. */
  readonly imageDigest?: Digest;
}

export interface ManifestResult {
  readonly imageDigest: Digest;
  readonly imageManifestMediaType: string;
  readonly platform?: Platform;
  readonly status: 'put' | 'unchanged';
}

/** What a push did; of a dry run, what it would do. Counts are of distinct blobs, configs included. */
export interface PushResult {
  /** As the service says; unknown when nothing was stored. */
  readonly registryId: string | undefined;
  readonly imageDigest: Digest;
  readonly imageManifestMediaType: string;
  readonly tags: readonly TagResult[];
  /** Children first, the root last. */
  readonly manifests: readonly ManifestResult[];
  /** `skipped`: foreign layers, which stay where their URLs point. */
  readonly layers: {
    readonly total: number;
    readonly uploaded: number;
    readonly existing: number;
    readonly skipped: number;
  };
  /** `total` is `uploaded + existing + resumed`. */
  readonly bytes: {
    readonly total: number;
    readonly uploaded: number;
    readonly existing: number;
    readonly resumed: number;
  };
}
