import { expect, test } from 'vitest';
import { EXCEPTIONS } from '../../../src/wire/exceptions.ts';
import { MAX_BATCH, MAX_MANIFEST_CHARS, MAX_PART_BYTES } from '../../../src/wire/limits.ts';
import { OPERATIONS } from '../../../src/wire/operations.ts';
import { SHAPES } from '../../../src/wire/shapes.ts';

test('every named shape exists, so that no lookup by name can fail', () => {
  const structures = [
    ...Object.values(OPERATIONS).flatMap((operation) => [operation.input, operation.output]),
    ...Object.values(SHAPES).filter((shape) => shape.type === 'structure'),
    ...Object.values(EXCEPTIONS),
  ];
  const named = [
    ...structures.flatMap((structure) => Object.values(structure.members)),
    ...Object.values(SHAPES).flatMap((shape) => (shape.type === 'list' ? [shape.member] : [])),
  ];
  expect(named.filter((name) => !(name in SHAPES) && name !== 'ExceptionMessage')).toEqual([]);
  expect(named.length).toBeGreaterThan(150);
});

test('the limits agree with the shapes', () => {
  expect(SHAPES.LayerPartBlob.max).toBe(MAX_PART_BYTES);
  expect(SHAPES.ImageManifest.max).toBe(MAX_MANIFEST_CHARS);
  expect(SHAPES.BatchedOperationLayerDigestList.max).toBe(MAX_BATCH);
});
