import { listNames } from '../../foreign-text.ts';
import type { JsonObject } from '../../json.ts';
import { listUnknownMembers } from '../unknown-members.ts';

const SELECTION_MEMBERS = [
  'tagStatus',
  'tagPatternList',
  'tagPrefixList',
  'storageClass',
  'countType',
  'countUnit',
  'countNumber',
];
const TAG_STATUSES: readonly unknown[] = ['tagged', 'untagged', 'any'];
/** Types that count days, and the storage class whose images each selects. */
const AGES = {
  sinceImagePushed: 'standard',
  sinceImagePulled: 'standard',
  sinceImageTransitioned: 'archive',
};
const COUNT_TYPES = ['imageCountMoreThan', ...Object.keys(AGES)];
/** Most wildcards in a pattern. Source: Amazon ECR user guide, "Lifecycle policy properties". */
const MAX_WILDCARDS = 4;
/** Days that AWS keeps an archived image at least, by its user guide. */
const LEAST_ARCHIVED_DAYS = 90;

/** What a check of a selection found. */
export interface CheckedSelection {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Checks what a rule selects. Source: Amazon ECR user guide, "Lifecycle policy properties". */
export function checkSelection(selection: JsonObject): CheckedSelection {
  const { tagStatus } = selection;
  return {
    problems: [
      ...listUnknownMembers(selection, SELECTION_MEMBERS, 'a selection'),
      ...(TAG_STATUSES.includes(tagStatus)
        ? []
        : ['selection.tagStatus must be "tagged", "untagged" or "any"']),
      ...checkTagLists(selection),
      ...checkCount(selection),
      ...checkStorageClass(selection),
    ],
    warnings: [...warnOfTags(selection), ...warnOfDays(selection)],
  };
}

function checkTagLists({ tagStatus, tagPatternList, tagPrefixList }: JsonObject): readonly string[] {
  const given = Object.entries({ tagPatternList, tagPrefixList }).filter(([, list]) => list !== undefined);
  const names = given.map(([name]) => name).join(' and ');
  if (tagStatus === 'tagged') {
    if (given.length === 0)
      return ['with the tagStatus "tagged", it needs a tagPatternList or a tagPrefixList'];
    if (given.length > 1) return ['it has both tagPatternList and tagPrefixList; give one of them'];
    return given.flatMap(([name, list]) => checkTagList(name, list));
  }
  return given.length === 0 ? [] : [`remove ${names}: only the tagStatus "tagged" has one`];
}

function checkTagList(name: string, list: unknown): readonly string[] {
  const isFull = Array.isArray(list) && list.length > 0;
  if (!isFull || !list.every((each) => typeof each === 'string' && each !== '')) {
    return [`selection.${name} must be a list of texts that are not empty`];
  }
  if (name !== 'tagPatternList') return [];
  const wild = list.map(String).filter((pattern) => pattern.split('*').length - 1 > MAX_WILDCARDS);
  return wild.map(
    (pattern) =>
      `the pattern ${JSON.stringify(pattern.slice(0, 130))} has more than ${MAX_WILDCARDS} asterisks`,
  );
}

function checkCount({ countType, countUnit, countNumber }: JsonObject): readonly string[] {
  const isAge = typeof countType === 'string' && Object.hasOwn(AGES, countType);
  const isKnown = isAge || countType === 'imageCountMoreThan';
  const isCount = Number.isSafeInteger(countNumber) && Number(countNumber) > 0;
  return [
    ...(isKnown ? [] : [`selection.countType must be one of ${COUNT_TYPES.join(', ')}`]),
    ...(isCount ? [] : ['selection.countNumber must be a whole number from 1']),
    ...(isAge && countUnit !== 'days'
      ? [`selection.countUnit must be "days", because its countType is ${countType}`]
      : []),
    ...(countType === 'imageCountMoreThan' && countUnit !== undefined
      ? ['remove selection.countUnit: imageCountMoreThan counts images']
      : []),
  ];
}

function checkStorageClass({ countType, storageClass }: JsonObject): readonly string[] {
  if (countType === 'sinceImageTransitioned' && storageClass !== 'archive') {
    return ['selection.storageClass must be "archive", because its countType is sinceImageTransitioned'];
  }
  if (countType === 'sinceImageTransitioned' || storageClass === undefined || storageClass === 'standard')
    return [];
  return ['selection.storageClass must be "standard" unless its countType is sinceImageTransitioned'];
}

/** A list selects images that match all of it, and people mean any of it. */
function warnOfTags({ tagPatternList, tagPrefixList }: JsonObject): readonly string[] {
  return Object.entries({ tagPatternList, tagPrefixList }).flatMap(([name, list]) => {
    const texts = Array.isArray(list) ? list.filter((each) => typeof each === 'string') : [];
    return [
      ...(texts.length > 1
        ? [
            `${name} selects only images whose tags match all of ${listNames(texts)}; write a rule for each to select either`,
          ]
        : []),
      ...(name === 'tagPrefixList' && texts.some((text) => text.includes('*'))
        ? ['tagPrefixList knows no wildcards; tagPatternList does']
        : []),
    ];
  });
}

function warnOfDays({ countType, countNumber }: JsonObject): readonly string[] {
  if (countType !== 'sinceImageTransitioned' || typeof countNumber !== 'number') return [];
  if (countNumber >= LEAST_ARCHIVED_DAYS) return [];
  return [
    `AWS keeps an archived image for at least ${LEAST_ARCHIVED_DAYS} days; the service may refuse fewer`,
  ];
}
