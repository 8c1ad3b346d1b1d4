import { resolve } from 'node:path';
import type { NewRepositorySettings } from '../../../ecr/repositories.ts';
import type { TagPolicy } from '../../../engine/guard-tags.ts';
import { EcrpError } from '../../../errors.ts';
import type { Platform } from '../../../oci/platform.ts';
import { parsePlatform } from '../../../oci/platform.ts';
import type { PrivateRegistry } from '../../../oci/private-host.ts';
import type { RegistryHosts } from '../../../oci/reference.ts';
import { assertTag } from '../../../oci/tags.ts';
import type { CommandContext } from '../../command-context.ts';
import { findRegistryHosts, isRegistryOfApi, requireRegistryHost } from '../../service-address.ts';
import { checkSource } from './check-source.ts';
import { type ChosenTarget, chooseTarget, type GivenTarget, readGivenTags } from './choose-target.ts';
import { checkDigestFile } from './digest-file.ts';

const BYTES_PER_MIB = 1024 * 1024;
const MAX_GZIP_LEVEL = 9;
const SEE_HELP = "'ecrp push --help' shows what can be given.";

/** How layers travel: in parts through the API, or raw through `/v2/` of the registry. */
export type Transport = 'api' | 'registry';

/** How uncompressed layers of a docker-archive are sent. */
export interface CompressionOptions {
  /** Of the manifest. */
  readonly format?: 'docker' | 'oci';
  readonly compression: 'gzip' | 'zstd' | 'none';
  readonly compressionLevel?: number;
}

/** The options of `ecrp push` that say where images go and how they travel, as commander gives them. */
export interface TransferOptions extends CompressionOptions {
  readonly tag?: readonly string[];
  readonly byDigest?: boolean;
  readonly createRepo?: boolean;
  readonly catalog?: string;
  /** `KEY=VALUE` */
  readonly resourceTag?: readonly string[];
  readonly immutableTags?: boolean;
  readonly scanOnPush?: boolean;
  readonly kmsKey?: string;
  /** False with `--no-remote-cache`. */
  readonly remoteCache: boolean;
  readonly cacheFrom?: readonly string[];
  readonly foreignLayers?: boolean;
  readonly transport: Transport;
  readonly concurrency: number;
  /** MiB. */
  readonly partSize?: number;
  readonly dryRun?: boolean;
  /** False with `--no-resume`. */
  readonly resume: boolean;
  readonly verify?: boolean;
  readonly ifExists: TagPolicy;
  readonly digestFile?: string;
}

/** The options of `ecrp push`, as commander gives them. */
export interface PushOptions extends TransferOptions {
  readonly image?: string;
  readonly all?: boolean;
  readonly platform?: readonly string[];
  readonly attestations: 'keep' | 'drop';
  readonly referrers: 'keep' | 'drop';
  /** REFERENCE and plain files are given, which become one artifact. */
  readonly artifactType?: string;
  readonly subject?: string;
  /** `KEY=VALUE` */
  readonly annotation?: readonly string[];
}

/** The repository to create when it is missing. */
export interface RequestedRepository {
  readonly catalog: string | undefined;
  readonly resourceTags: readonly string[] | undefined;
  readonly settings: NewRepositorySettings;
}

/** Where images go and how they travel, checked as far as no file and no network is needed. */
export interface TransferRequest {
  readonly target: GivenTarget;
  /** The hosts of references. */
  readonly hosts: RegistryHosts;
  /** The private registry of the reference. Undefined without a reference, and for one of ECR Public. */
  readonly privateRegistry: PrivateRegistry | undefined;
  /** Whether that host belongs to the API endpoint, so that it may be asked. */
  readonly readsRegistry: boolean;
  readonly compression: CompressionOptions;
  /** Whether the registry is asked about layers that the local cache does not know. */
  readonly remoteCache: boolean;
  /** Further tags to look for layers. */
  readonly cacheFrom: readonly string[];
  /** Whether foreign layers that are in the source are uploaded. */
  readonly foreignLayers: boolean;
  /** The repository to create when it is missing; undefined: that is an error. */
  readonly newRepository: RequestedRepository | undefined;
  readonly transport: Transport;
  /** Layers in flight. */
  readonly concurrency: number;
  readonly mostPartBytes: number | undefined;
  readonly dryRun: boolean;
  readonly resume: boolean;
  readonly verify: boolean;
  readonly ifExists: TagPolicy;
  /** Absolute path. */
  readonly digestFile: string | undefined;
}

/** What the command line of `ecrp push` asks for. */
export interface PushRequest extends TransferRequest {
  /** A path, or `-`. */
  readonly source: string;
  /** `--image` */
  readonly image: string | undefined;
  readonly all: boolean;
  readonly selection: {
    readonly platforms: readonly Platform[];
    readonly attestations: 'keep' | 'drop';
    readonly referrers: 'keep' | 'drop';
  };
}

/** Reads and checks the command line, before the source is opened. Throws USAGE, LIMIT, or INVALID_INPUT for files that it names. */
export async function readRequest(
  context: CommandContext,
  source: string,
  reference: string | undefined,
  options: PushOptions,
): Promise<PushRequest> {
  const { image, all = false, attestations, referrers, subject, annotation } = options;
  const stray = subject === undefined ? annotation && '--annotation' : '--subject';
  if (stray !== undefined) {
    throw refuse(`${stray} is for an artifact of plain files`, 'Give --artifact-type as well');
  }
  checkSource(context, source, reference);
  const platforms = (options.platform ?? []).map(parsePlatform);
  if (all && image !== undefined) {
    throw refuse('--image chooses one image, and --all pushes each', 'Leave one of them out');
  }
  const transfer = await readTransfer(context, reference, options);
  return { ...transfer, source, image, all, selection: { platforms, attestations, referrers } };
}

/** Reads and checks what says where images go and how they travel. Throws as `readRequest`. */
export async function readTransfer(
  context: CommandContext,
  reference: string | undefined,
  options: TransferOptions,
): Promise<TransferRequest> {
  const { partSize, dryRun = false, verify = false, byDigest = false, tag: tags = [] } = options;
  const { transport, concurrency, resume, ifExists, cacheFrom = [], foreignLayers = false } = options;
  const target = { reference, tags, byDigest };
  const hosts = findRegistryHosts(context);
  const digestFile = options.digestFile && resolve(context.io.cwd, options.digestFile);
  const place = checkTarget(target, hosts);
  const privateRegistry = place?.privateRegistry;
  cacheFrom.forEach(assertTag);
  checkCombinations(options);
  const newRepository = readRequested(options);
  if (privateRegistry === undefined) {
    if (verify) await requireRegistryHost(context, '--verify');
    if (transport === 'registry') await requireRegistryHost(context, '--transport registry');
  } else if (transport === 'registry') {
    await (await import('./connect-raw.ts')).requirePrivateRegistry(context, privateRegistry);
  }
  if (digestFile !== undefined) await checkDigestFile(digestFile);
  const readsRegistry = privateRegistry === undefined && (await isRegistryOfApi(context));
  return {
    target,
    hosts,
    privateRegistry,
    readsRegistry,
    compression: options,
    // Private ECR is read through its API.
    remoteCache: options.remoteCache && (readsRegistry || privateRegistry !== undefined),
    cacheFrom,
    foreignLayers,
    newRepository,
    transport,
    concurrency,
    mostPartBytes: partSize === undefined ? undefined : partSize * BYTES_PER_MIB,
    dryRun,
    resume,
    verify,
    ifExists,
    digestFile,
  };
}

/** Without a reference, the archive's names may say where the image goes. */
function checkTarget(target: GivenTarget, hosts: RegistryHosts): ChosenTarget | undefined {
  if (target.reference !== undefined) return chooseTarget(target, [], hosts);
  readGivenTags(target.tags, hosts);
  return undefined;
}

function readRequested(options: TransferOptions): RequestedRepository | undefined {
  const { createRepo, catalog, resourceTag: resourceTags, immutableTags, scanOnPush, kmsKey } = options;
  return createRepo ? { catalog, resourceTags, settings: { immutableTags, scanOnPush, kmsKey } } : undefined;
}

/** Options that need `--create-repo`. */
const OF_CREATION = ['catalog', 'resourceTag', 'immutableTags', 'scanOnPush', 'kmsKey'] as const;

function checkCombinations(options: TransferOptions): void {
  const { cacheFrom, createRepo, compression, compressionLevel } = options;
  if (cacheFrom !== undefined && !options.remoteCache) {
    throw refuse('--cache-from does not go with --no-remote-cache', 'Leave one of them out');
  }
  const stray = OF_CREATION.find((name) => options[name] !== undefined);
  if (stray !== undefined && !createRepo) {
    const option = `--${stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw refuse(
      `${option} is for a repository that is created, so it needs --create-repo`,
      'Give --create-repo as well',
    );
  }
  if (compression === 'none' && compressionLevel !== undefined) {
    throw refuse('--compression-level does not go with --compression none', 'Leave one of them out');
  }
  if (compression === 'gzip' && compressionLevel !== undefined && compressionLevel > MAX_GZIP_LEVEL) {
    throw new EcrpError('USAGE', `gzip has no level ${compressionLevel}`, {
      hint: `Give --compression-level 1 to ${MAX_GZIP_LEVEL}, or --compression zstd.`,
    });
  }
}

function refuse(problem: string, advice: string): EcrpError {
  return new EcrpError('USAGE', problem, { hint: `${advice}; ${SEE_HELP}` });
}
