import { expect, it } from 'vitest';
import { compareLifecycles } from '../../../../src/policy/lifecycle/compare-lifecycles.ts';

const select = (changes: object) => ({
  tagStatus: 'tagged',
  tagPatternList: ['a*', 'b*'],
  countType: 'imageCountMoreThan',
  countNumber: 3,
  ...changes,
});
const keep = (rulePriority: number, changes: object = {}) => ({
  rulePriority,
  selection: select(changes),
  action: { type: 'expire' },
});

it('rules in another order, with members and lists in another order, mean the same', () => {
  const before = { rules: [keep(1), keep(2, { tagPatternList: ['c*'] })] };
  const { rulePriority, selection, action } = keep(1, {
    storageClass: 'standard',
    tagPatternList: ['b*', 'a*'],
  });
  const after = { rules: [keep(2, { tagPatternList: ['c*'] }), { action, selection, rulePriority }] };
  expect(compareLifecycles(before, after)).toEqual([]);
});

it('the rules of a new policy are added', () => {
  expect(compareLifecycles(undefined, { rules: [keep(7)] })).toEqual([
    {
      rulePriority: 7,
      change: 'added',
      added: [
        'selection.tagStatus tagged',
        'selection.tagPatternList a*',
        'selection.tagPatternList b*',
        'selection.countType imageCountMoreThan',
        'selection.countNumber 3',
        'action.type expire',
      ],
      removed: [],
    },
  ]);
});

it('what changed is said rule by rule, by priority', () => {
  const before = { rules: [keep(10), keep(9)] };
  const after = { rules: [keep(11, { countNumber: 4 }), keep(10, { countNumber: 5 })] };
  expect(compareLifecycles(before, after)).toEqual([
    {
      rulePriority: 9,
      change: 'removed',
      added: [],
      removed: expect.arrayContaining(['action.type expire']),
    },
    {
      rulePriority: 10,
      change: 'changed',
      added: ['selection.countNumber 5'],
      removed: ['selection.countNumber 3'],
    },
    {
      rulePriority: 11,
      change: 'added',
      added: expect.arrayContaining(['selection.countNumber 4']),
      removed: [],
    },
  ]);
});

it('rules without a priority, and members of any kind, are compared too', () => {
  const odd = { rules: [{ selection: null, extra: [{ b: 1, a: 2 }] }] };
  expect(compareLifecycles(odd, { rules: [{ selection: null, extra: [{ a: 2, b: 1 }] }] })).toEqual([]);
  expect(compareLifecycles(odd, { rules: [] })).toEqual([
    { change: 'removed', added: [], removed: ['selection null', 'extra {"a":2,"b":1}'] },
  ]);
});
