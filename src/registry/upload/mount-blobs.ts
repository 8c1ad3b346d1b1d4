import { raceAbort } from '../../async/abort.ts';
import type { ImageTarget } from '../../ends/image-target.ts';
import type { Content } from '../../oci/descriptor.ts';
import type { UploadChannel } from './upload-channel.ts';

/** A smaller blob is sent in the time that it takes to find out whether the registry mounts any. */
const LEAST_BYTES = 1024 * 1024;

export interface MountSettings {
  /** To the repository that gets the blobs. */
  readonly channel: UploadChannel;
  /** Path of the repository that has them, in the same registry. */
  readonly from: string;
  /** Called when the registry has mounted the first blob. */
  readonly onMounted: () => void;
}

/**
 * Makes a target that gets blobs from another repository of its registry, without their bytes, if the registry can do that (OCI distribution
 * specification, "Mounting a blob from another repository"). A first refusal, of whatever kind, makes it upload all others.
 */
export function mountBlobs(target: ImageTarget, { channel, from, onMounted }: MountSettings): ImageTarget {
  /** Undefined: not known yet. */
  let mounts: boolean | undefined;
  let first: Promise<boolean> | undefined;

  const ask = async ({ digest }: Content, signal: AbortSignal): Promise<boolean> => {
    const url = new URL('blobs/uploads/', channel.url);
    url.search = new URLSearchParams({ mount: digest, from }).toString();
    try {
      // With 202, the registry has begun an upload, which ends by itself.
      return (await channel.request({ method: 'POST', url }, signal)).status === 201;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  };
  const mount = async (content: Content, signal: AbortSignal): Promise<boolean> => {
    if (mounts === undefined && first === undefined && content.size >= LEAST_BYTES) {
      first = ask(content, signal);
      mounts = await first;
      if (mounts) onMounted();
      return mounts;
    }
    // Each refusal leaves an upload behind, so the others wait for the first answer.
    if (first !== undefined) await raceAbort(first, signal);
    if (!mounts) return false;
    mounts = await ask(content, signal);
    return mounts;
  };

  return {
    ...target,
    async uploadBlob(blob, upload, signal) {
      const isMounted = blob.kind === 'known' && (await mount(blob.content, signal));
      if (!isMounted) return target.uploadBlob(blob, upload, signal);
      return { outcome: 'existing', content: blob.content, resumedBytes: 0 };
    },
    async putManifest(manifest, signal) {
      const answer = await target.putManifest(manifest, signal);
      // What was mounted may be what it misses.
      if (answer.kind === 'missing') mounts = false;
      return answer;
    },
  };
}
