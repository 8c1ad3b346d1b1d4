import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRIVATE_OPERATIONS, PRIVATE_SHAPES } from '../../../../src/wire/private/operations.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import { privateOf } from '../../../support/signed-request.ts';
import { type ConstraintTable, checkEdges, findPlaces, listPatterned } from '../api/constraint-edges.ts';

// The emulator against the tables in `wire/`. `conformance/service-model.test.ts` compares these tables with AWS's service model.

let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await startTestEmulator({ private: {} });
});

afterAll(() => emulator.close());

/** Of shapes with a pattern: its edges, written by hand. */
const patterned: ConstraintTable['patterned'] = {
  RepositoryName: {
    inside: ['a0', 'a/b', 'a.b_c-d/0', 'a__b', 'a---b', `${'ab/'.repeat(85)}c`, 'a'.repeat(256)],
    outside: [
      'a',
      'a'.repeat(257),
      'A0',
      '/a',
      'a/',
      'a//b',
      'a___b',
      'a.-b',
      'a..b',
      '-a',
      'a_',
      'a b',
      'a0\n',
    ],
  },
  ImageTagMutabilityExclusionFilterValue: {
    inside: ['*', 'a', 'v1.*-rc_2', 'x'.repeat(128)],
    outside: ['', 'x'.repeat(129), 'a?', 'a/b', 'a b', 'a\n'],
  },
  Prefix: {
    inside: ['a', 'a/', 'team/app', 'ROOT', 'a'.repeat(256)],
    outside: ['', 'a'.repeat(257), '/', 'a//', 'A', 'ROOT/', 'a_'],
  },
  KmsKeyForRepositoryCreationTemplate: {
    inside: ['', 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab'],
    outside: ['key', 'arn:aws:kms:us-east-1:123456789012:alias/x', 'arn:aws:kms:us-east-1:1:key/x'],
  },
  RegistryId: {
    inside: ['000000000000', '999999999999'],
    outside: ['', '00000000000', '0000000000000', '00000000000a', '123456789012\n'],
  },
  UploadId: {
    inside: ['01234567-89ab-cdef-0123-456789abcdef', '01234567-89AB-CDEF-0123-456789ABCDEF'],
    outside: ['', '01234567-89ab-cdef-0123-456789abcde', '0123456789abcdef0123456789abcdef', 'g'.repeat(36)],
  },
  LayerDigest: {
    inside: ['a:0', 'A9-_+.:aF', `sha256:${'0'.repeat(64)}`],
    outside: ['', ':0', 'a:', 'a:g', 'a0', 'a:b:0', '/:0'],
  },
};

const table: ConstraintTable = { operations: PRIVATE_OPERATIONS, shapes: PRIVATE_SHAPES, patterned };
const places = findPlaces(table);

describe('each member', () => {
  test.each(places.map((place) => [place.operation, place.path, place] as const))(
    '%s %s',
    (_operation, _path, place) => checkEdges(table, privateOf(emulator), place),
  );

  test('there are as many as the model has, and every pattern has its edges', () => {
    expect(places.length).toBeGreaterThan(90);
    expect(listPatterned(table, places)).toEqual(new Set(Object.keys(patterned)));
  });
});
