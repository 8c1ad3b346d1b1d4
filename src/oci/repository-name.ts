import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';

/** `RepositoryName` of the service model (2 to 205 characters); `RegistryAliasName` and `RegistryId` (2 to 50). */
const REPOSITORY_NAME = /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
/** The same in private ECR (2 to 256 characters), where `__` and `--` are allowed. */
const PRIVATE_REPOSITORY_NAME =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const REGISTRY_ALIAS = /^(?:[0-9]{12}|[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*)$/;

/** Throws USAGE unless the text is a repository name of ECR Public. */
export function assertRepositoryName(text: string): void {
  if (text.length >= 2 && text.length <= 205 && REPOSITORY_NAME.test(text)) return;
  throw new EcrpError('USAGE', `${quoteText(text)} is not a repository name of ECR Public`, {
    hint: REPOSITORY_NAME.test(text.toLowerCase())
      ? 'Write it in lower case, with 2 to 205 characters.'
      : /[a-z0-9]\/$/.test(text)
        ? `Write the whole name of the repository: ${text}NAME.`
        : 'Use 2 to 205 lower-case letters and digits, with single dots, dashes, underscores or slashes between them.',
  });
}

/** Throws USAGE unless the text is a registry alias or the 12 digits of an account. */
export function assertRegistryAlias(text: string): void {
  if (text.length <= 50 && REGISTRY_ALIAS.test(text)) return;
  throw new EcrpError('USAGE', `${quoteText(text)} is not a registry alias of ECR Public`, {
    hint: 'Use 2 to 50 lower-case letters and digits, the first a letter.',
  });
}

/** True if the alias of a reference is a registry ID: the 12 digits of an account. */
export function isRegistryId(alias: string): boolean {
  return /^[0-9]{12}$/.test(alias);
}

/** Throws USAGE unless the text is a repository name of private ECR. */
export function assertPrivateRepositoryName(text: string): void {
  if (text.length >= 2 && text.length <= 256 && PRIVATE_REPOSITORY_NAME.test(text)) return;
  throw new EcrpError('USAGE', `${quoteText(text)} is not a repository name of private ECR`, {
    hint: PRIVATE_REPOSITORY_NAME.test(text.toLowerCase())
      ? 'Write it in lower case, with 2 to 256 characters.'
      : 'Use 2 to 256 lower-case letters and digits, with dots, dashes, underscores or slashes between them.',
  });
}
