import { groupDigits } from '../../../catalog/findings.ts';
import type { Registry } from '../../../ecr/registries.ts';
import type { RegistryCatalogData } from '../../../ecr/registry-catalog-data.ts';
import {
  MAX_IMAGES_PER_REPOSITORY,
  MAX_LAYER_BYTES,
  MAX_PARTS_PER_LAYER,
  MAX_REPOSITORIES,
  MAX_RESOURCE_TAGS,
  MAX_TAGS_PER_IMAGE,
  PULLS_PER_SECOND,
  REQUESTS_PER_SECOND,
} from '../../../wire/limits.ts';
import { formatFields, formatTable } from '../../format.ts';
import type { ResultMembers } from '../../output.ts';

/** The default quotas. The API does not say which of them AWS has raised for an account. */
export const QUOTAS = {
  repositories: MAX_REPOSITORIES,
  imagesPerRepository: MAX_IMAGES_PER_REPOSITORY,
  tagsPerImage: MAX_TAGS_PER_IMAGE,
  resourceTagsPerRepository: MAX_RESOURCE_TAGS,
  layerParts: MAX_PARTS_PER_LAYER,
  layerBytes: MAX_LAYER_BYTES,
  requestsPerSecond: REQUESTS_PER_SECOND,
  pullsPerSecond: PULLS_PER_SECOND,
};

/** Members of a registry for JSON, named as in the API. */
export function listRegistryMembers(registry: Registry): ResultMembers {
  const { registryId, registryArn, registryUri, verified, aliases } = registry;
  return { registryId, registryArn, registryUri, verified, aliases: aliases.map((alias) => ({ ...alias })) };
}

export function viewRegistries(
  registries: readonly Registry[],
  { displayName }: RegistryCatalogData,
): readonly string[] {
  return [
    ...registries.flatMap((registry) => viewRegistry(registry, displayName)),
    ...formatTable(['DEFAULT QUOTA', ''], listQuotaRows()),
  ];
}

function viewRegistry(registry: Registry, displayName: string | undefined): readonly string[] {
  const rows = registry.aliases.map(({ name, status, primaryRegistryAlias, defaultRegistryAlias }) => {
    const roles = [primaryRegistryAlias && 'primary', defaultRegistryAlias && 'default'];
    return [name, status, roles.filter(Boolean).join(', ')];
  });
  return [
    ...formatFields([
      ['registry', registry.registryId],
      ['uri', registry.registryUri],
      ['arn', registry.registryArn],
      ['verified', registry.verified ? 'yes' : 'no'],
      ['display name', displayName],
    ]),
    '',
    ...(rows.length === 0 ? [] : [...formatTable(['ALIAS', 'STATUS', ''], rows), '']),
  ];
}

function listQuotaRows(): readonly (readonly [name: string, value: string])[] {
  const rates = Object.entries(REQUESTS_PER_SECOND);
  return [
    ['repositories', groupDigits(MAX_REPOSITORIES)],
    ['images per repository', groupDigits(MAX_IMAGES_PER_REPOSITORY)],
    ['tags per image', groupDigits(MAX_TAGS_PER_IMAGE)],
    ['resource tags per repository', groupDigits(MAX_RESOURCE_TAGS)],
    ['size of a layer', `${groupDigits(MAX_LAYER_BYTES / 1024 / 1024)} MiB`],
    ...rates.map(([operation, rate]): [string, string] => [operation, `${rate} a second`]),
    ['pulls, anonymous', `${PULLS_PER_SECOND.anonymousPull} a second and address`],
    ['pulls, with a login', `${PULLS_PER_SECOND.authenticatedPull} a second`],
  ];
}
