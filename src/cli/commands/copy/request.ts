import type { Login } from '../../../docker/helper-protocol.ts';
import { EcrpError } from '../../../errors.ts';
import { formatImageAddress, type ImageAddress, parseImageAddress } from '../../../oci/image-address.ts';
import { parsePlatform } from '../../../oci/platform.ts';
import { formatReference, parseReference, type RegistryHosts } from '../../../oci/reference.ts';
import { compileGlobs, type Matcher } from '../../../retention/glob.ts';
import type { CommandContext } from '../../command-context.ts';
import { findRegistryHosts } from '../../service-address.ts';
import { readGivenTags } from '../push/choose-target.ts';
import {
  type PushRequest,
  readTransfer,
  type TransferOptions,
  type TransferRequest,
} from '../push/request.ts';
import { checkGivenLogin, type GivenLoginOptions, readGivenLogin } from './given-login.ts';

/** The options of `ecrp copy`, as commander gives them. */
export interface CopyOptions
  extends GivenLoginOptions,
    Pick<
      TransferOptions,
      | 'tag'
      | 'byDigest'
      | 'createRepo'
      | 'catalog'
      | 'resourceTag'
      | 'transport'
      | 'concurrency'
      | 'dryRun'
      | 'verify'
      | 'ifExists'
      | 'digestFile'
    > {
  readonly platform?: readonly string[];
  readonly attestations: 'keep' | 'drop';
  readonly referrers: 'keep' | 'drop';
  readonly allTags?: boolean;
  readonly match?: readonly string[];
  readonly fromPlainHttp?: boolean;
  readonly yes?: boolean;
}

/** What the command line of `ecrp copy` asks for. */
export interface CopyRequest {
  readonly from: ImageAddress;
  /** Which tags are copied under their own names; undefined: one image is copied. */
  readonly wantsTag: Matcher | undefined;
  readonly selection: PushRequest['selection'];
  readonly transfer: TransferRequest;
  /** To the registry of FROM. */
  readonly plainHttp: boolean | undefined;
  /** Given on the command line. */
  readonly login: Login | undefined;
  /** Whose AWS credentials read from private ECR; undefined: those that write. */
  readonly fromProfile: string | undefined;
  /** Whether what only some may pull becomes public. */
  readonly isPublished: boolean;
}

/** Reads and checks the command line, before the network is used. Throws USAGE, LIMIT, or INVALID_INPUT for files that it names. */
export async function readCopyRequest(
  context: CommandContext,
  fromText: string,
  toText: string,
  options: CopyOptions,
): Promise<CopyRequest> {
  const { platform = [], attestations, referrers, allTags = false, match } = options;
  checkGivenLogin(options);
  const hosts = findRegistryHosts(context);
  const from = parseImageAddress(fromText, hosts);
  const { fromProfile } = options;
  if (fromProfile !== undefined && from.privateRegistry === undefined) {
    throw refuse(
      `--from-profile is for private ECR, and ${formatImageAddress(from)} is not there`,
      'Leave it out, or give --from-username for another registry.',
    );
  }
  if (match !== undefined && !allTags) {
    throw refuse(
      '--match chooses among the tags of a repository, so it needs --all-tags',
      'Give --all-tags as well.',
    );
  }
  const reference = allTags
    ? readRepositories(from, toText, hosts, options)
    : completeTarget(from, toText, hosts, options);
  const selection = { platforms: platform.map(parsePlatform), attestations, referrers };
  const wantsTag = allTags ? compileGlobs(match ?? ['*']) : undefined;
  const transfer = await readTransfer(context, reference, {
    ...options,
    // All tags go to their own names, which are not known yet.
    byDigest: options.byDigest ?? allTags,
    // Layers are copied as they are.
    compression: 'none',
    remoteCache: false,
    resume: true,
  });
  const login = await readGivenLogin(context.io, options);
  const isPublished =
    from.privateRegistry !== undefined && parseReference(toText, hosts).privateRegistry === undefined;
  const plainHttp = options.fromPlainHttp;
  return { from, wantsTag, selection, transfer, plainHttp, login, fromProfile, isPublished };
}

/** Checks both names of a copy of all tags. Returns the repository to copy to. */
function readRepositories(
  from: ImageAddress,
  toText: string,
  hosts: RegistryHosts,
  { tag, byDigest }: CopyOptions,
): string {
  const to = parseReference(toText, hosts);
  const named = [from, to].some(({ imageTag, imageDigest }) => (imageTag ?? imageDigest) !== undefined);
  if (named) {
    throw refuse(
      '--all-tags copies a repository, but a tag or a digest is given',
      'Write both names without a tag; --match chooses tags.',
    );
  }
  if (tag !== undefined || byDigest) {
    throw refuse(
      `${byDigest ? '--by-digest' : '--tag'} does not go with --all-tags: each image keeps its own tags`,
      'Leave one of them out.',
    );
  }
  return toText;
}

/** Adds to TO the tag of FROM, if TO has none. Throws USAGE if neither has one. */
function completeTarget(
  from: ImageAddress,
  toText: string,
  hosts: RegistryHosts,
  { tag = [], byDigest = false }: CopyOptions,
): string {
  // Before any message repeats it: it may hold a password.
  const to = parseReference(toText, hosts);
  if (from.imageTag === undefined && from.imageDigest === undefined) {
    const name = formatImageAddress(from);
    throw refuse(
      `${name} names no tag, and a copy needs one`,
      `Write ${name}:TAG. Or copy every tag: ecrp copy ${name} ${toText} --all-tags`,
    );
  }
  if (to.imageTag !== undefined || byDigest) return toText;
  const [given] = readGivenTags(tag, hosts);
  const further = given?.kind === 'reference' ? given.reference.imageTag : given?.imageTag;
  const imageTag = from.imageTag ?? further;
  if (imageTag === undefined) {
    throw refuse(
      `neither ${toText} nor ${formatImageAddress(from)} names a tag`,
      'Write a tag on TO, or give --by-digest.',
    );
  }
  return formatReference({ ...to, imageTag });
}

function refuse(problem: string, hint: string): EcrpError {
  return new EcrpError('USAGE', problem, { hint });
}
