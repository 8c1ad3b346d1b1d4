import { type RawPlace, sendThroughRegistry } from '../../../ecr/target/raw-target.ts';
import type { ImageTarget } from '../../../ends/image-target.ts';
import { EcrpError } from '../../../errors.ts';
import type { PrivateRegistry } from '../../../oci/private-host.ts';
import type { RawUploadEvent } from '../../../registry/upload/upload-channel.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { formatBytes } from '../../format.ts';
import { findPrivateEndpoint } from '../../service-address.ts';
import { PUSH_BUDGET_MS } from './push-budget.ts';

/** Throws USAGE if the registry is AWS's and the endpoint of the API is not: a token of one would go to the other. */
export async function requirePrivateRegistry(
  context: CommandContext,
  registry: PrivateRegistry,
): Promise<void> {
  const { isAws, url } = await findPrivateEndpoint(context, registry);
  if (isAws || registry.registryId === undefined) return;
  throw new EcrpError(
    'USAGE',
    `--transport registry: the endpoint is ${url}, but ${registry.registryHost} belongs to AWS`,
    { hint: 'Leave out --transport registry, or the endpoint.' },
  );
}

/** Makes the blobs of a target travel raw through its registry. */
export function connectRaw(
  context: CommandContext,
  session: EcrSession,
  place: RawPlace,
  target: ImageTarget,
  scheme: 'Basic' | 'Bearer',
): ImageTarget {
  return sendThroughRegistry(session.client, place, target, {
    scheme,
    retryBudgetMs: context.options.retryBudget,
    defaultBudgetMs: PUSH_BUDGET_MS,
    watchWait: (what, work) => context.waiting.during(what, work, true),
    onEvent: (event) => reportRegistryEvent(context, session, event),
    onNote: (note) => context.messages.note(note),
  });
}

/** Reports retries as those of the API, and each request to the registry with `--verbose`. */
function reportRegistryEvent({ messages }: CommandContext, session: EcrSession, event: RawUploadEvent): void {
  if (event.kind === 'retry') {
    session.noteEvent(event);
    return;
  }
  const { operation, status, ms, bytes } = event;
  messages.detail(`${operation}: HTTP ${status}, ${ms} ms, ${formatBytes(bytes)} sent`);
}
