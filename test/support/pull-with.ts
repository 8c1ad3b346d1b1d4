import type { ImageSource } from '../../src/ends/image-source.ts';
import type { ImageTarget } from '../../src/ends/image-target.ts';
import type { PushEvent } from '../../src/engine/events.ts';
import { planPush } from '../../src/engine/plan/plan.ts';
import { pushImage } from '../../src/engine/push-image.ts';
import type { PushResult } from '../../src/engine/result.ts';
import { Uploader } from '../../src/engine/uploader.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';

export interface PullSettings {
  readonly tag?: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: PushEvent) => void;
}

/** Brings an image of a source into a target with the engine, as `ecrp pull` does. */
export async function pullWith(
  source: ImageSource,
  root: Descriptor,
  target: ImageTarget,
  { tag, signal = new AbortController().signal, onEvent = () => undefined }: PullSettings = {},
): Promise<PushResult> {
  const plan = await planPush(source, { kind: 'manifest', names: [], root }, { limits: target.limits });
  const uploader = new Uploader({ target, concurrency: 3, uploads: undefined, dryRun: false, onEvent });
  const tags = tag === undefined ? [] : [tag];
  return pushImage(plan, uploader, { tags, ifExists: 'overwrite' }, signal);
}
