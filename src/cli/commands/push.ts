import { basename, resolve } from 'node:path';
import type { RepositoryInput } from '../../ecr/repositories.ts';
import { EcrpError } from '../../errors.ts';
import { assertTag, parseReference } from '../../oci/reference.ts';
import type { CommandContext } from '../command-context.ts';
import type { Outcome } from '../outcome.ts';
import { openProgress } from '../progress/open-progress.ts';
import type { ProgressDisplay } from '../progress/progress-display.ts';
import { chooseImage } from '../push/choose-image.ts';
import { chooseTarget, type PushTarget } from '../push/choose-target.ts';
import { checkDigestFile, writeDigestFile } from '../push/digest-file.ts';
import { openGivenSource, type PackingOptions, planImage } from '../push/open-image.ts';
import { describePush, summarizePush } from '../push/push-outcome.ts';
import { type SentImage, sendImage } from '../push/send-image.ts';
import { findRegistryHost } from '../registry-host.ts';
import { readRepositoryInput } from '../repository-input.ts';

const BYTES_PER_MIB = 1024 * 1024;

export interface PushOptions extends PackingOptions {
  readonly tag?: readonly string[];
  readonly image?: string;
  readonly createRepo?: boolean;
  readonly catalog?: string;
  /** False with `--no-remote-cache`. */
  readonly remoteCache: boolean;
  readonly cacheFrom?: readonly string[];
  readonly concurrency: number;
  /** MiB. */
  readonly partSize?: number;
  readonly dryRun?: boolean;
  /** False with `--no-resume`. */
  readonly resume: boolean;
  /** Milliseconds. */
  readonly retryBudget?: number;
  readonly verify?: boolean;
  readonly ifExists: 'overwrite' | 'skip' | 'fail';
  readonly digestFile?: string;
}

/** Pushes one image of an archive. What can be found wrong without the network is found before anything is sent. */
export async function push(
  context: CommandContext,
  source: string,
  reference: string | undefined,
  options: PushOptions,
): Promise<Outcome> {
  const startedMs = performance.now();
  const digestFile = options.digestFile && resolve(context.io.cwd, options.digestFile);
  checkOptions(context, reference, options);
  if (digestFile !== undefined) await checkDigestFile(digestFile);
  const progress = await openProgress(context, {
    name: reference ?? basename(source),
    dryRun: options.dryRun ?? false,
  });
  let sent: SentImage;
  try {
    sent = await pushFrom(context, progress, source, reference, options);
  } finally {
    progress.stop();
  }
  const { result } = sent;
  const facts = { ...sent.facts, durationMs: Math.round(performance.now() - startedMs) };
  context.messages.note(summarizePush(result, facts));
  if (digestFile !== undefined && !facts.dryRun) await writeDigestFile(digestFile, result.imageDigest);
  return describePush(result, facts);
}

/** Finds what is wrong with the command line before a file is opened. */
function checkOptions(context: CommandContext, reference: string | undefined, options: PushOptions): void {
  const { tag = [], cacheFrom, createRepo, catalog, compression, compressionLevel } = options;
  if (reference !== undefined) parseReference(reference, findRegistryHost(context));
  tag.forEach(assertTag);
  cacheFrom?.forEach(assertTag);
  if (cacheFrom !== undefined && !options.remoteCache) {
    throw new EcrpError('USAGE', '--cache-from does not go with --no-remote-cache');
  }
  if (catalog !== undefined && !createRepo) {
    throw new EcrpError('USAGE', '--catalog is for a repository that is created, so it needs --create-repo', {
      hint: "Give --create-repo as well; 'ecrp push --help' shows what can be given.",
    });
  }
  if (compression === 'none' && compressionLevel !== undefined) {
    throw new EcrpError('USAGE', '--compression-level does not go with --compression none', {
      hint: "Leave one of them out; 'ecrp push --help' shows what can be given.",
    });
  }
}

async function pushFrom(
  context: CommandContext,
  progress: ProgressDisplay,
  sourcePath: string,
  reference: string | undefined,
  options: PushOptions,
): Promise<SentImage> {
  const { concurrency, partSize, dryRun = false, verify = false, ifExists, resume, retryBudget } = options;
  const { remoteCache, cacheFrom = [] } = options;
  const registryHost = findRegistryHost(context);
  const source = await openGivenSource(context, sourcePath);
  try {
    const image = chooseImage(source, options.image);
    const target = chooseTarget(reference, options.tag ?? [], image, registryHost);
    return await sendImage(context, progress, {
      repository: await readRepository(context, target, options),
      plan: (finder) =>
        planImage(
          context,
          source,
          image,
          options,
          remoteCache ? { finder, registryHost, target, cacheFrom } : undefined,
        ),
      target,
      registryHost,
      concurrency,
      partBytes: partSize === undefined ? undefined : partSize * BYTES_PER_MIB,
      dryRun,
      resume,
      retryBudgetMs: retryBudget,
      ifExists,
      verify,
    });
  } finally {
    await source.close();
  }
}

/** The repository to create when it is missing; undefined when that was not asked for. */
async function readRepository(
  context: CommandContext,
  { repositoryName }: PushTarget,
  { createRepo, catalog }: PushOptions,
): Promise<RepositoryInput | undefined> {
  return createRepo ? readRepositoryInput(context, { name: repositoryName, catalog }) : undefined;
}
