import { expect, test } from 'vitest';
import { dropAdvice } from '../../../src/net/connection-error.ts';

test.each([
  // Node 24 and later.
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
    'unable to verify the first certificate',
  ],
  ['CERT_HAS_EXPIRED', 'certificate has expired', 'certificate has expired'],
  ['ECONNREFUSED', 'refused; if the root CA is', 'refused; if the root CA is'],
])('the message of %s has no advice about Node', (code, message, said) => {
  const error = Object.assign(new Error(message), { code });
  expect(dropAdvice(error)).toBe(error);
  expect(error.message).toBe(said);
});
