import type { PushService } from '../ecr/push-service.ts';
import type { Digest } from '../oci/digest.ts';
import type { PushEvent } from './events.ts';
import type { UploadStore } from './upload-store.ts';

export const DEFAULT_CONCURRENCY = 4;

/** Where a tag points before the push; `unknown` when nobody could tell. */
export type TagLookup = (tag: string, signal: AbortSignal) => Promise<Digest | undefined | 'unknown'>;

/**
 * Asked right before a tag is put on the image of this digest: where the tag stays instead, undefined to put it. Throws
 * to end the push.
 */
export type TagGuard = (tag: string, digest: Digest, signal: AbortSignal) => Promise<Digest | undefined>;

export interface PushOptions {
  readonly service: PushService;
  /** In the order they are put; the root goes up with the first one. */
  readonly tags: readonly string[];
  /** Blobs in flight; default 4. */
  readonly concurrency?: number | undefined;
  /** Upper bound of a part in bytes, at least 5 MiB; the service asks for a size of its own. */
  readonly partBytes?: number | undefined;
  /** Of the same target as the service; undefined neither resumes uploads nor keeps them. */
  readonly uploads?: UploadStore | undefined;
  /** Called when the repository is missing, before the push goes on; in a dry run it creates nothing. */
  readonly createRepository?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Tells created from moved tags; it runs beside the uploads. */
  readonly lookUpTag?: TagLookup | undefined;
  readonly guardTag?: TagGuard | undefined;
  /** Reads all that would be sent, checks it, and sends nothing. */
  readonly dryRun?: boolean | undefined;
  readonly onEvent?: ((event: PushEvent) => void) | undefined;
  readonly signal: AbortSignal;
}
