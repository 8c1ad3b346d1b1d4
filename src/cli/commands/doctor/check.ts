import type { Identity } from '../../../ecr/credentials/source.ts';
import type { Endpoint } from '../../../ecr/endpoint.ts';
import type { ReachedEndpoint } from '../../../ecr/reach-endpoint.ts';
import type { RepositoryAddress } from '../../../ecr/repositories.ts';
import { type EcrpError, exitStatusOf } from '../../../errors.ts';
import type { Connections } from '../../../net/connections.ts';
import type { PrivateRegistry } from '../../../oci/private-host.ts';
import type { RepositoryReference } from '../../../oci/reference.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { toEcrpError } from '../../explain-thrown.ts';

export interface CheckResult {
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was found, or why the check was skipped. */
  readonly detail: string;
  /** What to do about it: one command or one imperative. */
  readonly hint?: string | undefined;
  /** Exit status of the command if this is the first check that failed. */
  readonly exitStatus?: number;
}

/** The result of a check, as it is printed. */
export interface NamedResult extends CheckResult {
  readonly name: string;
}

/** What checks find out for later ones. A check that fails leaves its part out. */
export interface DoctorFindings {
  readonly endpoint: Endpoint;
  /** Before the certificates are known to be usable. */
  readonly routes: Connections;
  readonly connections: Connections;
  readonly reached: ReachedEndpoint;
  readonly session: EcrSession;
  readonly identity: Identity;
  /** Id of the account's own registry. */
  readonly registryId: string;
  /** Account of the credentials. */
  readonly account: string;
  readonly address: RepositoryAddress;
  /** The same, of a repository that is not known to be missing. */
  readonly existing: RepositoryAddress;
}

type FindingName = keyof DoctorFindings;

/** The result of a check, and what it found for later ones. */
export interface Finding extends CheckResult {
  readonly found?: Partial<DoctorFindings>;
}

/** What every check may look at. */
export interface DoctorPlace {
  readonly context: CommandContext;
  readonly signal: AbortSignal;
  /** The repository to check, if one was named. */
  readonly reference: RepositoryReference | undefined;
  /** The registry of private ECR to check; undefined: ECR Public. */
  readonly privateRegistry: PrivateRegistry | undefined;
  /** Names of the registry whose logins are checked. */
  readonly registryHosts: readonly string[];
}

/** One question of the doctor. */
export interface Check {
  readonly name: string;
  /** Returns why the check does not apply, else runs it. */
  run(found: Partial<DoctorFindings>, place: DoctorPlace): Promise<Finding>;
}

/** The checks whose findings others need, for the reason of a check that is skipped. */
const PROVIDERS: Readonly<Record<FindingName, string>> = {
  endpoint: 'region',
  routes: 'proxy',
  connections: 'certificates',
  reached: 'endpoint',
  session: 'certificates',
  identity: 'credentials',
  account: 'identity',
  registryId: 'registry',
  address: 'registry',
  existing: 'repository',
};

/** Makes a check that is skipped while a finding that it needs is missing, or while `findIdleReason` finds one. */
export function defineCheck<Need extends FindingName>(
  name: string,
  needs: readonly Need[],
  run: (
    found: Pick<DoctorFindings, Need> & Partial<DoctorFindings>,
    place: DoctorPlace,
  ) => Finding | Promise<Finding>,
  findIdleReason?: (found: Partial<DoctorFindings>, place: DoctorPlace) => string | undefined,
): Check {
  return {
    name,
    async run(found, place) {
      const idle = findIdleReason?.(found, place);
      if (idle !== undefined) return skip(idle);
      if (hasAll(found, needs)) return run(found, place);
      const missing = needs.filter((need) => found[need] === undefined).map((need) => PROVIDERS[need]);
      return skip(`it needs the check '${missing[0]}', which did not pass`);
    },
  };
}

function hasAll<Need extends FindingName>(
  found: Partial<DoctorFindings>,
  needs: readonly Need[],
): found is Pick<DoctorFindings, Need> & Partial<DoctorFindings> {
  return needs.every((need) => found[need] !== undefined);
}

/** Runs a check. A failure of whatever kind is its result. Throws the signal's reason when aborted. */
export async function runCheck(
  check: Check,
  found: Partial<DoctorFindings>,
  place: DoctorPlace,
): Promise<Finding> {
  try {
    return await check.run(found, place);
  } catch (error) {
    place.signal.throwIfAborted();
    return fail(toEcrpError(error, place.signal));
  }
}

export function pass(detail: string, found: Partial<DoctorFindings> = {}): Finding {
  return { status: 'ok', detail, found };
}

export function warn(detail: string, hint: string, found: Partial<DoctorFindings> = {}): Finding {
  return { status: 'warning', detail, hint, found };
}

export function skip(detail: string): Finding {
  return { status: 'skipped', detail };
}

export function fail(error: EcrpError): Finding {
  return { status: 'failed', detail: error.message, hint: error.hint, exitStatus: exitStatusOf(error) };
}
