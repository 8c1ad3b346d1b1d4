import { withDeadline } from '../../async/abort.ts';
import { createLanes } from '../../async/ordered-lanes.ts';
import type { TagLookup } from '../../push/push-options.ts';
import type { RegistryAccess } from '../../registry/client.ts';
import { resolveTag } from '../../registry/resolve-tag.ts';
import type { CommandContext } from '../command-context.ts';
import { limitWait } from '../global-options.ts';
import type { RegistryFinder } from './registry-finder.ts';
import type { TagPlace } from './tag-locator.ts';

/** Longest wait for one tag, the alias included: it is news about what happened, and no push waits longer for that. */
const TIMEOUT_MS = 10_000;
/** ECR Public takes one pull a second from those without a name; source: its page of quotas. */
const QUOTA_WAIT_MS = 1_000;
/** Longest wait for all of them, where the registry lets few questions through. */
const MOST_MS = 30_000;
/** Tags asked about at the same time: the registry counts what nobody's name stands under. */
const MOST_AT_ONCE = 4;

/** Looks where tags are before they are moved, as anyone can. When the registry leaves one question open, it is asked no other. */
export function makeTagLookup(
  { waiting, options }: Pick<CommandContext, 'waiting' | 'options'>,
  finder: RegistryFinder,
  { registryHost, repositoryName }: Omit<TagPlace, 'readsRegistry'>,
): TagLookup {
  const timeoutMs = limitWait(options, TIMEOUT_MS);
  let isSilent = false;
  const runInLane = createLanes(MOST_AT_ONCE)();
  const startedMs = performance.now();
  const kept: RegistryAccess = {};

  const ask: TagLookup = async (imageTag, signal) => {
    const registryAlias = await finder.findAlias(signal);
    if (registryAlias === undefined) return 'unknown';
    const address = { registryHost, registryAlias, repositoryName, imageTag };
    return resolveTag(finder.connections, address, signal, { kept, quotaWaitMs: QUOTA_WAIT_MS });
  };
  const look: TagLookup = async (tag, signal) => {
    if (isSilent || performance.now() - startedMs > MOST_MS) return 'unknown';
    const answer = (): ReturnType<TagLookup> =>
      withDeadline(signal, timeoutMs, (inner) => ask(tag, inner)).catch(() => 'unknown');
    const found = await waiting.during(`${registryHost} (where the tag ${tag} is)`, answer, true);
    isSilent ||= found === 'unknown';
    return found;
  };
  return (tag, signal) => runInLane(() => look(tag, signal));
}
