import { ECR_PUBLIC_LIMITS } from '../../src/ecr/limits.ts';
import { createPartUploader } from '../../src/ecr/parts/upload-blob.ts';
import type { PushService } from '../../src/ecr/push-service.ts';
import type { ImageTarget } from '../../src/ends/image-target.ts';
import type { PushEvent } from '../../src/engine/events.ts';
import type { TagPolicy } from '../../src/engine/guard-tags.ts';
import type { PushPlan } from '../../src/engine/plan/push-plan.ts';
import { pushImage } from '../../src/engine/push-image.ts';
import type { PushResult } from '../../src/engine/result.ts';
import type { UploadStore } from '../../src/engine/resume/upload-store.ts';
import { Uploader } from '../../src/engine/uploader.ts';
import type { Digest } from '../../src/oci/digest.ts';

/** A push to a service. Absent members have the defaults of ecrp. */
export interface GivenPush {
  readonly service: PushService;
  readonly tags?: readonly string[];
  readonly concurrency?: number;
  readonly partBytes?: number;
  readonly uploads?: UploadStore;
  readonly createRepository?: ImageTarget['createRepository'];
  readonly lookUpTag?: ImageTarget['glanceAtTag'];
  readonly locateTag?: ImageTarget['locateTag'];
  readonly ifExists?: TagPolicy;
  readonly imageDigest?: Digest;
  readonly dryRun?: boolean;
  /** Changes the target before the push uses it. */
  readonly changeTarget?: (target: ImageTarget) => ImageTarget;
  readonly onEvent?: (event: PushEvent) => void;
  readonly signal?: AbortSignal;
}

/** Makes a target that writes to the service. Nothing can be read back from it. */
export function makeTarget(given: Omit<GivenPush, 'tags'>): ImageTarget {
  const { service, partBytes, createRepository, lookUpTag, locateTag } = given;
  const target: ImageTarget = {
    limits: ECR_PUBLIC_LIMITS,
    findAvailable: service.findAvailable,
    uploadBlob: createPartUploader(service, partBytes),
    putManifest: service.putImage,
    locateTag:
      locateTag ??
      (async () => {
        throw new Error('nobody knows where the tag is');
      }),
    openReader: async () => undefined,
    ...(lookUpTag && { glanceAtTag: lookUpTag }),
    ...(createRepository && { createRepository }),
  };
  return given.changeTarget?.(target) ?? target;
}

export function makeUploader(given: Omit<GivenPush, 'tags'>): Uploader {
  const { concurrency = 4, uploads, dryRun = false, onEvent = () => undefined } = given;
  return new Uploader({ target: makeTarget(given), concurrency, uploads, dryRun, onEvent });
}

export function pushWith(plan: PushPlan, given: GivenPush): Promise<PushResult> {
  const { tags = [], imageDigest, ifExists = 'overwrite', signal = new AbortController().signal } = given;
  return pushImage(plan, makeUploader(given), { tags, imageDigest, ifExists }, signal);
}
