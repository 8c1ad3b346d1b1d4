import { EcrpError } from '../../errors.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { assertTag } from '../../oci/tags.ts';
import type { CommandContext } from '../command-context.ts';
import { findRegistryHost } from '../registry-host.ts';
import { chooseTarget, type GivenTarget } from './choose-target.ts';
import { readGivenTags } from './given-tags.ts';
import type { PackingOptions } from './open-image.ts';

/** The options of `ecrp push`, as commander gives them. */
export interface PushOptions extends PackingOptions {
  /** As written; `readGivenTags` says what is in them. */
  readonly tag?: readonly string[];
  readonly byDigest?: boolean;
  readonly image?: string;
  readonly all?: boolean;
  /** As written; `checkOptions` has seen that each is a platform. */
  readonly platform?: readonly string[];
  readonly attestations: 'keep' | 'drop';
  readonly createRepo?: boolean;
  readonly catalog?: string;
  /** `KEY=VALUE` */
  readonly resourceTag?: readonly string[];
  /** False with `--no-remote-cache`. */
  readonly remoteCache: boolean;
  readonly cacheFrom?: readonly string[];
  readonly concurrency: number;
  /** MiB. */
  readonly partSize?: number;
  readonly dryRun?: boolean;
  /** False with `--no-resume`. */
  readonly resume: boolean;
  readonly verify?: boolean;
  readonly ifExists: 'overwrite' | 'skip' | 'fail';
  readonly digestFile?: string;
}

const MAX_GZIP_LEVEL = 9;

/** Finds what is wrong with the command line before a file is opened. */
export function checkOptions(
  context: CommandContext,
  reference: string | undefined,
  options: PushOptions,
): void {
  const { platform, cacheFrom, createRepo, catalog, resourceTag, compression, compressionLevel } = options;
  checkTarget(context, reference, options);
  platform?.forEach(parsePlatform);
  cacheFrom?.forEach(assertTag);
  if (cacheFrom !== undefined && !options.remoteCache) {
    throw new EcrpError('USAGE', '--cache-from does not go with --no-remote-cache', {
      hint: "Leave one of them out; 'ecrp push --help' shows what can be given.",
    });
  }
  if (catalog !== undefined && !createRepo) {
    throw new EcrpError('USAGE', '--catalog is for a repository that is created, so it needs --create-repo', {
      hint: "Give --create-repo as well; 'ecrp push --help' shows what can be given.",
    });
  }
  if (resourceTag !== undefined && !createRepo) {
    throw new EcrpError(
      'USAGE',
      '--resource-tag is for a repository that is created, so it needs --create-repo',
      { hint: "Give --create-repo as well; 'ecrp push --help' shows what can be given." },
    );
  }
  if (compression === 'none' && compressionLevel !== undefined) {
    throw new EcrpError('USAGE', '--compression-level does not go with --compression none', {
      hint: "Leave one of them out; 'ecrp push --help' shows what can be given.",
    });
  }
  if (compression === 'gzip' && compressionLevel !== undefined && compressionLevel > MAX_GZIP_LEVEL) {
    throw new EcrpError('USAGE', `gzip has no level ${compressionLevel}`, {
      hint: `Give --compression-level 1 to ${MAX_GZIP_LEVEL}, or --compression zstd.`,
    });
  }
  if (options.all && options.image !== undefined) {
    throw new EcrpError('USAGE', '--image chooses one image, and --all pushes each', {
      hint: "Leave one of them out; 'ecrp push --help' shows what can be given.",
    });
  }
}

/** Where the options say to push. */
export function listGivenTarget(
  reference: string | undefined,
  { tag: tags = [], byDigest = false }: PushOptions,
): GivenTarget {
  return { reference, tags, byDigest };
}

function checkTarget(context: CommandContext, reference: string | undefined, options: PushOptions): void {
  const given = listGivenTarget(reference, options);
  const registryHost = findRegistryHost(context);
  // Without a reference the archive's names have a say, which are not known yet.
  if (reference === undefined) readGivenTags(given.tags, registryHost);
  else chooseTarget(given, [], registryHost);
}
