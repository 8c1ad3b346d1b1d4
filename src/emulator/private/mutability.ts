import type { PrivateInputOf } from '../../wire/private/operations.ts';
import { matchesWildcard } from '../policy/wildcard.ts';
import { invalidParameter } from '../service-error.ts';
import type { StoredSettings } from '../storage/model.ts';
import { PRIVATE_CHOICES } from './choices.ts';

type Mutability = Pick<StoredSettings, 'imageTagMutability' | 'exclusionFilters'>;

type GivenMutability = Pick<
  PrivateInputOf<'CreateRepository'>,
  'imageTagMutability' | 'imageTagMutabilityExclusionFilters'
>;

/** Reads the mutability of a request. Throws InvalidParameterException for filters that do not fit its kind. See `PRIVATE_CHOICES.strayFiltersReason`. */
export function acceptMutability({
  imageTagMutability = 'MUTABLE',
  imageTagMutabilityExclusionFilters: filters = [],
}: GivenMutability): Mutability {
  const takesFilters = imageTagMutability.endsWith('_WITH_EXCLUSION');
  if (takesFilters && filters.length === 0) {
    // Source: aws/aws-cdk#35246.
    const text = `ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as ${imageTagMutability}`;
    throw invalidParameter('imageTagMutabilityExclusionFilters', text);
  }
  if (!takesFilters && filters.length > 0) {
    const text = PRIVATE_CHOICES.strayFiltersReason.value(imageTagMutability);
    throw invalidParameter('imageTagMutabilityExclusionFilters', text);
  }
  if (filters.some(({ filter }) => filter.split('*').length - 1 > PRIVATE_CHOICES.maximumWildcards.value)) {
    throw invalidParameter('filter', PRIVATE_CHOICES.tooManyWildcardsReason.value);
  }
  return { imageTagMutability, exclusionFilters: filters.map(({ filter }) => filter) };
}

/** Describes the mutability as responses do. */
export function describeMutability({ imageTagMutability, exclusionFilters }: Mutability) {
  return {
    imageTagMutability,
    imageTagMutabilityExclusionFilters:
      exclusionFilters.length === 0
        ? undefined
        : exclusionFilters.map((filter) => ({ filterType: 'WILDCARD' as const, filter })),
  };
}

/** True when a tag may not move to another image. Filters name the exceptions from the kind. Source: user guide, "Preventing image tags from being overwritten". */
export function isImmutable({ imageTagMutability, exclusionFilters }: Mutability, tag: string): boolean {
  const isExcluded = exclusionFilters.some((filter) => matchesWildcard(filter, tag));
  return imageTagMutability.startsWith('IMMUTABLE') !== isExcluded;
}
