/** Registry of private ECR, as a reference names it. */
export interface PrivateRegistry {
  /** As in the reference, in lower case. */
  readonly registryHost: string;
  /** The 12 digits of the account. Absent for an emulator's host: the caller's own registry. */
  readonly registryId?: string;
  /** Absent for an emulator's host: the configured one. */
  readonly region?: string;
  /** Whether the host asks for the API's FIPS endpoint, and for the one that answers over IPv6 too. */
  readonly isFips: boolean;
  readonly isDualStack: boolean;
}

/** True if both are one registry, which may have several hosts. Undefined is ECR Public. */
export function isSamePrivateRegistry(
  one: PrivateRegistry | undefined,
  other: PrivateRegistry | undefined,
): boolean {
  if (one === undefined || other === undefined || one.registryHost === other.registryHost) {
    return one?.registryHost === other?.registryHost;
  }
  return one.registryId !== undefined && one.registryId === other.registryId && one.region === other.region;
}

/**
 * Hosts of private registries. Groups: account, FIPS, region. Source: "Amazon ECR endpoints" of the AWS General Reference, "Making
 * requests to Amazon ECR registries" of its user guide, and the tests of amazon-ecr-credential-helper (China's dual-stack host with a dot).
 */
const PLAIN_HOST =
  /^(\d{12})\.dkr\.ecr(-fips)?\.([a-z0-9][a-z0-9-]{0,62})\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/;
const DUAL_STACK_HOST =
  /^(\d{12})\.dkr(?:-ecr(-fips)?\.([a-z0-9][a-z0-9-]{0,62})\.on\.(?:aws|amazonwebservices\.com\.cn)|\.ecr(-fips)?\.([a-z0-9][a-z0-9-]{0,62})\.on\.amazonwebservices\.com\.cn)$/;

/**
 * Reads the host of a private registry; undefined for any other host, above all for one that only looks like it. `emulatorHost`
 * (ECRP_PRIVATE_REGISTRY_HOST) counts as one.
 */
export function parsePrivateHost(text: string, emulatorHost?: string): PrivateRegistry | undefined {
  const registryHost = text.toLowerCase();
  if (registryHost !== '' && registryHost === emulatorHost?.toLowerCase())
    return { registryHost, isFips: false, isDualStack: false };
  const plain = PLAIN_HOST.exec(registryHost);
  const found = plain ?? DUAL_STACK_HOST.exec(registryHost);
  const [, registryId, fips, region, otherFips, otherRegion] = found ?? [];
  const named = region ?? otherRegion;
  if (registryId === undefined || named === undefined) return undefined;
  const isFips = (fips ?? otherFips) !== undefined;
  return { registryHost, registryId, region: named, isFips, isDualStack: plain === null };
}
