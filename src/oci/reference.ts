import { EcrpError } from '../errors.ts';
import { quoteText } from './json.ts';

/** Where an image is pushed to. */
export interface Reference {
  /** Registry alias (or the 12 digits of an account); absent for one's own registry. */
  readonly registryAlias?: string;
  readonly repositoryName: string;
  readonly imageTag: string;
}

const DEFAULT_TAG = 'latest';
/** OCI distribution specification, "Pulling manifests". */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
/** `RepositoryName` of the service model, 2 to 205 characters; `RegistryAliasName` and `RegistryId`, 2 to 50. */
const REPOSITORY_NAME = /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
const REGISTRY_ALIAS = /^(?:[0-9]{12}|[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*)$/;

/**
 * Reads `repo[:tag]` or `HOST/alias/repo[:tag]`, HOST being the registry host; no tag means `latest`. As in docker, a first
 * component with a dot or a colon, or `localhost`, is a host. Throws USAGE for another host, a digest, or a bad name.
 */
export function parseReference(text: string, registryHost: string): Reference {
  if (/^[a-z+]+:\/\//.test(text)) {
    const bare = text.slice(text.indexOf('//') + 2);
    throw usage(`reference ${quoteText(text)} is a URL`, `Write it without the scheme: ${bare}`);
  }
  if (text.includes('@')) {
    throw usage(
      `reference ${quoteText(text)} names a digest, but an image is pushed to a tag`,
      'Write repo:tag; the digest follows from the image and is printed when it is pushed.',
    );
  }
  const [host, path] = splitHost(text, registryHost);
  const colon = path.lastIndexOf(':');
  const name = colon === -1 ? path : path.slice(0, colon);
  const imageTag = colon === -1 ? DEFAULT_TAG : path.slice(colon + 1);
  assertTag(imageTag);
  if (host === undefined) {
    assertRepositoryName(name);
    return { repositoryName: name, imageTag };
  }
  const slash = name.indexOf('/');
  if (slash === -1) {
    throw usage(
      `reference ${quoteText(text)} names no registry alias`,
      `Write ${registryHost}/ALIAS/${name}, or ${name} alone for your own registry.`,
    );
  }
  const registryAlias = name.slice(0, slash);
  assertRegistryAlias(registryAlias);
  const repositoryName = name.slice(slash + 1);
  assertRepositoryName(repositoryName);
  return { registryAlias, repositoryName, imageTag };
}

/** Writes `HOST/alias/repo:tag`, or `repo:tag` without an alias. */
export function formatReference(reference: Reference, registryHost: string): string {
  const { registryAlias, repositoryName, imageTag } = reference;
  const prefix = registryAlias === undefined ? '' : `${registryHost}/${registryAlias}/`;
  return `${prefix}${repositoryName}:${imageTag}`;
}

/**
 * The references among an archive's image names that point at the registry host, in their order; names of other places
 * and by digest are left out. Throws INVALID_INPUT for a name at the registry host that is no valid reference.
 */
export function findRegistryReferences(names: readonly string[], registryHost: string): readonly Reference[] {
  const own = names.filter((name) => name.startsWith(`${registryHost}/`) && !name.includes('@'));
  return own.map((name) => {
    try {
      return parseReference(name, registryHost);
    } catch (cause) {
      if (!(cause instanceof EcrpError)) throw cause;
      const hint = 'Give the REFERENCE to push to on the command line.';
      throw new EcrpError(
        'INVALID_INPUT',
        `the archive names an image ${quoteText(name)}: ${cause.message}`,
        {
          hint,
          cause,
        },
      );
    }
  });
}

/** Throws USAGE unless the text is an image tag of the OCI distribution specification. */
export function assertTag(text: string): void {
  if (TAG.test(text)) return;
  throw usage(
    `${quoteText(text)} is not an image tag`,
    'A tag has 1 to 128 letters, digits, dots, dashes and underscores, and does not begin with a dot or a dash.',
  );
}

/** Throws USAGE unless the text is a repository name that ECR Public takes. */
export function assertRepositoryName(text: string): void {
  if (text.length >= 2 && text.length <= 205 && REPOSITORY_NAME.test(text)) return;
  throw usage(
    `${quoteText(text)} is not a repository name of ECR Public`,
    REPOSITORY_NAME.test(text.toLowerCase())
      ? `Repository names are in lower case and 2 to 205 characters long.`
      : 'A name has 2 to 205 lower-case letters and digits, with single dots, dashes, underscores or slashes between them.',
  );
}

function assertRegistryAlias(text: string): void {
  if (text.length <= 50 && REGISTRY_ALIAS.test(text)) return;
  throw usage(
    `${quoteText(text)} is not a registry alias of ECR Public`,
    'An alias has 2 to 50 lower-case letters and digits and begins with a letter.',
  );
}

function splitHost(text: string, registryHost: string): [host: string | undefined, path: string] {
  const slash = text.indexOf('/');
  const first = slash === -1 ? text : text.slice(0, slash);
  if (slash !== -1 && first === registryHost) return [first, text.slice(slash + 1)];
  const isHost = slash !== -1 && (first === 'localhost' || /[.:]/.test(first));
  if (!isHost && first !== registryHost) return [undefined, text];
  if (slash === -1) {
    throw usage(
      `reference ${quoteText(text)} is the registry host alone`,
      `Write ${registryHost}/ALIAS/REPOSITORY:TAG.`,
    );
  }
  throw usage(
    `reference ${quoteText(text)} points at ${first}, but ecrp pushes to ${registryHost}`,
    /\.dkr\.ecr\./.test(first)
      ? 'That is a private ECR registry: use docker or skopeo for it. ecrp serves ECR Public.'
      : `Write REPOSITORY:TAG for your own registry or ${registryHost}/ALIAS/REPOSITORY:TAG; --registry-host sets another host.`,
  );
}

function usage(message: string, hint: string): EcrpError {
  return new EcrpError('USAGE', message, { hint });
}
