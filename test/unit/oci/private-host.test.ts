import { describe, expect, test } from 'vitest';
import { parsePrivateHost } from '../../../src/oci/private-host.ts';

const ACCOUNT = '123456789012';

describe('hosts of private ECR', () => {
  test.each([
    [`${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com`, 'eu-west-1', false, false],
    [`${ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn`, 'cn-north-1', false, false],
    [`${ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.eu`, 'eusc-de-east-1', false, false],
    [`${ACCOUNT}.dkr.ecr.us-iso-east-1.c2s.ic.gov`, 'us-iso-east-1', false, false],
    [`${ACCOUNT}.dkr.ecr.us-isob-east-1.sc2s.sgov.gov`, 'us-isob-east-1', false, false],
    [`${ACCOUNT}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk`, 'eu-isoe-west-1', false, false],
    [`${ACCOUNT}.dkr.ecr.us-isof-south-1.csp.hci.ic.gov`, 'us-isof-south-1', false, false],
    [`${ACCOUNT}.dkr.ecr-fips.us-east-1.amazonaws.com`, 'us-east-1', true, false],
    [`${ACCOUNT}.dkr-ecr.eu-west-1.on.aws`, 'eu-west-1', false, true],
    [`${ACCOUNT}.dkr-ecr-fips.us-gov-west-1.on.aws`, 'us-gov-west-1', true, true],
    [`${ACCOUNT}.dkr.ecr.cn-north-1.on.amazonwebservices.com.cn`, 'cn-north-1', false, true],
    [`${ACCOUNT}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn`, 'cn-north-1', false, true],
  ])('%s', (registryHost, region, isFips, isDualStack) => {
    const expected = { registryHost, registryId: ACCOUNT, region, isFips, isDualStack };
    expect(parsePrivateHost(registryHost)).toEqual(expected);
    expect(parsePrivateHost(registryHost.toUpperCase())).toEqual(expected);
  });

  test.each([
    'public.ecr.aws',
    '',
    `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com.fake.example.com`,
    `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com.`,
    `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com:443`,
    `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com\n`,
    `x${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com`,
    `${ACCOUNT.slice(1)}.dkr.ecr.eu-west-1.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.a.b.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws-com`,
    `${ACCOUNT}.dkrxecr.eu-west-1.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.not-real.example.com`,
    `${ACCOUNT}.dkr-ecr.eu-west-1.on.aws.com.cn`,
    `${ACCOUNT}.dkr.ecr.eu-west-1.on.aws`,
    `${ACCOUNT}.dkr-ecr.eu-west-1.amazonaws.com`,
    '.dkr.ecr.not-real.amazonaws.com',
    '127.0.0.1:5101',
  ])('%j is not one', (host) => {
    expect(parsePrivateHost(host)).toBeUndefined();
  });

  test("an emulator's host counts as one, without account and region", () => {
    expect(parsePrivateHost('127.0.0.1:5101', '127.0.0.1:5101')).toEqual({
      registryHost: '127.0.0.1:5101',
      isFips: false,
      isDualStack: false,
    });
    expect(parsePrivateHost('127.0.0.1:5102', '127.0.0.1:5101')).toBeUndefined();
    expect(parsePrivateHost('', '')).toBeUndefined();
  });
});
