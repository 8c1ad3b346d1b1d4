import { cutText, hideLogins } from '../../../foreign-text.ts';
import type { CommandContext } from '../../command-context.ts';
import { withEcr } from '../../ecr-session.ts';
import { findResultWidth } from '../../format.ts';
import type { Outcome } from '../../output.ts';
import { readRepository } from '../../own-registry.ts';
import { chooseRegistryHosts, findRegistryHost, listRegistryNames } from '../../service-address.ts';
import { type Check, type DoctorFindings, type DoctorPlace, type NamedResult, runCheck } from './check.ts';
import { serviceChecks, settingsChecks } from './checks.ts';
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
      await context.publish({ view: viewCheck(named, columns) });
    }
    return found;
  };
  const settings = await run(settingsChecks, {});
  const found =
    settings.connections === undefined
      ? await run(serviceChecks, settings)
      : await withEcr(context, (session) => run(serviceChecks, { ...settings, session }), {
          leavesNothing: true,
        });
  settings.routes?.close();
  const account = found.registryId ?? found.account ?? found.identity?.credentials.accountId;
  const policy = makeSmallestPolicy(place.reference, account);
  const managedPolicy = place.reference === undefined ? MANAGED_POLICIES.read : MANAGED_POLICIES.push;
  const exitStatus = results.find(({ status }) => status === 'failed')?.exitStatus ?? 0;
  return {
    result: { checks: results.map(listCheckMembers), policy, managedPolicy, exitStatus },
    view: viewPolicy(policy, managedPolicy, place.reference),
    exitStatus,
  };
}

function listCheckMembers({ name, status, detail, hint }: NamedResult) {
  return { name, status, detail, hint };
}

/** Throws USAGE for an argument that is neither a repository of the registry host nor a name of it. */
async function readPlace(context: CommandContext, argument: string | undefined): Promise<DoctorPlace> {
  const { signal } = context.io;
  const host = findRegistryHost(context);
  const names = listRegistryNames(host);
  if (argument === undefined) return { context, signal, reference: undefined, registryHosts: names };
  if (names.includes(argument)) {
    const registryHosts = await chooseRegistryHosts(context, 'doctor', [argument]);
    return { context, signal, reference: undefined, registryHosts };
  }
  return { context, signal, reference: readRepository(context, argument), registryHosts: names };
}
