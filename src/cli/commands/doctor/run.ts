import { cutText, hideLogins } from '../../../foreign-text.ts';
import type { CommandContext } from '../../command-context.ts';
import { withEcr } from '../../ecr-session.ts';
import { findResultWidth } from '../../format.ts';
import { findPrivateHost } from '../../login-hosts.ts';
import type { Outcome } from '../../output.ts';
import { readRepository } from '../../own-registry.ts';
import { chooseRegistryHosts, findRegistryHost, listRegistryNames } from '../../service-address.ts';
import { type Check, type DoctorFindings, type DoctorPlace, type NamedResult, runCheck } from './check.ts';
import { listServiceChecks, settingsChecks } from './checks.ts';
import { showCheck } from './live.ts';
import { MANAGED_POLICIES, makeSmallestPolicy } from './policy.ts';
import { viewCheck, viewPolicy } from './view.ts';

/**
 * Runs all checks in order, and prints each result as soon as it is there. The exit status is that of the first check that failed.
 * Changes nothing. `argument` is a repository, or a name of the registry.
 */
export async function examine(context: CommandContext, argument: string | undefined): Promise<Outcome> {
  const place = await readPlace(context, argument);
  const results: NamedResult[] = [];
  const columns = findResultWidth(context.io);
  const run = async (
    checks: readonly Check[],
    start: Partial<DoctorFindings>,
  ): Promise<Partial<DoctorFindings>> => {
    let found = start;
    for (const check of checks) {
      const end = await showCheck(context, check.name);
      const { found: more, ...result } = await runCheck(check, found, place).finally(end);
      found = { ...found, ...more };
      const named = { name: check.name, ...result, detail: cutText(hideLogins(result.detail)) };
      results.push(named);
      await context.publish({ view: await viewCheck(named, columns) });
    }
    return found;
  };
  const settings = await run(settingsChecks, {});
  const serviceChecks = listServiceChecks(place);
  const found =
    settings.connections === undefined
      ? await run(serviceChecks, settings)
      : await withEcr(context, (session) => run(serviceChecks, { ...settings, session }), {
          place,
          leavesNothing: true,
        });
  settings.routes?.close();
  const account = found.registryId ?? found.account ?? found.identity?.credentials.accountId;
  const { reference, privateRegistry } = place;
  const service = privateRegistry === undefined ? 'public' : 'private';
  const region = privateRegistry?.region ?? found.endpoint?.region;
  const policy = makeSmallestPolicy({ service, reference, account, region });
  const managedPolicy = MANAGED_POLICIES[service][reference === undefined ? 'read' : 'push'];
  const exitStatus = results.find(({ status }) => status === 'failed')?.exitStatus ?? 0;
  return {
    result: { checks: results.map(listCheckMembers), policy, managedPolicy, exitStatus },
    view: viewPolicy(policy, managedPolicy, reference),
    exitStatus,
  };
}

function listCheckMembers({ name, status, detail, hint }: NamedResult) {
  return { name, status, detail, hint };
}

/** Throws USAGE for an argument that is neither a repository of a registry that ecrp serves, nor a host of one. */
async function readPlace(context: CommandContext, argument: string | undefined): Promise<DoctorPlace> {
  const { signal } = context.io;
  const names = listRegistryNames(findRegistryHost(context));
  const base = { context, signal, reference: undefined, privateRegistry: undefined, registryHosts: names };
  if (argument === undefined) return base;
  if (names.includes(argument)) {
    return { ...base, registryHosts: await chooseRegistryHosts(context, 'doctor', [argument]) };
  }
  const host = findPrivateHost(context, argument);
  const reference = host === undefined ? readRepository(context, argument) : undefined;
  const { privateRegistry } = host ?? reference ?? base;
  const registryHosts = privateRegistry === undefined ? names : [privateRegistry.registryHost];
  return { ...base, reference, privateRegistry, registryHosts };
}
