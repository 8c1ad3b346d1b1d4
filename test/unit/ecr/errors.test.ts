import { expect, it } from 'vitest';
import { explainFailure } from '../../../src/ecr/errors.ts';
import { describeFailure } from '../../../src/ecr/failure.ts';
import { COMMON_EXCEPTIONS, EXCEPTIONS } from '../../../src/wire/exceptions.ts';

/** The error of an operation that the service refused with an exception. */
function explain(name: string, operation: string, message = 'refused') {
  const error = Object.assign(new Error(message), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: 400 },
  });
  return explainFailure(describeFailure(error), { operation, endpoint: 'https://ecr.test', attempts: 1 });
}

const names = [...Object.keys(EXCEPTIONS), ...COMMON_EXCEPTIONS];

it.each([...names, 'NeverHeardOfException', 'constructor'])('%s says what to do next', (name) => {
  for (const operation of ['PutImage', 'CreateRepository', 'UploadLayerPart']) {
    const { code, hint } = explain(name, operation);
    expect(code).not.toBe('INTERNAL');
    expect(hint).toMatch(/\.$|^'/);
  }
});

it('an image without layers is hinted at by its Dockerfile', () => {
  const constraint = "'ImageManifest' failed to satisfy constraint: 'Image has to have at least 1 layer'";
  const { hint } = explain('InvalidParameterException', 'PutImage', `Invalid parameter at ${constraint}`);
  expect(hint).toContain('COPY or ADD');
});
