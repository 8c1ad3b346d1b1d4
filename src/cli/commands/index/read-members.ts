import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { EcrpError } from '../../../errors.ts';
import { quoteText } from '../../../foreign-text.ts';
import {
  formatAddressedRepository,
  type ImageAddress,
  parseImageAddress,
} from '../../../oci/image-address.ts';
import { type Platform, parsePlatform } from '../../../oci/platform.ts';
import {
  formatRepository,
  isSameRegistryHost,
  parseReference,
  type Reference,
  type RegistryHosts,
  type RepositoryReference,
} from '../../../oci/reference.ts';
import type { CommandContext } from '../../command-context.ts';
import { checkSource } from '../push/check-source.ts';

/** One argument of a command that makes an index. */
export type GivenMember = GivenSource | GivenReference | GivenAddress;

interface NamedMember {
  /** As the command line names it, without the platform. */
  readonly name: string;
  /** What stands after the equals sign. */
  readonly platform: Platform | undefined;
}

/** An archive, a directory, standard input, or an image of an engine. */
export interface GivenSource extends NamedMember {
  readonly kind: 'source';
}

/** An image that is in the repository of the index. */
export interface GivenReference extends NamedMember {
  readonly kind: 'reference';
  readonly reference: Reference;
}

/** An image of another repository, or of another registry. */
export interface GivenAddress extends NamedMember {
  readonly kind: 'address';
  readonly address: ImageAddress;
}

/** The options that say which images go into an index. */
export interface MemberOptions {
  readonly image?: string;
  readonly all?: boolean;
  readonly attestations: 'keep' | 'drop';
  readonly referrers: 'keep' | 'drop';
  /** `KEY=VALUE` */
  readonly annotation?: readonly string[];
}

/** Which images of sources that hold several. */
export interface MemberChoice {
  /** `--image` */
  readonly image: string | undefined;
  readonly all: boolean;
  /** What goes along with the images. */
  readonly kept: { readonly attestations: 'keep' | 'drop'; readonly referrers: 'keep' | 'drop' };
}

/** Matches names that are meant as paths, whether the file exists or not. */
const PATH = /^[./~]|\.(?:tar|tgz|gz|zst|zip|xz|oci)$/;

/**
 * Reads the arguments of a command that makes an index in `repository`. What exists as a file or directory is a source, and so are
 * `-` and `docker:NAME`; anything else is a reference. Throws USAGE or INVALID_INPUT for what is neither.
 */
export function readMembers(
  context: CommandContext,
  texts: readonly string[],
  repository: RepositoryReference,
  hosts: RegistryHosts,
): readonly GivenMember[] {
  const members = texts.map((text) => readMember(context, text, repository, hosts));
  if (members.filter(({ name }) => name === '-').length > 1) {
    throw new EcrpError('USAGE', 'standard input is given twice, and can be read once', {
      hint: 'Write one of the archives into a file.',
    });
  }
  return members;
}

function readMember(
  context: CommandContext,
  text: string,
  repository: RepositoryReference,
  hosts: RegistryHosts,
): GivenMember {
  const { name, platform } = splitPlatform(context, text);
  if (name === '-' || name === '' || name.startsWith('docker:')) {
    checkSource(context, name, formatRepository(repository));
    return { kind: 'source', name, platform };
  }
  if (isFile(context, name)) return { kind: 'source', name, platform };
  const address = readAddress(name, repository, hosts);
  const isEcr =
    address.privateRegistry !== undefined || isSameRegistryHost(address.registryHost, hosts.registryHost);
  if (!isEcr) return { kind: 'address', name, platform, address };
  const reference = parseReference(name, hosts);
  const isSameService = reference.privateRegistry?.registryHost === repository.privateRegistry?.registryHost;
  return isSameService && reference.repositoryName === repository.repositoryName
    ? { kind: 'reference', name, platform, reference }
    : { kind: 'address', name, platform, address };
}

/** The name of a file may hold an equals sign itself. */
function splitPlatform(
  context: CommandContext,
  text: string,
): { readonly name: string; readonly platform: Platform | undefined } {
  const at = text.lastIndexOf('=');
  if (at === -1 || isFile(context, text)) return { name: text, platform: undefined };
  const name = text.slice(0, at);
  const given = text.slice(at + 1);
  const isPath = given.includes('.') && !/^\w+\/\w+\/v[\d.]+$/.test(given);
  if (isPath && !isFile(context, name)) return { name: text, platform: undefined };
  return { name, platform: parsePlatform(given) };
}

function isFile({ io }: CommandContext, name: string): boolean {
  return name !== '' && existsSync(resolve(io.cwd, name));
}

function readAddress(name: string, repository: RepositoryReference, hosts: RegistryHosts): ImageAddress {
  const own = formatRepository(repository);
  const neither = `${quoteText(name)} is neither a file nor an image`;
  if (PATH.test(name)) {
    throw new EcrpError('INVALID_INPUT', neither, {
      hint: `Check the path, or name an image: ${own}:TAG.`,
    });
  }
  let address: ImageAddress;
  try {
    address = parseImageAddress(name, hosts);
  } catch (cause) {
    if (!(cause instanceof EcrpError)) throw cause;
    throw new EcrpError('USAGE', `${neither}: ${cause.message}`, {
      hint: `Name an archive, or an image: ${own}:TAG, HOST/REPOSITORY:TAG.`,
      cause,
    });
  }
  if (address.imageTag !== undefined || address.imageDigest !== undefined) return address;
  const named = formatAddressedRepository(address);
  throw new EcrpError('USAGE', `${neither}: it has no tag`, {
    hint: `Write ${named}:TAG or ${named}@DIGEST, or the path of an archive.`,
  });
}

/** Reads which images of the sources are meant. Throws USAGE for a contradiction. */
export function readChoice({ image, all = false, attestations, referrers }: MemberOptions): MemberChoice {
  if (all && image !== undefined) {
    throw new EcrpError('USAGE', '--image chooses one image of a source, and --all takes each', {
      hint: 'Leave one of them out.',
    });
  }
  return { image, all, kept: { attestations, referrers } };
}
