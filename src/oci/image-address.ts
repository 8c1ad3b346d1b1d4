import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';
import type { Digest } from './digest.ts';
import { type PrivateRegistry, parsePrivateHost } from './private-host.ts';
import {
  isSameRegistryHost,
  parseReference,
  type RegistryHosts,
  refuseAddress,
  splitDigest,
} from './reference.ts';
import { assertTag } from './tags.ts';

/** Docker Hub, as references name it. */
export const DOCKER_HUB = 'docker.io';

/** Repository of any registry. */
export interface AddressedRepository {
  /** As in the reference, in lower case: `ghcr.io`, `docker.io`, `127.0.0.1:5000`. */
  readonly registryHost: string;
  /** As in `/v2/PATH/`. With `lacksAlias` the repository's name alone. */
  readonly repositoryPath: string;
  /** True for a name without a host: a repository of the user's own registry of ECR Public, whose alias has to be found out. */
  readonly lacksAlias?: true;
  /** The registry, if it is one of private ECR. */
  readonly privateRegistry?: PrivateRegistry;
}

/** Image of any registry by tag, by digest or by both; a repository if it has neither. Each command decides what that means. */
export interface ImageAddress extends AddressedRepository {
  readonly imageTag?: string;
  readonly imageDigest?: Digest;
}

/** Grammar of `distribution/reference`, which docker and podman use. */
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const HOST_NAME =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;
const MOST_PATH_CHARACTERS = 255;

/**
 * Parses `HOST/PATH[:tag][@digest]` of any registry. A first component with a dot or a colon, or `localhost`, is a host, as in docker. A
 * name without a host is a repository of the user's own registry of ECR Public; references to that registry and to private ECR are checked
 * as `parseReference` does. `docker.io/alpine` means `docker.io/library/alpine`. Throws USAGE.
 */
export function parseImageAddress(text: string, hosts: RegistryHosts): ImageAddress {
  refuseAddress(text, hosts.registryHost);
  const host = findHost(text);
  const isEcr =
    host === undefined ||
    isSameRegistryHost(host, hosts.registryHost) ||
    parsePrivateHost(host, hosts.privateHost) !== undefined;
  if (isEcr) return parseEcr(text, hosts);
  if (!HOST_NAME.test(host)) {
    throw usage(
      `reference ${quoteText(text)}: ${quoteText(host)} is not a host`,
      'Write HOST/REPOSITORY:TAG.',
    );
  }
  const [named, imageDigest] = splitDigest(text.slice(host.length + 1));
  const colon = named.lastIndexOf(':');
  const imageTag = colon === -1 ? undefined : named.slice(colon + 1);
  if (imageTag !== undefined) assertTag(imageTag);
  const path = colon === -1 ? named : named.slice(0, colon);
  const isHub = host === DOCKER_HUB || host === `index.${DOCKER_HUB}`;
  const repositoryPath = isHub && !path.includes('/') && path !== '' ? `library/${path}` : path;
  checkPath(text, repositoryPath);
  return {
    registryHost: isHub ? DOCKER_HUB : host,
    repositoryPath,
    ...(imageTag !== undefined && { imageTag }),
    ...(imageDigest !== undefined && { imageDigest }),
  };
}

/** Parses the name of a repository of any registry. Throws USAGE for a tag or digest, and as `parseImageAddress` does. */
export function parseAddressedRepository(text: string, hosts: RegistryHosts): AddressedRepository {
  const { imageTag, imageDigest, ...repository } = parseImageAddress(text, hosts);
  if (imageTag === undefined && imageDigest === undefined) return repository;
  throw usage(
    `${quoteText(text)} names an image, not a repository`,
    `Write it without ${imageTag === undefined ? 'the digest' : 'the tag'}: ${formatAddressedRepository(repository)}`,
  );
}

/** Formats `HOST/PATH`, or the name alone where the alias is missing. */
export function formatAddressedRepository({
  registryHost,
  repositoryPath,
  lacksAlias,
}: AddressedRepository): string {
  return lacksAlias ? repositoryPath : `${registryHost}/${repositoryPath}`;
}

/** Formats `HOST/PATH:tag@digest` without absent parts. */
export function formatImageAddress(address: ImageAddress): string {
  const { imageTag, imageDigest } = address;
  const tag = imageTag === undefined ? '' : `:${imageTag}`;
  return `${formatAddressedRepository(address)}${tag}${imageDigest === undefined ? '' : `@${imageDigest}`}`;
}

/** Finds the host that requests for a registry go to. Docker Hub's has another name. */
export function findRequestHost(registryHost: string): string {
  return registryHost === DOCKER_HUB ? 'registry-1.docker.io' : registryHost;
}

/** Finds the key of a registry in docker's config and for its credential helpers. Docker Hub's is older than the others. */
export function findLoginKey(registryHost: string): string {
  return registryHost === DOCKER_HUB ? 'https://index.docker.io/v1/' : registryHost;
}

function findHost(text: string): string | undefined {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0)).toLowerCase();
  return first === 'localhost' || /[.:]/.test(first) ? first : undefined;
}

function parseEcr(text: string, hosts: RegistryHosts): ImageAddress {
  const { registryHost, registryAlias, repositoryName, privateRegistry, ...image } = parseReference(
    text,
    hosts,
  );
  if (privateRegistry !== undefined) {
    return { registryHost, repositoryPath: repositoryName, privateRegistry, ...image };
  }
  return registryAlias === undefined
    ? { registryHost, repositoryPath: repositoryName, lacksAlias: true, ...image }
    : { registryHost, repositoryPath: `${registryAlias}/${repositoryName}`, ...image };
}

function checkPath(text: string, path: string): void {
  if (path.length <= MOST_PATH_CHARACTERS && path.split('/').every((part) => PATH_COMPONENT.test(part)))
    return;
  throw usage(
    `reference ${quoteText(text)}: ${quoteText(path)} is not the name of a repository`,
    /[A-Z]/.test(path)
      ? 'Write the name of the repository in lower case.'
      : 'Write HOST/REPOSITORY:TAG, as docker pull takes it.',
  );
}

function usage(message: string, hint: string): EcrpError {
  return new EcrpError('USAGE', message, { hint });
}
