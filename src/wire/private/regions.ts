// Where the API of private ECR answers. Source: endpoint rule set of the service model 2015-09-21, and partitions.json of botocore 1.43.11.

/** AWS's partition of a region, with the suffixes of its hosts. */
export interface Partition {
  readonly name: string;
  /** Matches the names of its regions. */
  readonly regions: RegExp;
  readonly dnsSuffix: string;
  /** Of hosts that answer over IPv6 too. */
  readonly dualStackSuffix: string;
}

export const PARTITIONS: readonly Partition[] = [
  {
    name: 'aws-cn',
    regions: /^cn-/,
    dnsSuffix: 'amazonaws.com.cn',
    dualStackSuffix: 'api.amazonwebservices.com.cn',
  },
  { name: 'aws-us-gov', regions: /^us-gov-/, dnsSuffix: 'amazonaws.com', dualStackSuffix: 'api.aws' },
  { name: 'aws-iso', regions: /^us-iso-/, dnsSuffix: 'c2s.ic.gov', dualStackSuffix: 'api.aws.ic.gov' },
  { name: 'aws-iso-b', regions: /^us-isob-/, dnsSuffix: 'sc2s.sgov.gov', dualStackSuffix: 'api.aws.scloud' },
  {
    name: 'aws-iso-e',
    regions: /^eu-isoe-/,
    dnsSuffix: 'cloud.adc-e.uk',
    dualStackSuffix: 'api.cloud-aws.adc-e.uk',
  },
  {
    name: 'aws-iso-f',
    regions: /^us-isof-/,
    dnsSuffix: 'csp.hci.ic.gov',
    dualStackSuffix: 'api.aws.hci.ic.gov',
  },
  {
    name: 'aws-eusc',
    regions: /^eusc-/,
    dnsSuffix: 'amazonaws.eu',
    dualStackSuffix: 'api.amazonwebservices.eu',
  },
  // Every other region, those of the future included.
  { name: 'aws', regions: /^/, dnsSuffix: 'amazonaws.com', dualStackSuffix: 'api.aws' },
];

/** Matches every host of the API; the group is the region. */
export const PRIVATE_API_HOST_PATTERN =
  /^(?:api\.)?ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws|api\.amazonwebservices\.(?:com\.cn|eu)|c2s\.ic\.gov|api\.aws\.ic\.gov|sc2s\.sgov\.gov|api\.aws\.scloud|cloud\.adc-e\.uk|api\.cloud-aws\.adc-e\.uk|csp\.hci\.ic\.gov|api\.aws\.hci\.ic\.gov)$/;

/** Region of an emulator, unless a setting names another. */
export const DEFAULT_REGION = 'us-east-1';
