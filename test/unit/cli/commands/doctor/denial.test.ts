import { expect, it } from 'vitest';
import { adviseOnDenials, readDenial } from '../../../../../src/cli/commands/doctor/denial.ts';

const USER = 'arn:aws:sts::123456789012:assumed-role/push/me';
const REPOSITORY = 'arn:aws:ecr-public::123456789012:repository/app';
const start = `User: ${USER} is not authorized to perform: ecr-public:PutImage on resource: ${REPOSITORY}`;

it.each([
  [start, `no policy allows ${USER} ecr-public:PutImage on ${REPOSITORY}`, false],
  [
    `${start} because no identity-based policy allows the ecr-public:PutImage action`,
    `no policy allows ${USER} ecr-public:PutImage on ${REPOSITORY}`,
    false,
  ],
  [
    `${start} with an explicit deny in an identity-based policy`,
    `a policy denies ${USER} ecr-public:PutImage on ${REPOSITORY}`,
    true,
  ],
  ['Access denied by a service control policy', 'Access denied by a service control policy', false],
  ['Denied with an explicit deny', 'Denied with an explicit deny', true],
])('%s', (message, text, isExplicit) => {
  expect(readDenial(message, 'ecr-public:PutImage')).toEqual({
    action: 'ecr-public:PutImage',
    text,
    isExplicit,
  });
});

it('names the action of the message, which may be that of another service', () => {
  const message = `User: ${USER} is not authorized to perform: sts:GetServiceBearerToken on resource: *`;
  expect(readDenial(message, 'ecr-public:GetAuthorizationToken').action).toBe('sts:GetServiceBearerToken');
});

it('allowing is of no use while a policy denies', () => {
  const denials = [
    readDenial(start, 'ecr-public:PutImage'),
    readDenial(
      `${start.replace('PutImage', 'UploadLayerPart')} with an explicit deny`,
      'ecr-public:UploadLayerPart',
    ),
  ];
  expect(adviseOnDenials(denials.slice(0, 1), 'the repository', 'X')).toBe(
    'Allow ecr-public:PutImage on the repository, or attach the managed policy X.',
  );
  expect(adviseOnDenials(denials, 'the repository', 'X')).toBe(
    'Remove the statement that denies ecr-public:UploadLayerPart: allowing it elsewhere does not help.',
  );
});
