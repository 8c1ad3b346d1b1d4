import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';

/** `put`: the tag points at the image; where it pointed before is unknown. */
export type TagStatus = 'created' | 'moved' | 'unchanged' | 'put';

export interface TagResult {
  readonly imageTag: string;
  readonly status: TagStatus;
  /** Where a moved tag pointed before. */
  readonly previousDigest?: Digest;
  /** The image that a kept tag stays on. */
  readonly imageDigest?: Digest;
}

export interface ManifestResult {
  readonly imageDigest: Digest;
  readonly imageManifestMediaType: string;
  readonly platform?: Platform;
  /** Of an artifact. */
  readonly artifactType?: string;
  /** `refused`: the target does not take this companion of the image. */
  readonly status: 'put' | 'unchanged' | 'refused';
  /** Of `refused`, in the words of the target. */
  readonly reason?: string;
}

/** What a push did, or in a dry run would do. Counts are of distinct blobs, configs included. */
export interface PushResult {
  /** As the service states it; undefined when nothing was stored. */
  readonly registryId: string | undefined;
  readonly imageDigest: Digest;
  /** Undefined when every tag was kept on another image. */
  readonly imageManifestMediaType?: string;
  readonly tags: readonly TagResult[];
  /** Children first, then the root, then its referrers. */
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
  /** The repository did not exist before; after a dry run it still does not. */
  readonly createdRepository: boolean;
}
