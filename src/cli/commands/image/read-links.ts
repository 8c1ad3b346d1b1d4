import { runPool } from '../../../async/pool.ts';
import { getAuthorizationToken } from '../../../ecr/authorization.ts';
import { Pacer } from '../../../ecr/pacing.ts';
import { EcrpError } from '../../../errors.ts';
import type { RepositoryReference } from '../../../oci/reference.ts';
import type { RegistryAccess } from '../../../registry/client.ts';
import type { KnownLinks, ManifestLinks } from '../../../retention/links.ts';
import { findLinks, NO_LINKS } from '../../../retention/manifest-links.ts';
import { PULLS_PER_SECOND } from '../../../wire/limits.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { formatCount, formatDuration } from '../../format.ts';
import { requireRegistryHost } from '../../service-address.ts';
import { requireNamedRepository } from './place.ts';
import { openRepository, type RepositoryReader } from './reading.ts';

/** Reads at the same time. The pace is the quota's. */
const CONCURRENCY = 10;

/** Reads what manifests say about other images. */
export type ReadLinks = (digests: readonly string[]) => Promise<KnownLinks>;

interface PacedReader {
  readonly reader: RepositoryReader;
  readonly pull: 'anonymousPull' | 'authenticatedPull';
}

/**
 * Prepares to read manifests of a repository through `/v2/`: with a login if the caller may have one, because that has ten times the quota. It
 * logs in before the first read. Each use says how many it reads, and at which pace.
 */
export function openLinkReader(
  context: CommandContext,
  session: EcrSession,
  reference: RepositoryReference,
): ReadLinks {
  const { io, messages } = context;
  const pacer = new Pacer(PULLS_PER_SECOND);
  let opened: PacedReader | undefined;
  return async (digests) => {
    opened ??= await openPaced(context, session, reference);
    const { reader, pull } = opened;
    const perSecond = PULLS_PER_SECOND[pull];
    const login = pull === 'anonymousPull' ? ' without a login' : '';
    const least = formatDuration((digests.length / perSecond) * 1000);
    messages.note(
      `Reading ${formatCount(digests.length, 'manifest')}, ${perSecond} a second${login}: about ${least}.`,
    );
    const links = new Map<string, ManifestLinks>();
    await runPool(digests, CONCURRENCY, io.signal, async (digest, signal) => {
      await pacer.admit(pull, signal);
      links.set(digest, await readLinks(reader, digest));
    });
    return links;
  };
}

async function openPaced(
  context: CommandContext,
  session: EcrSession,
  reference: RepositoryReference,
): Promise<PacedReader> {
  await requireRegistryHost(context, 'image prune');
  const named = await requireNamedRepository(context, session, reference);
  const authorize = async (signal: AbortSignal): Promise<string> =>
    (await getAuthorizationToken(session.client, signal)).authorizationToken;
  try {
    const access: RegistryAccess = { token: await authorize(context.io.signal), authorize };
    return { reader: openRepository(context, session, named, access), pull: 'authenticatedPull' };
  } catch (error) {
    if (!(error instanceof EcrpError) || error.code !== 'AUTH') throw error;
    context.messages.detail(`Reading without a login: ${error.message}`);
    return { reader: openRepository(context, session, named, {}), pull: 'anonymousPull' };
  }
}

/** A manifest that is gone meanwhile links to nothing. */
async function readLinks(reader: RepositoryReader, digest: string): Promise<ManifestLinks> {
  const found = await reader.findManifest(digest);
  return found === undefined ? NO_LINKS : findLinks(found, reader.name);
}
