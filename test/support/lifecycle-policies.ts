// Lifecycle policies of private ECR for tests: what its user guide allows, what it does not, and what hardly does what is meant.

const rule = {
  rulePriority: 1,
  description: 'Expire images older than 14 days',
  selection: {
    tagStatus: 'tagged',
    tagPatternList: ['prod*'],
    countType: 'sinceImagePushed',
    countUnit: 'days',
    countNumber: 14,
  },
  action: { type: 'expire' },
};
const untagged = {
  rulePriority: 2,
  selection: { tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: 1 },
  action: { type: 'expire' },
};
const any = {
  rulePriority: 3,
  selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 100 },
  action: { type: 'expire' },
};
const archiving = {
  rulePriority: 4,
  selection: { tagStatus: 'any', countType: 'sinceImagePulled', countUnit: 'days', countNumber: 60 },
  action: { type: 'transition', targetStorageClass: 'archive' },
};
const archived = {
  rulePriority: 5,
  selection: {
    tagStatus: 'any',
    storageClass: 'archive',
    countType: 'sinceImageTransitioned',
    countUnit: 'days',
    countNumber: 365,
  },
  action: { type: 'expire' },
};
const withRules = (...rules: readonly object[]) => ({ rules });
const withRule = (changes: object) => withRules({ ...rule, ...changes });
const withSelection = (changes: object) => withRule({ selection: { ...rule.selection, ...changes } });
const manyRules = Array.from({ length: 51 }, (_, at) => ({
  ...rule,
  rulePriority: at + 1,
  selection: { ...rule.selection, tagPatternList: [`v${at}*`] },
}));

/** Without a fault. */
export const GOOD_LIFECYCLES: readonly object[] = [
  withRules(rule, untagged, any),
  withRules(rule, untagged, archiving, archived),
  // A rule of one storage class says nothing about another.
  withRules({ ...archived, rulePriority: 1 }, { ...archiving, rulePriority: 2 }),
  withRules({ ...rule, rulePriority: 9 }, untagged),
];

/** Each with the problem that must be found. */
export const BAD_LIFECYCLES: readonly (readonly [value: unknown, problem: string])[] = [
  [null, 'must hold a JSON object'],
  [[rule], 'must hold a JSON object'],
  ['{}', 'must hold a JSON object'],
  [{}, 'no rules'],
  [{ rules: rule }, 'rules must be a list of objects'],
  [{ rules: [1] }, 'rules must be a list of objects'],
  [withRules(), 'rules is empty'],
  [withRules(...manyRules), 'has 51 rules; 50 are allowed'],
  [{ ...withRules(rule), Version: '2012-10-17' }, '"Version" is not a member of a lifecycle policy'],
  [withRule({ RulePriority: 1 }), 'write rulePriority'],
  [withRule({ rulePriority: undefined }), 'rule 1: rulePriority must be'],
  [withRule({ rulePriority: '1' }), 'rule 1: rulePriority must be'],
  [withRule({ rulePriority: 0 }), 'the rule of priority 0: rulePriority must be'],
  [withRule({ rulePriority: 1.5 }), 'rulePriority must be'],
  [withRule({ description: 1 }), 'description must be text'],
  [withRule({ selection: undefined }), 'no selection'],
  [withRule({ action: undefined }), 'no action'],
  [withRule({ action: { type: 'delete' } }), 'action.type must be'],
  [withRule({ action: { type: 'EXPIRE' } }), 'action.type must be'],
  [withRule({ action: { type: 'transition' } }), 'action.targetStorageClass must be "archive"'],
  [
    withRule({ action: { type: 'expire', targetStorageClass: 'archive' } }),
    'remove action.targetStorageClass',
  ],
  [withRule({ action: { type: 'expire', days: 1 } }), '"days" is not a member of an action'],
  [withSelection({ tagStatus: 'TAGGED' }), 'selection.tagStatus must be'],
  [withSelection({ tagPatternList: undefined }), 'needs a tagPatternList or a tagPrefixList'],
  [withSelection({ tagPrefixList: ['a'] }), 'both tagPatternList and tagPrefixList'],
  [withSelection({ tagPatternList: [] }), 'tagPatternList must be a list'],
  [withSelection({ tagPatternList: 'prod*' }), 'tagPatternList must be a list'],
  [withSelection({ tagPatternList: [''] }), 'tagPatternList must be a list'],
  [withSelection({ tagPatternList: ['test*1*2*3*4*5*6'] }), 'has more than 4 asterisks'],
  [withSelection({ tagStatus: 'any' }), 'remove tagPatternList'],
  [
    withSelection({ countType: 'imageCountLessThan' }),
    'selection.countType must be one of imageCountMoreThan, since',
  ],
  [withSelection({ countType: 'toString' }), 'selection.countType must be one of'],
  [withSelection({ countNumber: 0 }), 'selection.countNumber must be'],
  [withSelection({ countNumber: '14' }), 'selection.countNumber must be'],
  [withSelection({ countUnit: undefined }), 'selection.countUnit must be "days"'],
  [withSelection({ countUnit: 'hours' }), 'selection.countUnit must be "days"'],
  [withSelection({ countType: 'imageCountMoreThan' }), 'remove selection.countUnit'],
  [withSelection({ storageClass: 'archive' }), 'selection.storageClass must be "standard"'],
  [withSelection({ countType: 'sinceImageTransitioned' }), 'selection.storageClass must be "archive"'],
  [withRules(rule, { ...untagged, rulePriority: 1 }), 'the rulePriority 1 appears twice'],
  [withRules(untagged, { ...untagged, rulePriority: 3 }), 'only one rule may select untagged'],
  [withRules({ ...any, rulePriority: 1 }, untagged), 'the rule of priority 1 selects any image'],
  [withRules(rule, { ...rule, rulePriority: 2 }), 'two rules select the same tags: prod*'],
  [
    withRules(rule, {
      ...rule,
      rulePriority: 2,
      selection: { ...rule.selection, tagPatternList: undefined, tagPrefixList: ['prod'] },
    }),
    'two rules select the same tags: prod*',
  ],
  [withRules(archived, { ...archived, rulePriority: 6 }), 'any image of the storage class archive'],
  [withRule({ description: 'x'.repeat(30_721) }), 'more than 30,720 characters'],
];

/** Each with the warning that must be given. */
export const DOUBTFUL_LIFECYCLES: readonly (readonly [value: object, warning: string])[] = [
  [withSelection({ tagPatternList: ['a*', 'b*'] }), 'match all of a*, b*'],
  [
    withSelection({ tagPatternList: undefined, tagPrefixList: ['prod*'] }),
    'tagPrefixList knows no wildcards',
  ],
  [
    withRules({ ...archiving, action: { type: 'expire' } }),
    'sinceImagePulled for the action transition alone',
  ],
  [
    withRules({ ...archived, action: archiving.action }),
    'sinceImageTransitioned for the action expire alone',
  ],
  [
    withRules({ ...archived, selection: { ...archived.selection, countNumber: 89 } }),
    'an archived image for at least 90 days',
  ],
];
