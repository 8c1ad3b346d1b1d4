import { expect, it } from 'vitest';
import { orderTags } from '../../../src/oci/tags.ts';

it.each([
  [
    ['latest', '1.2.3'],
    ['1.2.3', 'latest'],
  ],
  [
    ['1', 'latest', '1.2', '1.2.3'],
    ['1.2.3', '1.2', '1', 'latest'],
  ],
  [
    ['v1', 'v1.0'],
    ['v1.0', 'v1'],
  ],
  [
    ['1-slim', '1.2-slim', '1'],
    ['1.2-slim', '1-slim', '1'],
  ],
  [
    ['edge', 'latest', 'b', 'a'],
    ['b', 'a', 'edge', 'latest'],
  ],
  [
    ['1.2', '2024'],
    ['1.2', '2024'],
  ],
  [
    ['10.1', '1'],
    ['10.1', '1'],
  ],
  [
    ['a', 'a', 'b'],
    ['a', 'b'],
  ],
  [[], []],
])('orders %j', (tags, expected) => {
  expect(orderTags(tags)).toEqual(expected);
});
