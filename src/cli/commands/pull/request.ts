import { arch } from 'node:os';
import { EcrpError } from '../../../errors.ts';
import { formatImageAddress, type ImageAddress, parseImageAddress } from '../../../oci/image-address.ts';
import { type Platform, parsePlatform } from '../../../oci/platform.ts';
import type { CommandContext } from '../../command-context.ts';
import { findRegistryHosts } from '../../service-address.ts';
import { type Destination, type PullFormat, readDestination } from './destination.ts';

/** The options of `ecrp pull`, as commander gives them. */
export interface PullOptions {
  readonly format?: PullFormat;
  readonly platform?: readonly string[];
  readonly concurrency: number;
}

/** What the command line of `ecrp pull` asks for. */
export interface PullRequest {
  /** With a tag, a digest or both. */
  readonly address: ImageAddress;
  readonly destination: Destination;
  /** A docker-archive holds one image. */
  readonly isArchive: boolean;
  /** Empty: all, or for a docker-archive the platform of this machine. */
  readonly platforms: readonly Platform[];
  readonly concurrency: number;
}

/** Reads and checks the command line, before the network is used. Throws USAGE, and as `readDestination`. */
export async function readPullRequest(
  context: CommandContext,
  reference: string,
  destination: string,
  { format, platform = [], concurrency }: PullOptions,
): Promise<PullRequest> {
  const address = parseImageAddress(reference, findRegistryHosts(context));
  if (address.imageTag === undefined && address.imageDigest === undefined) {
    const name = formatImageAddress(address);
    throw new EcrpError('USAGE', `${name} names no tag, and a pull needs one`, {
      hint: `Write ${name}:latest if you mean that.`,
    });
  }
  const platforms = platform.map(parsePlatform);
  const place = await readDestination(context, destination, format);
  const isArchive = place.kind === 'stream' || (place.kind === 'file' && place.format === 'docker-archive');
  if (isArchive && platforms.length > 1) {
    throw new EcrpError('USAGE', 'a docker-archive holds one platform, but several are given', {
      hint: 'Give --platform once, or pull into a directory or an OCI tar.',
    });
  }
  return { address, destination: place, isArchive, platforms, concurrency };
}

/** Architectures of Node that have another name in images. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  mipsel: 'mipsle',
};

/** The platform whose images a container engine on this machine runs. */
export function findOwnPlatform(): Platform {
  return { os: 'linux', architecture: ARCHITECTURES[arch()] ?? arch() };
}
