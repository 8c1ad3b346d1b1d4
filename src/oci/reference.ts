import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';
import { type Digest, isDigest } from './digest.ts';
import { type PrivateRegistry, parsePrivateHost } from './private-host.ts';
import { assertPrivateRepositoryName, assertRegistryAlias, assertRepositoryName } from './repository-name.ts';
import { assertTag } from './tags.ts';

/** The hosts that a command serves beside those of AWS's private registries. */
export interface RegistryHosts {
  /** Of ECR Public. A name without a host is a repository there. */
  readonly registryHost: string;
  /** An emulator's host that counts as a private registry (ECRP_PRIVATE_REGISTRY_HOST). */
  readonly privateHost?: string | undefined;
}

/** Repository of ECR Public, or of private ECR, that a reference names. */
export interface RepositoryReference {
  /** Host of the reference, or the configured registry host. */
  readonly registryHost: string;
  /** Registry alias, or the 12 digits of an account. Absent for the user's own registry, and in private ECR. */
  readonly registryAlias?: string;
  readonly repositoryName: string;
  /** Undefined in ECR Public. It must be said: a private reference without it would name a repository of ECR Public. */
  readonly privateRegistry: PrivateRegistry | undefined;
}

/** Image by tag, by digest or by both. Each command decides what a reference with neither means. */
export interface Reference extends RepositoryReference {
  readonly imageTag?: string;
  readonly imageDigest?: Digest;
}

/** Two names of one registry. The second answers over IPv6 as well. */
const AWS_HOSTS: readonly string[] = ['public.ecr.aws', 'ecr-public.aws.com'];

/**
 * Parses `repo[:tag][@digest]` or `HOST/alias/repo[:tag][@digest]`, where HOST is the registry host, or `HOST/repo[:tag][@digest]` of a
 * private registry. A first component with a dot or a colon, or `localhost`, is a host, as in docker. Throws USAGE for another host or a
 * bad name.
 */
export function parseReference(text: string, hosts: RegistryHosts): Reference {
  const { registryHost } = hosts;
  refuseAddress(text, registryHost);
  const [named, imageDigest] = splitDigest(text);
  const slash = named.indexOf('/');
  const privateRegistry = parsePrivateHost(named.slice(0, Math.max(slash, 0)), hosts.privateHost);
  const [host, path] =
    privateRegistry === undefined
      ? splitHost(named, hosts)
      : [privateRegistry.registryHost, named.slice(slash + 1)];
  const colon = path.lastIndexOf(':');
  const name = colon === -1 ? path : path.slice(0, colon);
  const imageTag = colon === -1 ? undefined : path.slice(colon + 1);
  if (imageTag !== undefined) assertTag(imageTag);
  return {
    ...(privateRegistry === undefined
      ? splitAlias(text, host, name, registryHost)
      : namePrivate(name, privateRegistry)),
    ...(imageTag !== undefined && { imageTag }),
    ...(imageDigest !== undefined && { imageDigest }),
  };
}

/** Parses a reference to a repository. Throws USAGE for a tag or digest, and as `parseReference` does. */
export function parseRepository(text: string, hosts: RegistryHosts): RepositoryReference {
  const { imageTag, imageDigest, ...repository } = parseReference(text, hosts);
  if (imageTag === undefined && imageDigest === undefined) return repository;
  throw usage(
    `${quoteText(text)} names an image, not a repository`,
    `Write it without ${imageTag === undefined ? 'the digest' : 'the tag'}: ${formatRepository(repository)}`,
  );
}

/** Formats `HOST/alias/repo`, `repo` without an alias, or `HOST/repo` in private ECR. */
export function formatRepository({
  registryHost,
  registryAlias,
  repositoryName,
  privateRegistry,
}: RepositoryReference): string {
  if (privateRegistry !== undefined) return `${registryHost}/${repositoryName}`;
  return registryAlias === undefined ? repositoryName : `${registryHost}/${registryAlias}/${repositoryName}`;
}

/** Formats `HOST/alias/repo:tag@digest` without absent parts; `HOST/repo` in private ECR. */
export function formatReference(reference: Reference): string {
  const { imageTag, imageDigest } = reference;
  const tag = imageTag === undefined ? '' : `:${imageTag}`;
  return `${formatRepository(reference)}${tag}${imageDigest === undefined ? '' : `@${imageDigest}`}`;
}

/** True if both hosts name the same registry. */
export function isSameRegistryHost(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  return a === b || (AWS_HOSTS.includes(a) && AWS_HOSTS.includes(b));
}

/**
 * Finds the references to the registry host among an archive's image names, in order; without any, those to private registries. Skips names of
 * other hosts and names with a digest. Throws INVALID_INPUT for a name at such a host that is not a valid reference.
 */
export function findRegistryReferences(names: readonly string[], hosts: RegistryHosts): readonly Reference[] {
  const find = (isMeant: (host: string) => boolean): readonly string[] =>
    names.filter((name) => {
      const slash = name.indexOf('/');
      return slash !== -1 && isMeant(name.slice(0, slash)) && !name.includes('@');
    });
  const own = find((host) => isSameRegistryHost(host, hosts.registryHost));
  const found =
    own.length > 0 ? own : find((host) => parsePrivateHost(host, hosts.privateHost) !== undefined);
  return found.map((name) => {
    try {
      return parseReference(name, hosts);
    } catch (cause) {
      if (!(cause instanceof EcrpError)) throw cause;
      const hint = 'Give the REFERENCE to push to on the command line.';
      throw new EcrpError(
        'INVALID_INPUT',
        `the archive names an image ${quoteText(name)}: ${cause.message}`,
        { hint, cause },
      );
    }
  });
}

/** Throws USAGE for an ARN or URL pasted in place of a reference. */
export function refuseAddress(text: string, registryHost: string): void {
  const [, registryId, name] = /^arn:[^:]*:ecr-public:[^:]*:(\d{12}):repository\/(.+)$/.exec(text) ?? [];
  if (registryId !== undefined) {
    throw usage(
      `reference ${quoteText(text)} is an ARN`,
      `Write ${registryHost}/${registryId}/${name}, or ${name} alone for your own registry.`,
    );
  }
  const isUrl = /^[a-z+]+:\/\//.test(text);
  // Comes before any message that repeats the text. No digest has a slash. In a URL only a digest may follow the @.
  if (/@.*\//s.test(text) || (isUrl && /@(?!sha256:)/.test(text))) {
    throw usage(
      'the reference contains a user name or password',
      'Write HOST/ALIAS/REPOSITORY:TAG without it: ecrp uses your AWS credentials.',
    );
  }
  if (!isUrl) return;
  const bare = text.slice(text.indexOf('//') + 2).replace(/^gallery\.ecr\.aws\//, `${AWS_HOSTS[0]}/`);
  // Helm adds the name of the chart to such a URL.
  const advice = text.startsWith('oci:')
    ? 'Write the whole name of the repository, without the scheme'
    : 'Write it without the scheme';
  throw usage(`reference ${quoteText(text)} is a URL`, `${advice}: ${bare}`);
}

/** Splits `NAME@DIGEST`. Throws USAGE for a digest that is not SHA-256. */
export function splitDigest(text: string): [named: string, digest: Digest | undefined] {
  const at = text.indexOf('@');
  if (at === -1) return [text, undefined];
  const digest = text.slice(at + 1);
  if (isDigest(digest)) return [text.slice(0, at), digest];
  throw usage(
    `reference ${quoteText(text)}: ${quoteText(digest)} is not a digest`,
    'Write sha256: and 64 hexadecimal digits in lower case.',
  );
}

function splitAlias(
  text: string,
  host: string | undefined,
  name: string,
  registryHost: string,
): RepositoryReference {
  if (host === undefined) {
    assertRepositoryName(name);
    return { registryHost, repositoryName: name, privateRegistry: undefined };
  }
  const slash = name.indexOf('/');
  if (slash === -1) {
    throw usage(
      `reference ${quoteText(text)} names no registry alias`,
      `Write ${host}/ALIAS/${name}, or ${name} alone for your own registry.`,
    );
  }
  const registryAlias = name.slice(0, slash);
  assertRegistryAlias(registryAlias);
  const repositoryName = name.slice(slash + 1);
  assertRepositoryName(repositoryName);
  return { registryHost: host, registryAlias, repositoryName, privateRegistry: undefined };
}

function namePrivate(repositoryName: string, privateRegistry: PrivateRegistry): RepositoryReference {
  assertPrivateRepositoryName(repositoryName);
  return { registryHost: privateRegistry.registryHost, repositoryName, privateRegistry };
}

function splitHost(
  text: string,
  { registryHost, privateHost }: RegistryHosts,
): [host: string | undefined, path: string] {
  const slash = text.indexOf('/');
  const first = slash === -1 ? text : text.slice(0, slash);
  const isRegistry = isSameRegistryHost(first, registryHost);
  if (slash !== -1 && isRegistry) return [first.toLowerCase(), text.slice(slash + 1)];
  const isHost = slash !== -1 && (first === 'localhost' || /[.:]/.test(first));
  if (!isHost && !isRegistry) return [undefined, text];
  if (slash === -1) {
    throw usage(
      `reference ${quoteText(text)} is the registry host alone`,
      `Write ${registryHost}/ALIAS/REPOSITORY:TAG.`,
    );
  }
  throw usage(
    `reference ${quoteText(text)} points at ${first}, but ecrp serves ${registryHost}${privateHost === undefined ? '' : `, ${privateHost}`} and private ECR`,
    `Write REPOSITORY:TAG for your own registry or ${registryHost}/ALIAS/REPOSITORY:TAG; --registry-host sets another host.`,
  );
}

function usage(message: string, hint: string): EcrpError {
  return new EcrpError('USAGE', message, { hint });
}
