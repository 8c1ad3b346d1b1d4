import { EcrpError } from '../errors.ts';
import { quoteText } from './json.ts';

/** `RepositoryName` of the service model, 2 to 205 characters; `RegistryAliasName` and `RegistryId`, 2 to 50. */
const REPOSITORY_NAME = /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
const REGISTRY_ALIAS = /^(?:[0-9]{12}|[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*)$/;
/** OCI distribution specification, "Pulling manifests". */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** Throws USAGE unless the text is a repository name that ECR Public takes. */
export function assertRepositoryName(text: string): void {
  if (text.length >= 2 && text.length <= 205 && REPOSITORY_NAME.test(text)) return;
  throw new EcrpError('USAGE', `${quoteText(text)} is not a repository name of ECR Public`, {
    hint: REPOSITORY_NAME.test(text.toLowerCase())
      ? `Repository names are in lower case and 2 to 205 characters long.`
      : 'A name has 2 to 205 lower-case letters and digits, with single dots, dashes, underscores or slashes between them.',
  });
}

/** Throws USAGE unless the text is a registry alias, or the 12 digits of an account. */
export function assertRegistryAlias(text: string): void {
  if (text.length <= 50 && REGISTRY_ALIAS.test(text)) return;
  throw new EcrpError('USAGE', `${quoteText(text)} is not a registry alias of ECR Public`, {
    hint: 'An alias has 2 to 50 lower-case letters and digits and begins with a letter.',
  });
}

/** Whether what stands for an alias in a reference is the id of a registry: the 12 digits of its account. */
export function isRegistryId(alias: string): boolean {
  return /^[0-9]{12}$/.test(alias);
}

/** Throws USAGE unless the text is an image tag of the OCI distribution specification. */
export function assertTag(text: string): void {
  if (TAG.test(text)) return;
  throw new EcrpError('USAGE', `${quoteText(text)} is not an image tag`, {
    hint: 'A tag has 1 to 128 letters, digits, dots, dashes and underscores, and does not begin with a dot or a dash.',
  });
}
